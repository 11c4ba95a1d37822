"""Lexical linking: what takes the graph attention's place when `gat` is switched off.

Nothing is learnt; the weights are round numbers. `lexical_linking` is the marks alone, an input of
the small model's weights that were trained without typed attention: they must be trained again
where it changes. `LexicalLinker` ranks better and is what learned linkers are compared with.
"""

from __future__ import annotations

import numpy as np

from t2s_bench.databases.schema import Schema

from ..task import Linking, Task
from .build import FEATURES, RELATIONS
from .graph import Kind

_EXACT, _PARTIAL, _VALUE, _NOTHING = 0.9, 0.5, 0.7, 0.05
_KEY = 0.15
_MARKS = [FEATURES.index(f"matched {how}") for how in ("exactly", "partly", "by value")]
_NAMING = [
    RELATIONS.index(f"word-{kind} {how}")
    for kind in ("table", "column")
    for how in ("exact", "partial")
]


def lexical_linking(task: Task) -> Linking:
    """The relevance of every table and column by its marks alone.

    Whether a question names an item wholly, partly or by one of its cells; a table is as relevant
    as its best column, a little less, and keys come with their table.
    """
    graph, schema = task.graph, task.schema
    tables = [_NOTHING] * len(schema.tables)
    columns = [[_NOTHING] * len(table.columns) for table in schema.tables]
    for number, item in enumerate(graph.items):
        if item.kind not in (Kind.TABLE, Kind.COLUMN):
            continue
        exactly, partly, by_value = (bool(graph.features[number, mark]) for mark in _MARKS)
        share = max(_NOTHING, _EXACT * exactly, _PARTIAL * partly, _VALUE * by_value)
        if item.kind is Kind.TABLE:
            tables[item.table] = max(tables[item.table], share)
        else:
            columns[item.table][item.column] = share
    for place, table in enumerate(schema.tables):
        best = max(columns[place], default=_NOTHING)
        tables[place] = max(tables[place], 0.6 * best)
        for number, column in enumerate(table.columns):
            if column.primary_key and tables[place] > _PARTIAL:
                columns[place][number] = max(columns[place][number], _KEY)
    return Linking(tuple(tables), tuple(tuple(row) for row in columns))


class LexicalLinker:
    """The lexical linker: it ranks, and hides nothing.

    A name counts by the share of its words that the question says, a column half by its table, a
    primary key by its table, and the columns of a foreign key by the lesser of their two tables.
    """

    def link(self, task: Task) -> Linking:
        """The relevance of every table and column."""
        schema = task.schema
        tables, columns = _named(task)
        for place, row in enumerate(columns):
            tables[place] = max(tables[place], 0.6 * max(row, default=_NOTHING))
            for number, column in enumerate(schema.tables[place].columns):
                row[number] *= 0.5 + 0.5 * tables[place]
                if column.primary_key:
                    row[number] = max(row[number], 0.3 * tables[place])
        places = {
            (table.name.lower(), column.name.lower()): (place, number)
            for place, table in enumerate(schema.tables)
            for number, column in enumerate(table.columns)
        }
        for key in schema.foreign_keys:
            ends = [places[key.table.lower(), name.lower()] for name in key.columns]
            ends += [places[key.parent.lower(), name.lower()] for name in key.parent_columns]
            joined = 0.8 * min(tables[place] for place, _ in ends)
            for place, number in ends:
                columns[place][number] = max(columns[place][number], joined)
        return Linking(tuple(tables), tuple(tuple(row) for row in columns))

    def shown(self, task: Task, linking: Linking) -> Schema | None:
        """All of the schema."""
        return None

    def embeddings(self, task: Task) -> None:
        """It has no vectors."""


def _named(task: Task) -> tuple[list[float], list[list[float]]]:
    """How well the question names each table and each column, by the name's words and its cells."""
    graph, words = task.graph, task.graph.first_table
    naming = np.isin(graph.relations[:words], _NAMING)
    tables = [_NOTHING] * len(task.schema.tables)
    columns = [[_NOTHING] * len(table.columns) for table in task.schema.tables]
    for number, item in enumerate(graph.items):
        if item.kind not in (Kind.TABLE, Kind.COLUMN):
            continue
        exactly, partly, by_value = (bool(graph.features[number, mark]) for mark in _MARKS)
        said = {graph.items[word].words for word in np.flatnonzero(naming[:, number])}
        share = min(1.0, len(said) / len(item.words))
        named = max(_NOTHING, 0.9 * exactly, 0.6 * share * partly)
        if item.kind is Kind.TABLE:
            tables[item.table] = named
        else:
            columns[item.table][item.column] = max(named, 0.8 * by_value)
    return tables, columns
