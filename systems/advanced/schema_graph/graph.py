"""The typed graph of a question: its words, the tables, the columns and the value candidates.

Built by `build.py`; read by the small model's encoder, by the graph attention network for
pretrained models, and by the pointer codec, whose pointers are item numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
import numpy.typing as npt


class Kind(str, Enum):
    """What an item stands for."""

    WORD = "word"
    TABLE = "table"
    COLUMN = "column"
    VALUE = "value"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Item:
    """One node.

    `text` is the question's word as written, the table's or column's name as the database spells
    it, or the value as a SQL literal (`'France'`, `150`). `words` are its folded words in order,
    for embedding. `table` is the place of the table in the schema for tables and columns, `column`
    the place within that table; -1 where it does not apply. `span` holds the first and the
    last question word that a word or value stands for (numbers of WORD items), or (-1, -1).
    `sources` are the (table, column) places where a value was found as a cell.
    """

    kind: Kind
    text: str
    words: tuple[str, ...]
    table: int = -1
    column: int = -1
    span: tuple[int, int] = (-1, -1)
    sources: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class SchemaGraph:
    """Items in the order words, tables, columns (table by table), values; and their relations.

    `relations[i, j]` is the type of the edge from item i to item j, an index into
    `build.RELATIONS` (0 is "none"); every ordered pair has exactly one. `features[i]` are yes/no
    marks of an item, in the order of `build.FEATURES`.
    """

    items: tuple[Item, ...]
    relations: npt.NDArray[np.uint8]
    features: npt.NDArray[np.uint8]

    @cached_property
    def first_table(self) -> int:
        """The number of the first TABLE item, which is also the number of words."""
        return sum(item.kind is Kind.WORD for item in self.items)

    @cached_property
    def table_items(self) -> tuple[int, ...]:
        """Item numbers of the tables, parallel to the schema's tables."""
        return tuple(n for n, item in enumerate(self.items) if item.kind is Kind.TABLE)

    @cached_property
    def column_items(self) -> dict[tuple[int, int], int]:
        """(table, column) places → item number."""
        return {
            (item.table, item.column): n
            for n, item in enumerate(self.items)
            if item.kind is Kind.COLUMN
        }

    @cached_property
    def value_items(self) -> dict[str, int]:
        """SQL literal → item number."""
        return {item.text: n for n, item in enumerate(self.items) if item.kind is Kind.VALUE}
