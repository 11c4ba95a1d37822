"""Exact ways to compare two results: pure functions of rows, no SQL, no database.

Values are compared by Python's equality as the official evaluators do (1 == 1.0, '1' != 1,
None == None). Nothing here rounds: comparing within a tolerance is in `close_rows`. Every function
is made for results of a million rows.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from t2s_bench.metrics.column_order import (
    CHUNK,
    Rows,
    column,
    column_order,
    equal_bags,
    equal_to,
    hash_sum,
    types_of,
)
from t2s_bench.metrics.large import are_large
from t2s_bench.types import Row

if TYPE_CHECKING:
    from t2s_bench.metrics.large_results import Pairing


def same_set(first: Rows, second: Rows) -> bool:
    """BIRD's comparison: the sets of rows are equal.

    Duplicates and row order do not count; column order does; two empty results are always equal.

    >>> same_set([(1, "a"), (1, "a")], [(1.0, "a")])
    True
    >>> same_set([(1, "a")], [("a", 1)])
    False
    """
    if len(first) == len(second) and list(first) == list(second):
        return True
    if are_large(first, second):
        from t2s_bench.metrics import large_results

        verdict = large_results.same_set(first, second)
        if verdict is not None:
            return verdict
    distinct = set(second)
    # Most results that differ do so early on.
    if not distinct.issuperset(islice(first, CHUNK)):
        return False
    if len(first) == len(second) == len(distinct):
        return equal_to(distinct, first)
    return set(first) == distinct


def same_bag(first: Rows, second: Rows) -> bool:
    """The same rows, each as often: row order does not count, column order does.

    >>> same_bag([(1,), (2,)], [(2,), (1,)]), same_bag([(1,), (1,)], [(1,)])
    (True, False)
    """
    if len(first) != len(second):
        return False
    if list(first) == list(second):
        return True
    return hash_sum(first) == hash_sum(second) and equal_bags(first, second)


def same_up_to_columns(gold: Rows, predicted: Rows, *, ordered: bool) -> bool:
    """Spider's comparison: one permutation of the columns makes the bags of rows equal.

    With `ordered` the lists of rows must be equal instead. The width is read from the first row,
    and two empty results are equal. Includes the official evaluator's early rejection, which sorts
    each row by its values' text and so can tell an integer from an equal float (see
    `rejected_by_text_order`); `same_up_to_columns_sound` leaves that out.
    Source: taoyds/test-suite-sql-eval, `result_eq`.

    >>> same_up_to_columns([(1, "a"), (2, "b")], [("b", 2), ("a", 1)], ordered=False)
    True
    >>> same_up_to_columns([(1, "a"), (2, "b")], [("b", 2), ("a", 1)], ordered=True)
    False
    >>> same_up_to_columns([(10, 10.5)], [(10.0, 10.5)], ordered=False)
    False
    """
    pairing = None if ordered else _large_pairing(gold, predicted)
    if pairing is None:
        order = column_order(gold, predicted, ordered=ordered)
        if order is None:
            return False
        if not gold or _same_types(gold, predicted, order) or identical(gold, predicted):
            return True
    elif pairing.order is None or pairing.same_types or identical(gold, predicted):
        return pairing.order is not None
    return not rejected_by_text_order(gold, predicted, ordered=ordered)


def same_up_to_columns_sound(gold: Rows, predicted: Rows, *, ordered: bool) -> bool:
    """`same_up_to_columns` by values alone, without the official text-order rejection.

    >>> same_up_to_columns_sound([(10, 10.5)], [(10.0, 10.5)], ordered=False)
    True
    """
    pairing = None if ordered else _large_pairing(gold, predicted)
    if pairing is not None:
        return pairing.order is not None
    return column_order(gold, predicted, ordered=ordered) is not None


def _large_pairing(gold: Rows, predicted: Rows) -> Pairing | None:
    """How the columns of large results pair up; None where `column_order` has to tell."""
    if not are_large(gold, predicted):
        return None
    from t2s_bench.metrics import large_results

    if len(gold) != len(predicted) or len(gold[0]) != len(predicted[0]):
        return large_results.Pairing(None)
    if list(gold) == list(predicted):
        return large_results.Pairing(tuple(range(len(gold[0]))))
    return large_results.paired_columns(gold, predicted)


def rejected_by_text_order(gold: Rows, predicted: Rows, *, ordered: bool) -> bool:
    """Whether Spider's early rejection turns down two results that are equal by value.

    The official script sorts the values of each row by their text and type before it compares
    rows, so (10, 10.5) and (10.0, 10.5), sorted as 10.5 < 10 and 10.0 < 10.5, differ. That needs
    an integer on one side and a float on the other (or a negative zero): else nothing is sorted.
    """
    if not gold or len(gold[0]) == 1:
        return False
    if float not in map(type, chain.from_iterable(chain(gold, predicted))):
        return False
    first = map(_sorted_by_text, gold)
    second = map(_sorted_by_text, predicted)
    return list(first) != list(second) if ordered else set(first) != set(second)


def _sorted_by_text(row: Row) -> Row:
    return tuple(sorted(row, key=lambda value: str(value) + str(type(value))))


def identical(first: Rows, second: Rows) -> bool:
    """Equal to the last bit and type, in the same order; runs at memory speed.

    Never true for results that differ, but equal values of two types are not identical.

    >>> identical([(1, "a")], [(1, "a")]), identical([(1,)], [(1.0,)])
    (True, False)
    """
    if len(first) != len(second):
        return False
    # Format 2 writes no references between equal objects, so equal values give equal bytes.
    try:
        return all(
            marshal.dumps(list(first[start : start + CHUNK]), 2)
            == marshal.dumps(list(second[start : start + CHUNK]), 2)
            for start in range(0, len(first), CHUNK)
        )
    except ValueError:  # a server's Decimal or date, which marshal does not take
        return all(map(_same_row, first, second))


def _same_row(first: Row, second: Row) -> bool:
    return first == second and list(map(type, first)) == list(map(type, second))


def _same_types(gold: Rows, predicted: Rows, order: Sequence[int]) -> bool:
    """Whether the numbers of each matched column are of one type, and no zero is negative.

    Equal rows then have equal texts.
    """
    gold_types, predicted_types = _number_types(gold), _number_types(predicted)
    return None not in gold_types and gold_types == [predicted_types[other] for other in order]


def _number_types(rows: Rows) -> list[type | None]:
    """The one type of each column's numbers, NoneType without numbers; None where it is unclear."""
    numbers = [found.difference((str, bytes, type(None))) for found in types_of(rows)]
    return [
        None
        if len(found) > 1 or (float in found and _negative_zero(rows, place))
        else next(iter(found), type(None))
        for place, found in enumerate(numbers)
    ]


def _negative_zero(rows: Rows, place: int) -> bool:
    values = column(rows, place)
    return 0.0 in values and any(value == 0 and str(value) == "-0.0" for value in values)
