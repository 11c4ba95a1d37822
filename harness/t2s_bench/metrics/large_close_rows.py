"""Comparing large results within a tolerance, as arrays: what `close_rows` does with them.

A verdict is exact; where there is none (see `large_results`) the answer is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from t2s_bench.metrics.close_numbers import Tolerance
from t2s_bench.metrics.column_order import Rows
from t2s_bench.metrics.large import unless_memory_ends
from t2s_bench.metrics.large_columns import Column, Floats, Numbers
from t2s_bench.metrics.large_groups import Columns, Groups, blocks, colour, match
from t2s_bench.metrics.large_reading import read_both
from t2s_bench.metrics.large_results import same_rows
from t2s_bench.metrics.large_texts import Places


@unless_memory_ends
def same_rows_close(first: Rows, second: Rows, tolerance: Tolerance) -> bool | None:
    """Whether the bags of rows, of one size and width, are equal: floats within the tolerance.

    >>> close = Tolerance(relative=1e-6)
    >>> same_rows_close([(1, 0.3), (2, None)], [(2, None), (1, 0.1 + 0.2)], close)
    True
    """
    both = read_both(first, second)
    if both is None:
        return None
    columns, others = both
    if not all(map(_comparable, columns, others)):
        return False
    inexact = [float in (a.cells, b.cells) for a, b in zip(columns, others, strict=True)]
    exact, other_exact = _exact(columns, inexact), _exact(others, inexact)
    found = match(exact, other_exact, (len(first), len(second)), counted=True)
    if not found.same:
        return found.same
    numbers, other_numbers = _numbers(columns, inexact), _numbers(others, inexact)
    pairs = list(zip(numbers, other_numbers, strict=True))
    return _close_in_groups(pairs, found.first, found.second, tolerance)


@unless_memory_ends
def holds_columns(gold: Rows, predicted: Rows, tolerance: Tolerance) -> bool | None:
    """Whether each gold column equals, as a bag, some predicted one; both have as many rows.

    >>> close = Tolerance(absolute=0.01)
    >>> holds_columns([(0.333,), (2.0,)], [("b", 2.0), ("a", 0.33)], close)
    True
    """
    both = read_both(gold, predicted)
    if both is None:
        return None
    columns, others = both
    candidates = [_Bag(column) for column in others]
    for place, column in enumerate(columns):
        # The column in the same place is the likeliest one.
        likely = candidates[place : place + 1] + candidates[:place] + candidates[place + 1 :]
        held = _Bag(column).among(likely, tolerance)
        if not held:
            return held
    return True


class _Bag:
    """The cells of one column in any order; everything is made when it is asked for."""

    def __init__(self, column: Column) -> None:
        self._column = column

    def among(self, candidates: Sequence[_Bag], tolerance: Tolerance) -> bool | None:
        """Whether some candidate is the same."""
        undecided = False
        for candidate in candidates:
            same = self._same(candidate, tolerance)
            if same:
                return True
            undecided |= same is None
        return None if undecided else False

    def _same(self, other: _Bag, tolerance: Tolerance) -> bool | None:
        if not _comparable(self._column, other._column):
            return False
        if self._column.cells is str:
            if self._colour != other._colour:
                return False
            return same_rows([self._column], [other._column], counted=True)
        if len(self._numbers) != len(other._numbers):
            return False
        numbers, others = self._numbers, other._numbers
        return all(close(numbers[part], others[part], tolerance) for part in blocks(len(numbers)))

    @cached_property
    def _colour(self) -> object:
        return colour(self._column)

    @cached_property
    def _numbers(self) -> Floats:
        """The numbers in ascending order, as `math.isclose` takes them."""
        values = cast("Numbers", self._column.values)
        nulls = self._column.nulls
        return np.sort(values if nulls is None else values[~nulls]).astype(np.float64, copy=False)


def _comparable(first: Column, second: Column) -> bool:
    """Whether two columns hold the same kinds of cells: numbers, texts, NULLs."""
    numbers = {int, float}
    same = first.cells is second.cells or {first.cells, second.cells} <= numbers
    return same and (first.nulls is None) == (second.nulls is None)


def _exact(columns: Columns, inexact: Sequence[bool]) -> Columns:
    """What must be equal exactly: the other columns, and which cells of the inexact are NULL."""
    exact = []
    for column, loose in zip(columns, inexact, strict=True):
        if not loose:
            exact.append(column)
        elif column.nulls is not None:
            exact.append(Column(int, column.nulls.astype(np.int64)))
    return exact


def _numbers(columns: Columns, inexact: Sequence[bool]) -> list[Floats]:
    loose = [column.values for column, is_loose in zip(columns, inexact, strict=True) if is_loose]
    return [cast("Numbers", values).astype(np.float64, copy=False) for values in loose]


def _close_in_groups(
    pairs: Sequence[tuple[Floats, Floats]], groups: Groups, others: Groups, tolerance: Tolerance
) -> bool | None:
    """Whether in each group the rows have partners of their own with close numbers."""
    if len(groups.starts) == len(groups.order):  # each row has one possible partner
        return all(_all_close(a, b, groups.order, others.order, tolerance) for a, b in pairs)
    labels, other_labels = groups.labels(), others.labels()
    if len(pairs) > 1:
        order = _sorted(labels, [a for a, _ in pairs])
        other_order = _sorted(other_labels, [b for _, b in pairs])
        if all(_all_close(a, b, order, other_order, tolerance) for a, b in pairs):
            return True
    # In one column alone, sorted lists pair up wherever anything does.
    for a, b in pairs:
        order, other_order = _sorted(labels, [a]), _sorted(other_labels, [b])
        if not _all_close(a, b, order, other_order, tolerance):
            return False
    return True if len(pairs) < 2 else None


def _sorted(labels: Places, numbers: Sequence[Floats]) -> Places:
    """The rows by label, then by the numbers."""
    keys: list[NDArray[Any]] = [labels, *numbers]
    order = np.argsort(keys.pop())
    while keys:
        order = order[np.argsort(keys.pop()[order], kind="stable")]
    return order.astype(np.int32)


def _all_close(
    first: Floats, second: Floats, order: Places, other_order: Places, tolerance: Tolerance
) -> bool:
    """Whether the numbers in two orders are close place by place."""
    return all(
        close(first[order[part]], second[other_order[part]], tolerance)
        for part in blocks(len(order))
    )


def close(first: Floats, second: Floats, tolerance: Tolerance) -> bool:
    """`Tolerance.all_close`, to the last bit what `math.isclose` says.

    >>> close(np.array([1.0]), np.array([1.0000009]), Tolerance(relative=1e-6))
    True
    """
    equal = first == second
    if equal.all():
        return True
    with np.errstate(over="ignore", invalid="ignore"):  # infinities, as C takes them
        apart = np.abs(second - first)
        near = apart <= np.abs(tolerance.relative * second)
        near |= apart <= np.abs(tolerance.relative * first)
    near |= apart <= tolerance.absolute
    near &= np.isfinite(first) & np.isfinite(second)
    near |= equal
    return bool(near.all())
