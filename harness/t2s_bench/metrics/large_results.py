"""Comparing large results exactly, as arrays: what `rows` and `soft_f1` do with large results.

Verdicts are exact. Where there is none, because a column has no array or two rows share a
fingerprint by chance, the answer is None, and the caller compares the rows as Python objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from t2s_bench.metrics.column_order import Rows
from t2s_bench.metrics.large import unless_memory_ends
from t2s_bench.metrics.large_columns import Column
from t2s_bench.metrics.large_groups import (
    Columns,
    colour,
    fingerprints,
    grouped,
    match,
    rows_equal,
)
from t2s_bench.metrics.large_reading import read, read_both

# Rows looked for before the whole results are compared.
_SAMPLE = 4


@dataclass(frozen=True)
class Pairing:
    """For each gold column a predicted column of its own; None: no order makes the bags agree.

    `same_types` says that the numbers of paired columns are of one type, and no zero is negative.
    """

    order: tuple[int, ...] | None
    same_types: bool = False


@unless_memory_ends
def same_set(first: Rows, second: Rows) -> bool | None:
    """Whether the sets of rows are equal.

    >>> same_set([(1, "a"), (1, "a")], [(1.0, "a")])
    True
    """
    if len(first[0]) != len(second[0]):
        return False
    sample = read(_sample(first))
    others = None if sample is None else read(second)
    if sample is None or others is None:
        return None
    if not _holds_rows(others, sample):
        return False
    columns = read(first)
    return None if columns is None else same_rows(columns, others, counted=False)


@unless_memory_ends
def paired_columns(gold: Rows, predicted: Rows) -> Pairing | None:
    """The order of columns in which the bags of rows are equal.

    >>> paired_columns([(1, "a"), (2, "b")], [("b", 2), ("a", 1)])
    Pairing(order=(1, 0), same_types=True)
    """
    sample = read(_sample(predicted))
    columns = None if sample is None else read(gold)
    if sample is None or columns is None:
        return None
    if not all(any(_holds_cells(column, cells) for column in columns) for cells in sample):
        return Pairing(None)
    others = read(predicted)
    if others is None:
        return None
    colours, other_colours = [*map(colour, columns)], [*map(colour, others)]
    if Counter(colours) != Counter(other_colours):
        return Pairing(None)
    places: dict[object, list[int]] = {}
    for place, found in enumerate(other_colours):
        places.setdefault(found, []).append(place)
    order = tuple([places[found].pop(0) for found in colours])
    paired = [others[place] for place in order]
    same = same_rows(columns, paired, counted=True)
    if same:
        return Pairing(order, all(map(_same_types, columns, paired)))
    settled = _settled(columns, colours) and _settled(others, other_colours)
    return Pairing(None) if same is False and settled else None


@unless_memory_ends
def cells_found(predicted: Rows, gold: Rows) -> tuple[int, int, bytes, bytes] | None:
    r"""What soft F1 counts: the distinct rows on each side, and two bytes for each pair of them.

    These say how many of the predicted values the gold row holds, and the other way round. Rows
    have at most 255 columns.

    >>> cells_found([("a", 1), ("a", 1)], [(1, "a"), (2, "b"), (3, "c")])
    (1, 3, b'\x02', b'\x02')
    """
    both = read_both(predicted, gold)
    if both is None:
        return None
    answers, truths = map(_distinct, both)
    if answers is None or truths is None:
        return None
    sizes = len(answers[0].values), len(truths[0].values)
    paired = slice(0, min(sizes))
    hits = np.zeros(min(sizes), np.uint8)
    found = np.zeros((len(truths), min(sizes)), np.bool_)
    truths = [truth.taken(paired) for truth in truths]
    for answer in answers:
        cells = answer.taken(paired)
        in_truth = np.zeros(min(sizes), np.bool_)
        for marks, truth in zip(found, truths, strict=True):
            equal = cells.equal(truth)
            in_truth |= equal
            marks |= equal
        hits += in_truth
    return *sizes, hits.tobytes(), found.sum(axis=0, dtype=np.uint8).tobytes()


def same_rows(first: Columns, second: Columns, *, counted: bool) -> bool | None:
    """Whether the sets of rows are equal, with `counted` the bags."""
    if [column.kind for column in first] != [column.kind for column in second]:
        return False
    sizes = len(first[0].values), len(second[0].values)
    return match(first, second, sizes, counted=counted).same


def _same_types(gold: Column, predicted: Column) -> bool:
    if gold.negative_zero or predicted.negative_zero:
        return False
    return gold.cells is predicted.cells or {gold.cells, predicted.cells}.isdisjoint((int, float))


def _settled(columns: Columns, colours: Sequence[object]) -> bool:
    """Whether columns of one colour are all the same: there is no choice among them."""
    first: dict[object, Column] = {}
    pairs = zip(colours, columns, strict=True)
    return all(first.setdefault(colour, column).equal(column).all() for colour, column in pairs)


def _sample(rows: Rows) -> Rows:
    """A few rows, of which most results that differ lack some."""
    return rows[:: len(rows) // _SAMPLE + 1]


def _holds_rows(columns: Columns, sample: Columns) -> bool:
    """Whether the result has all rows of a small one."""
    for one in _singly(sample[0]):
        rows = np.arange(len(columns[0].values), dtype=np.int32)
        for column, cells in zip(columns, sample, strict=True):
            rows = rows[column.taken(rows).equal(cells.taken(one))]
        if not rows.size:
            return False
    return True


def _holds_cells(column: Column, cells: Column) -> bool:
    """Whether the column has all values of a short one."""
    return all(column.equal(cells.taken(one)).any() for one in _singly(cells))


def _singly(cells: Column) -> Iterator[slice]:
    return (slice(place, place + 1) for place in range(len(cells.values)))


def _distinct(columns: Columns) -> Columns | None:
    """The columns without the rows that have been there before; None by a chance agreement."""
    numbers = fingerprints(columns, len(columns[0].values))
    ascending = np.sort(numbers)
    if (ascending[1:] != ascending[:-1]).all():
        return columns
    del ascending
    _, groups = grouped(numbers, 0)
    firsts = np.minimum.reduceat(groups.order, groups.starts)
    if not rows_equal(columns, columns, groups.spread(firsts)):
        return None
    kept = np.sort(firsts)
    return [column.taken(kept) for column in columns]
