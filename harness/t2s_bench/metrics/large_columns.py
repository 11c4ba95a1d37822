"""The columns of a large result as arrays: whole numbers, floats or texts, and their NULLs.

Other cells (bytes, Decimals, two types in one column, whole numbers beyond 64 bits, NaN) have no
arrays here: their results are compared as Python objects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from t2s_bench.metrics.large_texts import Booleans, Places, Texts, Words, mixed

Floats = NDArray[np.float64]
Integers = NDArray[np.int32] | NDArray[np.int64]
Numbers = Integers | Floats
NULL: type = type(None)
_NULL_KEY = np.uint64(0x9E3779B97F4A7C15)
# Floats from here on are beyond 64-bit whole numbers.
_BEYOND = 2.0**63


@dataclass(frozen=True, eq=False)
class Column:
    """One column: the type of its cells that are not NULL, their values, and which are NULL.

    Floats that are all whole are kept as whole numbers: columns with equal values have equal
    arrays (1 == 1.0).
    """

    cells: type
    values: Numbers | Texts
    nulls: Booleans | None = None
    negative_zero: bool = False

    @property
    def kind(self) -> tuple[type, bool]:
        """The type of the values, and whether there are NULLs.

        Columns of two kinds never hold the same values: one has NULLs or texts and the other not,
        or one has a float that is no 64-bit whole number.
        """
        floats = isinstance(self.values, np.ndarray) and self.values.dtype.kind == "f"
        cells = int if self.cells is float and not floats else self.cells
        return cells, self.nulls is not None

    def keys(self) -> Words:
        """A number for each cell, the same for equal cells of columns of one kind."""
        if isinstance(self.values, Texts):
            keys = self.values.keys()
        else:
            short = self.values.dtype == np.int32
            keys = mixed((self.values.astype(np.int64) if short else self.values).view(np.uint64))
        if self.nulls is not None:
            keys[self.nulls] = _NULL_KEY
        return keys

    def taken(self, rows: Places | slice) -> Column:
        """The cells of some rows, in the order in which these are given."""
        nulls = None if self.nulls is None else self.nulls[rows]
        return replace(self, values=self.values[rows], nulls=nulls)

    def equal(self, other: Column) -> Booleans:
        """Row by row, whether the cells are equal as in Python; NULLs are equal to each other.

        One cell on the other side is compared with all.
        """
        equal = _equal(self.values, other.values)
        if self.nulls is None and other.nulls is None:
            return equal
        nulls, others = self.null_marks(), other.null_marks()
        return np.where(nulls | others, nulls & others, equal)

    def null_marks(self) -> Booleans:
        """Row by row, whether the cell is NULL."""
        return np.zeros(len(self.values), np.bool_) if self.nulls is None else self.nulls


def _equal(first: Numbers | Texts, second: Numbers | Texts) -> Booleans:
    if isinstance(first, Texts) and isinstance(second, Texts):
        return first.equal(second)
    if isinstance(first, Texts) or isinstance(second, Texts):
        return np.zeros(len(first), np.bool_)
    equal: Booleans
    if first.dtype.kind == second.dtype.kind:
        equal = first == second
        return equal
    integers, floats = (first, second) if second.dtype.kind == "f" else (second, first)
    # NumPy would compare both as floats, of which 2**53 and 2**53 + 1 are the same.
    are_whole = whole(cast("Floats", floats))
    equal = np.where(are_whole, floats, 0.0).astype(np.int64) == integers
    return equal & are_whole


def whole(floats: Floats) -> Booleans:
    """Which floats are 64-bit whole numbers."""
    found: Booleans = np.rint(floats) == floats
    found &= np.abs(floats) < _BEYOND
    return found
