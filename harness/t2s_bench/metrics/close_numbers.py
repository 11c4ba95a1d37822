"""Numbers that are equal within a tolerance: on their own, in columns, and in bags of rows.

A tolerance is not transitive, so bags cannot be compared by rounding or by sorting whole rows: both
turn down results that agree. Here bags agree exactly where each row has a partner of its own.

Everything rests on one property of `Tolerance.close`: where it holds for two numbers, it holds for
any two between them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import TypeGuard

from t2s_bench.metrics.matching import all_find_partners

Number = int | float | Decimal
Point = tuple[float, ...]

NUMBERS = (int, float, Decimal)
# Candidate pairs in one knot of rows (see `_knot_matches`) beyond which the knot counts as unequal.
MAX_PAIRS = 200_000


@dataclass(frozen=True)
class Tolerance:
    """How far apart two equal numbers may be: relative to the larger one, or absolutely.

    >>> Tolerance(relative=1e-6).close(1.0, 1.0000009), Tolerance(absolute=0.01).close(0, 0.02)
    (True, False)
    """

    relative: float = 0.0
    absolute: float = 0.0

    def close(self, first: Number, second: Number) -> bool:
        """Whether the two count as equal; infinities equal themselves."""
        return math.isclose(first, second, rel_tol=self.relative, abs_tol=self.absolute)

    def all_close(self, first: Sequence[Number], second: Sequence[Number]) -> bool:
        """Whether two lists of one length are equal place by place."""
        close = partial(math.isclose, rel_tol=self.relative, abs_tol=self.absolute)
        return all(map(close, first, second))


def is_number(value: object) -> TypeGuard[Number]:
    """Whether a cell is a number that can be compared with others; NaN is not.

    >>> is_number(1), is_number("1"), is_number(float("nan"))
    (True, False, False)
    """
    return isinstance(value, NUMBERS) and value == value


def bags_match(first: list[Point], second: list[Point], tolerance: Tolerance) -> bool:
    """Whether each point has a close partner of its own on the other side.

    >>> tolerance = Tolerance(absolute=1)
    >>> bags_match([(0.0,), (1.0,)], [(1.0,), (2.0,)], tolerance)
    True
    >>> bags_match([(0.0, 0.0), (1.0, 5.0)], [(0.0, 5.0), (1.0, 0.0)], tolerance)
    True
    >>> bags_match([(0.0,), (0.0,)], [(0.0,), (2.0,)], tolerance)
    False
    """
    if len(first) != len(second):
        return False
    if not first or not first[0]:
        return True
    first, second = sorted(first), sorted(second)
    columns = list(zip(zip(*first, strict=True), zip(*second, strict=True), strict=True))
    if all(tolerance.all_close(*pair) for pair in columns):
        return True
    # In one column alone, sorted lists pair up wherever anything does.
    if not all(tolerance.all_close(sorted(a), sorted(b)) for a, b in columns):
        return False
    if len(columns) == 1:
        return True
    labels = [_clusters([*a, *b], tolerance) for a, b in columns]
    cells: dict[Point, tuple[list[Point], list[Point]]] = {}
    for place, label in enumerate(zip(*labels, strict=True)):
        side = place >= len(first)
        point = second[place - len(first)] if side else first[place]
        cells.setdefault(label, ([], []))[side].append(point)
    if len(cells) == 1:
        return _knot_matches(first, second, tolerance)
    # No pair is close across cells; a cell may fall apart further once it stands alone.
    return all(bags_match(a, b, tolerance) for a, b in cells.values())


def _clusters(values: Sequence[float], tolerance: Tolerance) -> list[int]:
    """The number of the cluster of each value; values of two clusters are never close."""
    ordered = sorted(set(values))
    number, cluster = 0, {ordered[0]: 0}
    for below, above in pairwise(ordered):
        number += not tolerance.close(below, above)
        cluster[above] = number
    return [cluster[value] for value in values]


def _knot_matches(first: list[Point], second: list[Point], tolerance: Tolerance) -> bool:
    """`bags_match` for rows that no gap divides in any column: a matching is searched.

    Columns in which all values are close say nothing. With one column left, sorting has decided.
    """
    ends = [(min(values), max(values)) for values in zip(*first, *second, strict=True)]
    told = [place for place, (low, high) in enumerate(ends) if not tolerance.close(low, high)]
    if len(told) < 2:
        return True
    left = Counter(tuple([point[place] for place in told]) for point in first)
    right = Counter(tuple([point[place] for place in told]) for point in second)
    partners = _partners(sorted(left), sorted(right), tolerance)
    if partners is None:
        return False
    return all_find_partners(
        partners, [left[point] for point in sorted(left)], [right[point] for point in sorted(right)]
    )


def _partners(
    first: list[Point], second: list[Point], tolerance: Tolerance
) -> list[list[int]] | None:
    """For each point the numbers of the close ones among `second`; None beyond MAX_PAIRS.

    Both are sorted, so what is close in the first column is a window that moves on.
    """
    partners, pairs, low = [], 0, 0
    for point in first:
        while low < len(second) and not tolerance.close(point[0], second[low][0]):
            if second[low][0] > point[0]:
                break
            low += 1
        found = []
        for number in range(low, len(second)):
            if not tolerance.close(point[0], second[number][0]):
                break
            pairs += 1
            if tolerance.all_close(point, second[number]):
                found.append(number)
        if pairs > MAX_PAIRS:
            return None
        partners.append(found)
    return partners
