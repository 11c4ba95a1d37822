"""The typed edges between all pairs of items: what attention over the graph knows of them.

Every ordered pair has one type, the most specific that holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from t2s_bench.databases.schema import Schema

from .graph import Item, Kind
from .matching import Matches

RELATIONS = (
    "none",
    "same",
    "word 1 before",
    "word 2 before",
    "word farther before",
    "word 1 after",
    "word 2 after",
    "word farther after",
    "word-table exact",
    "word-table partial",
    "word-column exact",
    "word-column partial",
    "word-column by value",
    "word-table other",
    "word-column other",
    "table-word exact",
    "table-word partial",
    "column-word exact",
    "column-word partial",
    "column-word by value",
    "table-word other",
    "column-word other",
    "table-table foreign key",
    "table-table referred",
    "table-table both ways",
    "table-table other",
    "table has column",
    "table has primary key",
    "table-column other",
    "column of table",
    "primary key of table",
    "column-table other",
    "column-column same table",
    "column refers to column",
    "column referred by column",
    "column-column same name",
    "column-column other",
    "value-word covers",
    "value-word near",
    "value-word other",
    "word-value covered",
    "word-value near",
    "word-value other",
    "value-column cell",
    "value-column other",
    "column-value cell",
    "column-value other",
    "value-table cell",
    "value-table other",
    "table-value cell",
    "table-value other",
    "value-value overlapping",
    "value-value other",
)
_R = {name: number for number, name in enumerate(RELATIONS)}
# A value and a word this many words apart are near.
NEAR = 2

Edges = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


def relations(schema: Schema, items: Sequence[Item], marks: Matches) -> Edges:
    """(items, items): the type of the edge from each to each."""
    groups = [[number for number, item in enumerate(items) if item.kind is kind] for kind in Kind]
    blocks: dict[tuple[int, int], Edges] = {}
    words, tables, columns, values = ([items[n] for n in group] for group in groups)
    blocks[0, 0] = _word_word(len(words))
    named = [marks.tables[item.table] for item in tables]
    blocks[0, 1], blocks[1, 0] = _named("table", _stacked(named, len(words)))
    named = [marks.columns[item.table][item.column] for item in columns]
    blocks[0, 2], blocks[2, 0] = _named(
        "column", _stacked(named, len(words)), _by_value(columns, values, len(words))
    )
    blocks[1, 1] = _table_table(schema, tables)
    blocks[1, 2], blocks[2, 1] = _table_column(schema, tables, columns)
    blocks[2, 2] = _column_column(schema, columns)
    blocks[3, 0], blocks[0, 3] = _value_word(values, len(words))
    sources = [set(value.sources) for value in values]
    cells = [[(c.table, c.column) in found for c in columns] for found in sources]
    blocks[3, 2], blocks[2, 3] = _value_schema("column", cells, len(columns))
    owners = [{place for place, _ in found} for found in sources]
    cells = [[t.table in found for t in tables] for found in owners]
    blocks[3, 1], blocks[1, 3] = _value_schema("table", cells, len(tables))
    blocks[3, 3] = _value_value(values)
    out = np.zeros((len(items), len(items)), dtype=np.uint8)
    for (one, other), block in blocks.items():
        if block.size:
            out[np.ix_(groups[one], groups[other])] = block
    return out


def _typed(how: npt.NDArray[Any], *names: str) -> Edges:
    """Types by number: 0 is the first name."""
    types: Edges = np.array([_R[name] for name in names], dtype=np.uint8)[how]
    return types


def _stacked(rows: Sequence[npt.NDArray[np.uint8]], words: int) -> npt.NDArray[np.uint8]:
    """(words, names)."""
    return np.stack(rows, 1) if rows else np.zeros((words, 0), dtype=np.uint8)


def _word_word(count: int) -> Edges:
    gap = np.arange(count)[None, :] - np.arange(count)[:, None]
    return _typed(
        np.clip(gap, -3, 3) + 3,
        "word farther before",
        "word 2 before",
        "word 1 before",
        "same",
        "word 1 after",
        "word 2 after",
        "word farther after",
    )


def _named(
    kind: str, how: npt.NDArray[np.uint8], by_value: Flags | None = None
) -> tuple[Edges, Edges]:
    """Word → name and name → word: exactly, partly, by a cell, or not."""
    there = _typed(how, f"word-{kind} other", f"word-{kind} partial", f"word-{kind} exact")
    back = _typed(how, f"{kind}-word other", f"{kind}-word partial", f"{kind}-word exact")
    if by_value is not None:
        cell = by_value & (how < 2)
        there[cell], back[cell] = _R[f"word-{kind} by value"], _R[f"{kind}-word by value"]
    return there, back.T


def _by_value(columns: Sequence[Item], values: Sequence[Item], words: int) -> Flags:
    place = {(item.table, item.column): number for number, item in enumerate(columns)}
    cells = np.zeros((words, len(columns)), dtype=bool)
    for value in values:
        first, last = value.span
        for source in value.sources:
            if source in place and first >= 0:
                cells[first : last + 1, place[source]] = True
    return cells


def _table_table(schema: Schema, tables: Sequence[Item]) -> Edges:
    number = {table.name.lower(): place for place, table in enumerate(schema.tables)}
    refers = np.zeros((len(tables), len(tables)), dtype=bool)
    for key in schema.foreign_keys:
        refers[number[key.table.lower()], number[key.parent.lower()]] = True
    out = _typed(
        refers + 2 * refers.T.astype(int),
        "table-table other",
        "table-table foreign key",
        "table-table referred",
        "table-table both ways",
    )
    np.fill_diagonal(out, _R["same"])
    return out


def _table_column(
    schema: Schema, tables: Sequence[Item], columns: Sequence[Item]
) -> tuple[Edges, Edges]:
    own = np.array([[t.table == c.table for c in columns] for t in tables], dtype=np.bool_)
    primary = np.array(
        [bool(schema.tables[c.table].columns[c.column].primary_key) for c in columns],
        dtype=np.bool_,
    )
    own = own.reshape(len(tables), len(columns))
    how = own * (1 + primary[None, :].astype(int))
    there = _typed(how, "table-column other", "table has column", "table has primary key")
    back = _typed(how, "column-table other", "column of table", "primary key of table")
    return there, back.T


def _column_column(schema: Schema, columns: Sequence[Item]) -> Edges:
    table = np.array([item.table for item in columns])
    name = np.array([item.text.lower() for item in columns])
    out = np.full((len(columns), len(columns)), _R["column-column other"], dtype=np.uint8)
    out[name[:, None] == name[None, :]] = _R["column-column same name"]
    out[table[:, None] == table[None, :]] = _R["column-column same table"]
    place = {(item.table, item.text.lower()): number for number, item in enumerate(columns)}
    number = {known.name.lower(): number for number, known in enumerate(schema.tables)}
    for key in schema.foreign_keys:
        for one, other in zip(key.columns, key.parent_columns, strict=True):
            child = place.get((number[key.table.lower()], one.lower()))
            parent = place.get((number[key.parent.lower()], other.lower()))
            if child is not None and parent is not None:
                out[child, parent] = _R["column refers to column"]
                out[parent, child] = _R["column referred by column"]
    np.fill_diagonal(out, _R["same"])
    return out


def _value_word(values: Sequence[Item], words: int) -> tuple[Edges, Edges]:
    spans = np.array([item.span for item in values]).reshape(len(values), 2)
    place = np.arange(words)[None, :]
    covers = (place >= spans[:, :1]) & (place <= spans[:, 1:])
    near = (place >= spans[:, :1] - NEAR) & (place <= spans[:, 1:] + NEAR)
    how = near.astype(int) + covers
    there = _typed(how, "value-word other", "value-word near", "value-word covers")
    back = _typed(how, "word-value other", "word-value near", "word-value covered")
    return there, back.T


def _value_schema(kind: str, cells: Sequence[Sequence[bool]], count: int) -> tuple[Edges, Edges]:
    how = np.array(cells, dtype=np.uint8).reshape(len(cells), count)
    there = _typed(how, f"value-{kind} other", f"value-{kind} cell")
    return there, _typed(how, f"{kind}-value other", f"{kind}-value cell").T


def _value_value(values: Sequence[Item]) -> Edges:
    spans = np.array([item.span for item in values]).reshape(len(values), 2)
    meet = (spans[:, None, 0] <= spans[None, :, 1]) & (spans[None, :, 0] <= spans[:, None, 1])
    out = _typed(meet.astype(int), "value-value other", "value-value overlapping")
    np.fill_diagonal(out, _R["same"])
    return out
