"""Comparing two results whose numbers may differ by a tolerance.

Numbers equal numbers (1, 1.0, True, Decimal('1')), NULL equals NULL and NaN equals NaN; a text
never equals a number. Column names play no part.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import chain, repeat
from typing import cast

from t2s_bench.metrics.close_numbers import Point, Tolerance, bags_match, is_number
from t2s_bench.metrics.column_order import Rows, column
from t2s_bench.metrics.rows import same_bag

Column = list[object]
Key = tuple[object, ...]
# Stands in a key for a number, whose value is compared within the tolerance, and for NaN.
_NUMBER, _NAN = object(), object()


def same_rows_close(first: Rows, second: Rows, tolerance: Tolerance, *, ordered: bool) -> bool:
    """The same rows, each as often, in the same columns; `ordered`: also in the same order.

    The tolerance is for columns that hold a number with a fraction point (a float, a Decimal) on
    either side; whole numbers, such as ids, are compared exactly among themselves.

    >>> close = Tolerance(relative=1e-6)
    >>> same_rows_close([(1, 0.3), (2, None)], [(2, None), (1, 0.1 + 0.2)], close, ordered=False)
    True
    >>> same_rows_close([(10000000,)], [(10000001,)], close, ordered=False)
    False
    """
    if len(first) != len(second) or (first and len(first[0]) != len(second[0])):
        return False
    if list(first) == list(second):
        return True
    places = range(len(first[0]))
    inexact = [place for place in places if _inexact(first, place) or _inexact(second, place)]
    if not inexact:
        return not ordered and same_bag(first, second)
    exact = [place for place in places if place not in inexact]
    if ordered:
        return all(column(first, place) == column(second, place) for place in exact) and all(
            _same_in_order(column(first, place), column(second, place), tolerance)
            for place in inexact
        )
    return same_bag(first, second) or _same_bags(first, second, exact, inexact, tolerance)


def holds_columns(gold: Rows, predicted: Rows, tolerance: Tolerance, *, ordered: bool) -> bool:
    """Whether each gold column equals some predicted one; further predicted columns are free.

    Columns are compared one by one, each as a bag of values or, with `ordered`, as a list. Both
    results have at least one column; two empty ones agree.

    >>> close = Tolerance(absolute=0.01)
    >>> holds_columns([(0.333,), (2,)], [("b", 2.0), ("a", 0.33)], close, ordered=False)
    True
    >>> holds_columns([(0.333,), (2,)], [("b", 2.0), ("a", 0.33)], close, ordered=True)
    False
    """
    if len(gold) != len(predicted):
        return False
    if not gold:
        return True
    candidates = [_Values(column(predicted, place)) for place in range(len(predicted[0]))]
    return all(
        any(wanted.equals(found, tolerance, ordered=ordered) for found in candidates)
        for wanted in (_Values(column(gold, place)) for place in range(len(gold[0])))
    )


class _Values:
    """One column, prepared once for many comparisons."""

    def __init__(self, values: Column) -> None:
        self.values = values
        self.numbers = sorted([value for value in values if is_number(value)])
        self.others = Counter(_plain(value) for value in values if not is_number(value))

    def equals(self, other: _Values, tolerance: Tolerance, *, ordered: bool) -> bool:
        if len(self.numbers) != len(other.numbers) or self.others != other.others:
            return False
        if not tolerance.all_close(self.numbers, other.numbers):
            return False
        return not ordered or _same_in_order(self.values, other.values, tolerance)


def _inexact(rows: Rows, place: int) -> bool:
    types = set(map(type, column(rows, place)))
    return float in types or Decimal in types


def _plain(value: object) -> object:
    """A cell that is no number, so that equal ones are equal: NaN is not equal to itself."""
    return _NAN if isinstance(value, float | Decimal) else value


def _same_in_order(first: Column, second: Column, tolerance: Tolerance) -> bool:
    kinds = set(map(type, first)) | set(map(type, second))
    if kinds <= {int, float, bool}:
        numbers = cast("tuple[list[float], list[float]]", (first, second))
        return tolerance.all_close(*numbers) or _same_cells(first, second, tolerance)
    return first == second or _same_cells(first, second, tolerance)


def _same_cells(first: Column, second: Column, tolerance: Tolerance) -> bool:
    return all(
        tolerance.close(a, b)
        if is_number(a) and is_number(b)
        else is_number(a) == is_number(b) and _plain(a) == _plain(b)
        for a, b in zip(first, second, strict=True)
    )


def _same_bags(
    first: Rows, second: Rows, exact: list[int], inexact: list[int], tolerance: Tolerance
) -> bool:
    mixed = [
        place
        for place in inexact
        if not all(map(is_number, chain(column(first, place), column(second, place))))
    ]
    fixed, numbers = _split(first, exact, inexact, mixed)
    other_fixed, other_numbers = _split(second, exact, inexact, mixed)
    size = len(first)
    places = dict(zip(zip(*other_fixed, strict=True), range(size), strict=False))
    if len(places) == size:  # no two rows share the exact part: each has one possible partner
        order = [
            place for key in zip(*fixed, strict=True) if (place := places.get(key)) is not None
        ]
        return len(set(order)) == size and all(
            tolerance.all_close(values, [others[place] for place in order])
            for values, others in zip(numbers, other_numbers, strict=True)
        )
    del places
    groups = _grouped(fixed, numbers, size)
    other_groups = _grouped(other_fixed, other_numbers, size)
    if groups.keys() != other_groups.keys():
        return False
    return all(bags_match(points, other_groups[key], tolerance) for key, points in groups.items())


def _grouped(fixed: list[Column], numbers: list[list[float]], size: int) -> dict[Key, list[Point]]:
    """The numbers of the rows that agree in all the rest."""
    keys = zip(*fixed, strict=True) if fixed else repeat((), size)
    groups: dict[Key, list[Point]] = {}
    for key, point in zip(keys, zip(*numbers, strict=True), strict=True):
        groups.setdefault(key, []).append(point)
    return groups


def _split(
    rows: Rows, exact: list[int], inexact: list[int], mixed: list[int]
) -> tuple[list[Column], list[list[float]]]:
    """The columns that must be equal, and those to be compared as numbers.

    A column of numbers with other cells among them is in both, each time without the others' cells.
    """
    fixed = [column(rows, place) for place in exact]
    for place in mixed:
        cells = column(rows, place)
        fixed.append([_NUMBER if is_number(value) else _plain(value) for value in cells])
    numbers = [
        [float(value) if is_number(value) else 0.0 for value in column(rows, place)]
        for place in inexact
    ]
    return fixed, numbers
