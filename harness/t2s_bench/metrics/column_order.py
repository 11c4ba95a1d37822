"""The permutation of columns under which two results are equal: Spider's comparison.

Whatever is quick (a few rows tried under every permutation, hash sums that equal columns always
share) only turns permutations down; the one that is left is compared in full. So the answer is
exact, and twelve columns of equal values cost no more than any others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import permutations, repeat
from operator import itemgetter
from typing import Any

from t2s_bench.types import Row

Rows = Sequence[Row]
# Rows looked at in one step: what fits a processor's cache.
CHUNK = 4096
# Results up to this width (720 permutations) have every permutation tried on a few rows.
_TRIED_WIDTH = 6
_TRIED_ROWS = 16


def column_order(gold: Rows, predicted: Rows, *, ordered: bool) -> Sequence[int] | None:
    """For each gold column a predicted column of its own, so that the rows agree; None if none.

    The bags of rows agree, with `ordered` the lists. The width is that of the first row, and two
    empty results agree.

    >>> list(column_order([(1, "a"), (2, "b")], [("b", 2), ("a", 1)], ordered=False) or ())
    [1, 0]
    """
    if not gold and not predicted:
        return ()
    if len(gold) != len(predicted) or len(gold[0]) != len(predicted[0]):
        return None
    places = range(len(gold[0]))
    if list(gold) == list(predicted):
        return places
    if ordered:
        return _ordered_column_order(gold, predicted)
    if len(places) == 1:
        return places if equal_bags(gold, predicted) else None
    if len(places) <= _TRIED_WIDTH:
        distinct = set(gold)
        likely = _likely_orders(distinct, predicted, len(places))
        if len(likely) < 2:
            if not likely:
                return None
            turned = map(itemgetter(*likely[0]), predicted)
            rows = predicted if likely[0] == tuple(places) else turned
            return likely[0] if _equal(gold, distinct, rows) else None
        del distinct
    gold_colours, predicted_colours = _column_hashes(gold), _column_hashes(predicted)
    if sorted(gold_colours) != sorted(predicted_colours):
        return None
    if gold_colours == predicted_colours and equal_bags(gold, predicted):
        return places
    return _Search(gold, predicted).order(gold_colours, predicted_colours)


def equal_bags(first: Sequence[object], second: Iterable[object]) -> bool:
    """Whether the rows or values of `second`, as many as `first` has, are those of `first`."""
    return _equal(first, set(first), second)


def equal_to(distinct: set[Any], values: Iterable[object]) -> bool:
    """Whether so many values as `distinct` has are just these; uses it up.

    >>> equal_to({1, 2}, [2, 1]), equal_to({1, 2}, [2, 2])
    (True, False)
    """
    distinct.difference_update(values)
    return not distinct


def hash_sum(values: Iterable[object]) -> int:
    """One number for a bag of values: the same for equal bags."""
    return sum(map(hash, values))


def column(rows: Rows, place: int) -> list[object]:
    """One column of a result.

    >>> column([(1, "a"), (2, "b")], 1)
    ['a', 'b']
    """
    return list(map(itemgetter(place), rows))


def types_of(rows: Rows) -> list[set[type]]:
    """The types of the values in each column.

    >>> types_of([(1, "a"), (2.5, None)]) == [{int, float}, {str, type(None)}]
    True
    """
    getters = [itemgetter(place) for place in range(len(rows[0]))]
    types: list[set[type]] = [set() for _ in getters]
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        for found, values in zip(types, getters, strict=True):
            found.update(map(type, map(values, part)))
    return types


def _equal(first: Sequence[object], distinct: set[Any], second: Iterable[object]) -> bool:
    """`equal_bags` where the set of `first` is there already; uses it up."""
    if len(distinct) < len(first):
        return Counter(first) == Counter(second)
    return equal_to(distinct, second)


def _likely_orders(gold: set[Row], predicted: Rows, width: int) -> list[tuple[int, ...]]:
    """The permutations, two at most, under which some predicted rows are gold rows."""
    rows = predicted[:: max(1, len(predicted) // _TRIED_ROWS)]
    likely = []
    for order in permutations(range(width)):
        if gold.issuperset(map(itemgetter(*order), rows)):
            likely.append(order)
            if len(likely) == 2:
                break
    return likely


def _ordered_column_order(gold: Rows, predicted: Rows) -> list[int] | None:
    """Rows keep their places, so columns are matched one by one as whole lists."""
    places: dict[tuple[object, ...], list[int]] = {}
    for place in range(len(gold[0])):
        places.setdefault(tuple(column(predicted, place)), []).append(place)
    order = []
    for place in range(len(gold[0])):
        left = places.get(tuple(column(gold, place)))
        if not left:
            return None
        order.append(left.pop())
    return order


def _column_hashes(rows: Rows) -> list[int]:
    """One number a column for the bag of its values."""
    getters = [itemgetter(place) for place in range(len(rows[0]))]
    sums = [0] * len(getters)
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        for place, values in enumerate(getters):
            # The hashes of tuples are mixed; those of 1, 3 and of 2, 2 themselves have one sum.
            sums[place] += hash_sum(zip(map(values, part)))
    return sums


class _Search:
    """The permutation among columns that their values alone do not tell apart.

    Columns are told apart by colours: first by the values they hold, then by the rows their values
    stand in (colour refinement over rows and columns). A search over permutations is left only for
    columns that are alike in both; there, the columns chosen so far must agree as a bag of rows.
    """

    def __init__(self, gold: Rows, predicted: Rows) -> None:
        places = range(len(gold[0]))
        self.gold = gold
        self.predicted = predicted
        self.gold_columns = [column(gold, place) for place in places]
        self.predicted_columns = [column(predicted, place) for place in places]
        self.gold_sums: dict[int, int] = {}

    def order(self, gold_colours: list[int], predicted_colours: list[int]) -> list[int] | None:
        """A permutation in which each column keeps its colour, or None."""
        while not self._settled(gold_colours, predicted_colours):
            finer_gold = _refined(self.gold_columns, gold_colours)
            finer_predicted = _refined(self.predicted_columns, predicted_colours)
            if sorted(finer_gold) != sorted(finer_predicted):
                return None
            stable = len(set(finer_gold)) == len(set(gold_colours))
            gold_colours, predicted_colours = finer_gold, finer_predicted
            if stable:
                break
        return self._extended([], gold_colours, predicted_colours)

    def _settled(self, gold_colours: list[int], predicted_colours: list[int]) -> bool:
        """Whether columns of one colour are all the same on each side: nothing is to choose."""
        for columns, colours in (
            (self.gold_columns, gold_colours),
            (self.predicted_columns, predicted_colours),
        ):
            first: dict[int, list[object]] = {}
            for values, colour in zip(columns, colours, strict=True):
                if first.setdefault(colour, values) != values:
                    return False
        return True

    def _extended(
        self, chosen: list[int], gold_colours: list[int], predicted_colours: list[int]
    ) -> list[int] | None:
        """Depth first: the next gold column takes each unused predicted column of its colour."""
        place = len(chosen)
        if place == len(gold_colours):
            turned = map(itemgetter(*chosen), self.predicted)
            return chosen if equal_bags(self.gold, turned) else None
        tried: list[list[object]] = []
        for index, colour in enumerate(predicted_colours):
            values = self.predicted_columns[index]
            # A column equal to one already tried gives the same search again.
            if colour != gold_colours[place] or index in chosen or values in tried:
                continue
            tried.append(values)
            candidate = [*chosen, index]
            forced = predicted_colours.count(colour) == 1 or place + 1 == len(gold_colours)
            if forced or self._agrees(candidate):
                order = self._extended(candidate, gold_colours, predicted_colours)
                if order is not None:
                    return order
        return None

    def _agrees(self, candidate: list[int]) -> bool:
        width = len(candidate)
        if width not in self.gold_sums:
            self.gold_sums[width] = hash_sum(zip(*self.gold_columns[:width], strict=True))
        chosen = (self.predicted_columns[index] for index in candidate)
        return self.gold_sums[width] == hash_sum(zip(*chosen, strict=True))


def _refined(columns: Sequence[Sequence[object]], colours: list[int]) -> list[int]:
    """New colours: the old one, and the rows in which each value stands."""
    coloured = list(zip(colours, columns, strict=True))
    cells = [map(hash, zip(repeat(c, len(values)), values, strict=True)) for c, values in coloured]
    rows = list(map(sum, zip(*cells, strict=True)))
    return [hash((c, hash_sum(zip(rows, values, strict=True)))) for c, values in coloured]
