"""Every way to compare two results: pure functions of rows, no SQL, no database.

Values are compared by Python's equality as the official evaluators do (1 == 1.0, '1' != 1,
None == None). Nothing here rounds unless its docstring says so.
"""

from __future__ import annotations

import marshal
from collections import Counter
from collections.abc import Sequence

from t2s_bench.types import Row

Rows = Sequence[Row]


def same_set(first: Rows, second: Rows) -> bool:
    """BIRD's comparison: the sets of rows are equal.

    Duplicates and row order do not count; column order does; two empty results are always equal.

    >>> same_set([(1, "a"), (1, "a")], [(1.0, "a")])
    True
    >>> same_set([(1, "a")], [("a", 1)])
    False
    """
    return set(first) == set(second)


def same_bag(first: Rows, second: Rows) -> bool:
    """The same rows, each as often: row order does not count, column order does.

    >>> same_bag([(1,), (2,)], [(2,), (1,)]), same_bag([(1,), (1,)], [(1,)])
    (True, False)
    """
    if len(first) != len(second):
        return False
    return list(first) == list(second) or Counter(first) == Counter(second)


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
    if identical(gold, predicted):
        return True
    return same_up_to_columns_sound(gold, predicted, ordered=ordered) and not (
        rejected_by_text_order(gold, predicted, ordered=ordered)
    )


def same_up_to_columns_sound(gold: Rows, predicted: Rows, *, ordered: bool) -> bool:
    """`same_up_to_columns` by values alone, without the official text-order rejection.

    >>> same_up_to_columns_sound([(10, 10.5)], [(10.0, 10.5)], ordered=False)
    True
    """
    if not gold and not predicted:
        return True
    if len(gold) != len(predicted) or len(gold[0]) != len(predicted[0]):
        return False
    if len(gold[0]) == 1:
        return list(gold) == list(predicted) if ordered else same_bag(gold, predicted)
    if ordered:
        # Rows keep their places, so columns can be matched one by one as whole lists.
        return Counter(zip(*gold)) == Counter(zip(*predicted))
    if same_bag(gold, predicted):
        return True
    return _some_permutation_matches(gold, predicted)


def rejected_by_text_order(gold: Rows, predicted: Rows, *, ordered: bool) -> bool:
    """Whether Spider's early rejection turns down two results that are equal by value.

    The official script sorts the values of each row by their text and type before it compares
    rows, so (10, 10.5) and (10.0, 10.5), sorted as 10.5 < 10 and 10.0 < 10.5, differ. That needs
    an integer on one side and a float on the other (or a negative zero): else nothing is sorted.
    """
    if not gold or len(gold[0]) == 1:
        return False
    gold_types = {type(value) for row in gold for value in row}
    predicted_types = {type(value) for row in predicted for value in row}
    if float not in gold_types and float not in predicted_types:
        return False
    first = [_sorted_by_text(row) for row in gold]
    second = [_sorted_by_text(row) for row in predicted]
    return first != second if ordered else set(first) != set(second)


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
    return all(
        marshal.dumps(list(first[start : start + 4096]), 2)
        == marshal.dumps(list(second[start : start + 4096]), 2)
        for start in range(0, len(first), 4096)
    )


def _some_permutation_matches(gold: Rows, predicted: Rows) -> bool:
    """Searches the column permutation that makes two bags of rows equal.

    Columns are first told apart by their values (each column's bag), then by the rows they share
    (colour refinement over rows and columns), so that a search over permutations is left only for
    columns that are alike in both; there, a prefix of columns must already match as a bag.
    """
    gold_columns, predicted_columns = list(zip(*gold)), list(zip(*predicted))
    colours = _column_colours(gold_columns, predicted_columns)
    if colours is None:
        return False
    gold_colours, predicted_colours = colours
    if len(set(gold_colours)) < len(gold_colours):
        colours = _refined_colours(
            gold, predicted, gold_columns, predicted_columns, gold_colours, predicted_colours
        )
        if colours is None:
            return False
        gold_colours, predicted_colours = colours
    return _extend([], gold_columns, predicted_columns, gold_colours, predicted_colours)


Columns = Sequence[tuple[object, ...]]


def _column_colours(
    gold_columns: Columns, predicted_columns: Columns
) -> tuple[list[int], list[int]] | None:
    """Numbers columns by their bag of values; None where the two sides have different bags."""
    numbers: dict[frozenset[tuple[object, int]], int] = {}

    def colour(column: tuple[object, ...]) -> int:
        return numbers.setdefault(frozenset(Counter(column).items()), len(numbers))

    gold_colours = [colour(column) for column in gold_columns]
    predicted_colours = [colour(column) for column in predicted_columns]
    if sorted(gold_colours) != sorted(predicted_colours):
        return None
    return gold_colours, predicted_colours


def _refined_colours(
    gold: Rows,
    predicted: Rows,
    gold_columns: Columns,
    predicted_columns: Columns,
    gold_colours: list[int],
    predicted_colours: list[int],
) -> tuple[list[int], list[int]] | None:
    """Splits equal columns by the rows their values stand in, until nothing splits any more."""
    while True:
        row_numbers: dict[object, int] = {}

        def row_colours(rows: Rows, colours: list[int]) -> list[int]:
            return [
                row_numbers.setdefault(frozenset(Counter(zip(colours, row)).items()), len(row_numbers))
                for row in rows
            ]

        gold_rows = row_colours(gold, gold_colours)
        predicted_rows = row_colours(predicted, predicted_colours)
        if Counter(gold_rows) != Counter(predicted_rows):
            return None
        numbers: dict[object, int] = {}

        def column_colour(colour: int, column: tuple[object, ...], rows: list[int]) -> int:
            key = (colour, frozenset(Counter(zip(rows, column)).items()))
            return numbers.setdefault(key, len(numbers))

        refined_gold = [
            column_colour(c, column, gold_rows) for c, column in zip(gold_colours, gold_columns)
        ]
        refined_predicted = [
            column_colour(c, column, predicted_rows)
            for c, column in zip(predicted_colours, predicted_columns)
        ]
        if sorted(refined_gold) != sorted(refined_predicted):
            return None
        if len(set(refined_gold)) == len(set(gold_colours)):
            return refined_gold, refined_predicted
        gold_colours, predicted_colours = refined_gold, refined_predicted


def _extend(
    chosen: list[int],
    gold_columns: Columns,
    predicted_columns: Columns,
    gold_colours: list[int],
    predicted_colours: list[int],
) -> bool:
    """Depth-first search: the next gold column takes each unused predicted column of its colour."""
    place = len(chosen)
    if place == len(gold_columns):
        return True
    tried: set[tuple[object, ...]] = set()
    for index, colour in enumerate(predicted_colours):
        if colour != gold_colours[place] or index in chosen:
            continue
        column = predicted_columns[index]
        if column in tried:
            continue  # an identical column gives the same search again
        tried.add(column)
        candidate = [*chosen, index]
        forced = predicted_colours.count(colour) == 1 and place + 1 < len(gold_columns)
        if not forced:
            wanted = Counter(zip(*gold_columns[: place + 1]))
            if wanted != Counter(zip(*(predicted_columns[i] for i in candidate))):
                continue
        if _extend(candidate, gold_columns, predicted_columns, gold_colours, predicted_colours):
            return True
    return False
