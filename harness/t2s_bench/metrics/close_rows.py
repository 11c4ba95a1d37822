"""Comparing two results whose numbers may differ by a tolerance.

Numbers equal numbers (1, 1.0, True, Decimal('1')), NULL equals NULL and NaN equals NaN; a text
never equals a number. Column names play no part.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import cached_property
from itertools import repeat
from operator import ne
from typing import cast

from t2s_bench.metrics.close_numbers import (
    NUMBERS,
    Number,
    Point,
    Tolerance,
    bags_match,
    is_number,
)
from t2s_bench.metrics.column_order import Rows, column, hash_sum, types_of
from t2s_bench.metrics.large import are_large
from t2s_bench.metrics.rows import same_bag

Column = list[object]
Key = tuple[object, ...]
# Rows compared in one step: few enough that rows from all over the memory stay in the cache.
_PART = 256
# Values of a column looked at before all of them are.
_SAMPLE = 16
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
    if not ordered and are_large(first, second):
        from t2s_bench.metrics import large_close_rows

        verdict = large_close_rows.same_rows_close(first, second, tolerance)
        if verdict is not None:
            return verdict
    places = range(len(first[0]))
    kinds, other_kinds = types_of(first), types_of(second)
    if not all(map(_comparable, kinds, other_kinds)):
        return False
    kinds = list(map(set.union, kinds, other_kinds))
    inexact = [place for place in places if float in kinds[place] or Decimal in kinds[place]]
    if not inexact:
        return not ordered and same_bag(first, second)
    exact = [place for place in places if place not in inexact]
    if ordered:
        return _same_in_place(first, second, exact, inexact, tolerance)
    for place in exact:
        partners = dict(zip(column(second, place), range(len(second)), strict=True))
        if len(partners) == len(second):  # distinct values leave each row one possible partner
            order = list(map(partners.get, column(first, place)))
            del partners
            if None in order or len(set(order)) < len(order):
                return False
            turned = _Turned(second, cast("list[int]", order))
            return _same_in_place(first, turned, exact, inexact, tolerance)
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
    if list(gold) == list(predicted):
        return True
    if not ordered and are_large(gold, predicted):
        from t2s_bench.metrics import large_close_rows

        verdict = large_close_rows.holds_columns(gold, predicted, tolerance)
        if verdict is not None:
            return verdict
    candidates = [_Values(predicted, place) for place in range(len(predicted[0]))]
    for place in range(len(gold[0])):
        wanted = _Values(gold, place)
        # The column in the same place is the likeliest one.
        others = candidates[place : place + 1] + candidates[:place] + candidates[place + 1 :]
        if not any(wanted.same(found, ordered=ordered) for found in others) and not any(
            wanted.close(found, tolerance, ordered=ordered) for found in others
        ):
            return False
    return True


class _Values:
    """One column, prepared for many comparisons; everything is made when it is asked for."""

    def __init__(self, rows: Rows, place: int) -> None:
        self._rows = rows
        self._place = place
        self._distinct: set[object] | None = None

    @cached_property
    def values(self) -> Column:
        return column(self._rows, self._place)

    @cached_property
    def _counts(self) -> Counter[object]:
        return Counter(self.values)

    def same(self, other: _Values, *, ordered: bool) -> bool:
        """Exactly equal; quick where it is not so."""
        values, others = self.values, other.values
        if ordered:
            return values == others
        if self._distinct is None:
            self._distinct = set(values)
        if not self._distinct.issuperset(others[:: len(others) // _SAMPLE + 1]):
            return False
        if len(self._distinct) < len(values):
            return self._counts == other._counts
        left, self._distinct = self._distinct, None
        left.difference_update(others)
        return not left

    def close(self, other: _Values, tolerance: Tolerance, *, ordered: bool) -> bool:
        """Numbers equal within the tolerance and the rest exactly, for columns not the same."""
        if not self._has_numbers or not other._has_numbers:
            return False
        if not tolerance.all_close(self._ends, other._ends):
            return False
        (numbers, rest), (other_numbers, other_rest) = self._parts, other._parts
        if len(numbers) != len(other_numbers) or rest != other_rest:
            return False
        if not tolerance.all_close(numbers, other_numbers):
            return False
        return not ordered or _same_in_order(self.values, other.values, tolerance)

    @cached_property
    def _has_numbers(self) -> bool:
        return not {*map(type, self.values)} <= {str, bytes, type(None)}

    @cached_property
    def _ends(self) -> list[Number]:
        """The smallest and the largest value; empty where some value is no number."""
        cells = cast("list[Number]", self.values)
        return [min(cells), max(cells)] if _all_numbers(self.values) else []

    @cached_property
    def _parts(self) -> tuple[list[Number], Counter[object]]:
        """The numbers in order, and how often each other value is there."""
        if self._ends:
            return sorted(cast("list[Number]", self.values)), Counter()
        numbers = sorted([value for value in self.values if is_number(value)])
        return numbers, Counter([_plain(v) for v in self.values if not is_number(v)])


def _comparable(first: set[type], second: set[type]) -> bool:
    """Whether two columns hold the same kinds of values: numbers, texts, NULLs and so on."""
    numbers = {*NUMBERS, bool}
    return first - numbers == second - numbers and first.isdisjoint(numbers) == second.isdisjoint(
        numbers
    )


def _plain(value: object) -> object:
    """A cell that is no number, so that equal ones are equal: NaN is not equal to itself."""
    return _NAN if isinstance(value, float | Decimal) else value


def _same_in_order(first: Column, second: Column, tolerance: Tolerance) -> bool:
    if {*map(type, first), *map(type, second)} <= {int, float, bool}:
        numbers = cast("tuple[list[float], list[float]]", (first, second))
        if tolerance.all_close(*numbers):
            return True
    return first == second or _same_cells(first, second, tolerance)


def _same_cells(first: Column, second: Column, tolerance: Tolerance) -> bool:
    return all(
        tolerance.close(a, b)
        if is_number(a) and is_number(b)
        else is_number(a) == is_number(b) and _plain(a) == _plain(b)
        for a, b in zip(first, second, strict=True)
    )


class _Turned:
    """Rows in another order, put together slice by slice: all at once would miss every cache."""

    def __init__(self, rows: Rows, order: list[int]) -> None:
        self.rows = rows
        self.order = order

    def __getitem__(self, part: slice) -> Rows:
        return list(map(self.rows.__getitem__, self.order[part]))


def _same_in_place(
    first: Rows, second: Rows | _Turned, exact: list[int], inexact: list[int], tolerance: Tolerance
) -> bool:
    for start in range(0, len(first), _PART):
        part = slice(start, start + _PART)
        left, right = first[part], second[part]
        for place in exact:
            if column(left, place) != column(right, place):
                return False
        for place in inexact:
            if not _same_in_order(column(left, place), column(right, place), tolerance):
                return False
    return True


def _same_bags(
    first: Rows, second: Rows, exact: list[int], inexact: list[int], tolerance: Tolerance
) -> bool:
    fixed, numbers = _split(first, second, exact, inexact)
    other_fixed, other_numbers = _split(second, first, exact, inexact)
    if fixed and hash_sum(zip(*fixed, strict=True)) != hash_sum(zip(*other_fixed, strict=True)):
        return False
    groups = _grouped(fixed, numbers, len(first))
    other_groups = _grouped(other_fixed, other_numbers, len(first))
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
    rows: Rows, others: Rows, exact: list[int], inexact: list[int]
) -> tuple[list[Column], list[list[float]]]:
    """The columns that must be equal, and those to be compared as numbers.

    A column that holds other cells than numbers, on either side, is in both: in the first with a
    mark in place of each number, in the second with a 0 in place of each other cell.
    """
    fixed = [column(rows, place) for place in exact]
    numbers = []
    for place in inexact:
        cells = column(rows, place)
        if _all_numbers(cells) and _all_numbers(column(others, place)):
            floats = cast("list[float]", cells)
            numbers.append(floats if {*map(type, cells)} == {float} else list(map(float, floats)))
        else:
            fixed.append([_NUMBER if is_number(value) else _plain(value) for value in cells])
            numbers.append([float(value) if is_number(value) else 0.0 for value in cells])
    return fixed, numbers


def _all_numbers(cells: Column) -> bool:
    kinds = {*map(type, cells)}
    if kinds == {float}:
        total = sum(cast("list[float]", cells))
        if total == total:  # one NaN would have made it NaN
            return True
    return kinds <= {int, float, bool, Decimal} and not any(map(ne, cells, cells))
