"""Reading the rows of a large result into arrays, once and in their order.

That is where the time goes, so the usual cells, numbers and texts without NULLs, are not looked at
one by one.
"""

from __future__ import annotations

import marshal
from itertools import chain, repeat
from operator import is_
from typing import Any, cast

import numpy as np

from t2s_bench.metrics.column_order import Rows
from t2s_bench.metrics.large_columns import NULL, Column, Floats, Numbers, whole
from t2s_bench.metrics.large_texts import Booleans, TextsBeingRead

# Cells read in one step: what fits a processor's cache.
_CELLS = 8192
# What stands in the arrays for NULL, by the type of the other cells.
_FILLERS: dict[type, object] = {int: 0, float: 0.0, str: "", NULL: 0}
# How `marshal` writes numbers in format 2: a byte for the type, then the value. Whole numbers
# beyond 32 bits are written otherwise.
_MARSHALLED: dict[type, tuple[bytes, np.dtype[Any]]] = {
    int: (b"i", np.dtype("<i4")),
    float: (b"g", np.dtype("<f8")),
}
# Before its items, a list's type and length take so many bytes.
_LIST_HEAD = 5


def read_both(first: Rows, second: Rows) -> tuple[list[Column], list[Column]] | None:
    """The columns of two results of at least one row; None where some cells have no array.

    >>> gold, predicted = read_both([(1, 2.0)], [(2, None), (3, "b")]) or ((), ())
    >>> [column.kind for column in predicted]
    [(<class 'int'>, False), (<class 'str'>, True)]
    >>> read_both([(1,)], [(2**64,)]), read_both([(1,)], [(1,), (1.5,)])
    (None, None)
    """
    columns = read(first)
    others = None if columns is None else read(second)
    return None if columns is None or others is None else (columns, others)


def read(rows: Rows) -> list[Column] | None:
    """The columns of a result of at least one row; None where some cells have no array."""
    width = len(rows[0])
    readings = [_Reading(len(rows)) for _ in range(width)]
    size = max(1, _CELLS // width)
    for start in range(0, len(rows), size):
        cells = list(chain.from_iterable(rows[start : start + size]))
        for place, reading in enumerate(readings):
            if not reading.add(cells[place::width], start):
                return None
    columns: list[Column] = []
    for reading in readings:
        column = reading.column()
        if column is None:
            return None
        columns.append(column)
    return columns


class _Reading:
    """One column while it is read, part by part; zeros or empty texts stand for NULLs."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._type = NULL
        self._numbers: Numbers = np.zeros(size, np.int32)
        self._texts = TextsBeingRead(0)
        self._nulls: Booleans | None = None

    def add(self, cells: list[object], start: int) -> bool:
        """Takes cells in from some row on; False where one has no array."""
        if self._type is NULL:
            types = {*map(type, cells)} - {NULL}
            if len(types) > 1 or not types <= _FILLERS.keys():
                return False
            for kind in types:
                self._begin(kind)
        # Where there were NULLs, there will be more.
        expected = self._nulls is not None or self._type is NULL
        if not expected and self._add_values(cells, start):
            return True
        nulls = bytes(map(is_, cells, repeat(None)))
        if 1 in nulls:
            if self._nulls is None:
                self._nulls = np.zeros(self._size, np.bool_)
            self._nulls[start : start + len(cells)] = np.frombuffer(nulls, np.bool_)
            filler = _FILLERS[self._type]
            cells = [filler if cell is None else cell for cell in cells]
        return self._add_values(cells, start)

    def column(self) -> Column | None:
        """The column that was read; None where a cell has no array."""
        if self._type is str:
            return Column(str, self._texts.done(), self._nulls)
        if self._type is not float:
            return Column(self._type, self._numbers, self._nulls)
        floats = cast("Floats", self._numbers)
        if np.isnan(floats).any():
            return None
        negative_zero = bool(np.signbit(floats[floats == 0]).any())
        if whole(floats[:_CELLS]).all() and whole(floats).all():
            return Column(float, floats.astype(np.int64), self._nulls, negative_zero)
        floats += 0.0  # makes a negative zero positive
        return Column(float, floats, self._nulls, negative_zero)

    def _add_values(self, cells: list[object], start: int) -> bool:
        """Takes in cells of the type found; False where something else is among them."""
        if self._type is str:
            try:
                return self._texts.add(cast("list[str]", cells), start)
            except TypeError:
                return False
        if self._type is NULL:
            return True
        return self._add_marshalled(cells, start) or self._add_long(cells, start)

    def _add_marshalled(self, cells: list[object], start: int) -> bool:
        if self._numbers.dtype == np.int64:
            return False
        try:
            data = marshal.dumps(cells, 2)
        except ValueError:  # a cell that `marshal` does not take
            return False
        mark, form = _MARSHALLED[self._type]
        step = len(mark) + form.itemsize
        if len(data) != _LIST_HEAD + step * len(cells):
            return False
        if data[_LIST_HEAD::step] != mark * len(cells):
            return False
        values = np.ndarray((len(cells),), form, data, _LIST_HEAD + len(mark), (step,))
        self._numbers[start : start + len(cells)] = values
        return True

    def _add_long(self, cells: list[object], start: int) -> bool:
        """Takes in whole numbers of up to 64 bits."""
        if self._type is not int or {*map(type, cells)} != {int}:
            return False
        self._numbers = self._numbers.astype(np.int64, copy=False)
        part = self._numbers[start : start + len(cells)]
        try:
            part[:] = np.fromiter(cells, np.int64, len(cells))
        except OverflowError:
            return False
        return True

    def _begin(self, kind: type) -> None:
        """Makes room for the cells, the first of which has been found."""
        self._type = kind
        if kind is str:
            self._texts = TextsBeingRead(self._size)
        elif kind is float:
            self._numbers = np.zeros(self._size, np.float64)
