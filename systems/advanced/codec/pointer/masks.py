"""What may follow as masks over vocabulary and items."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...schema_graph.graph import Kind, SchemaGraph
from . import vocabulary as v
from .options import Options
from .places import Open

Mask = npt.NDArray[np.bool_]


class Masks:
    """The masks of one graph, made when they are first needed."""

    def __init__(self, graph: SchemaGraph) -> None:
        self.kinds = [item.kind for item in graph.items]
        self.tables = [item.table for item in graph.items]
        self.width = max(self.tables, default=-1) + 1
        self._table_of = np.array(self.tables, dtype=np.int64)
        self._is_table = np.array([kind is Kind.TABLE for kind in self.kinds], dtype=bool)
        self._is_column = np.array([kind is Kind.COLUMN for kind in self.kinds], dtype=bool)
        self._is_value = np.array([kind is Kind.VALUE for kind in self.kinds], dtype=bool)
        self._is_number = np.array(
            [item.kind is Kind.VALUE and item.text.isdecimal() for item in graph.items], dtype=bool
        )
        self._columned = np.bincount(self._table_of[self._is_column], minlength=self.width).tolist()
        self._made: dict[tuple[object, ...], Mask] = {}

    def of(self, stack: tuple[Open, ...]) -> Mask:
        """The mask after what made the stack."""
        query = stack[-1]
        outside = 0
        for around in stack[:-1]:
            outside |= around.held
        around = stack[-2] if len(stack) > 1 else Open()
        key = (query, outside, around.held, len(stack))
        mask = self._made.get(key)
        if mask is None:
            mask = self._made[key] = self._make(query, outside, around, len(stack))
        return mask

    def _make(self, query: Open, outside: int, around: Open, depth: int) -> Mask:
        options = Options(self._columned, query, outside, around, depth)
        options.fill()
        mask = np.zeros(v.SIZE + len(self.kinds), dtype=bool)
        mask[list(options.tokens)] = True
        items = mask[v.SIZE :]
        if options.columns:
            items |= self._is_column & self._within(options.columns)
            items[options.told] = False
        if options.tables:
            items |= self._is_table & self._within(options.tables)
        if options.values:
            items |= self._is_value
        if options.numbers:
            items |= self._is_number
        mask.flags.writeable = False
        return mask

    def _within(self, bits: int) -> Mask:
        tables = np.array([bits >> n & 1 for n in range(self.width)] + [0], dtype=bool)
        return tables[self._table_of]  # items without a table have -1: the last, never within
