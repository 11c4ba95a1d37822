"""Builds the typed graph of a question: words, tables, columns and value candidates.

What is deliberately not here: synonyms. Databases with more columns than fit keep every table and
the columns that matter most for the question: those with a cell that it names, then those that it
names themselves, then those of tables that it names; keys before others.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

from t2s_bench.databases.schema import Schema, read_schema
from t2s_bench.databases.values import ValueIndex
from t2s_bench.types import Database, Question

from ..task import Task
from .candidates import value_candidates
from .features import FEATURES, features
from .graph import Item, Kind, SchemaGraph
from .matching import Matches, Names
from .relations import RELATIONS, relations
from .words import task_tokens

__all__ = ["FEATURES", "RELATIONS", "TaskMaker", "build_graph"]

# In a graph of more items than this, columns are left out, but never all of them.
MOST_ITEMS = 400
LEAST_COLUMNS = 50


class TaskMaker:
    """Makes tasks; schemas and value indexes are read once for each database."""

    def __init__(self) -> None:
        # By digest and path, because a `schema.json` beside the file says more than the file.
        self._known: dict[tuple[str, Path], tuple[Schema, ValueIndex]] = {}

    def task(self, question: Question, database: Database) -> Task:
        """The question with its schema and graph."""
        key = (database.digest, database.path)
        if key not in self._known:
            self._known[key] = (read_schema(database), ValueIndex.open(database))
        schema, index = self._known[key]
        return Task(question, database, schema, build_graph(question, schema, index))

    def close(self) -> None:
        """Closes the value indexes."""
        for _, index in self._known.values():
            index.close()
        self._known.clear()


def build_graph(question: Question, schema: Schema, index: ValueIndex) -> SchemaGraph:
    """The graph of one question; evidence, where there is some, stands before the question."""
    text, tokens = task_tokens(question.evidence, question.question)
    names = Names(schema)
    marks = Matches(tokens, names)
    candidates = value_candidates(text, tokens, schema, index, marks)
    cells = {source for one in candidates for source in one.sources}
    kept = _kept_columns(schema, marks, cells, len(tokens) + len(candidates))
    items = [
        Item(Kind.WORD, token.text, (token.folded,), span=(n, n)) for n, token in enumerate(tokens)
    ]
    items += [
        Item(Kind.TABLE, table.name, names.tables[place], table=place)
        for place, table in enumerate(schema.tables)
    ]
    items += [
        Item(Kind.COLUMN, schema.tables[t].columns[c].name, names.columns[t][c], table=t, column=c)
        for t, c in kept
    ]
    items += [
        Item(Kind.VALUE, one.literal, one.words, span=one.span, sources=one.sources)
        for one in candidates
    ]
    return SchemaGraph(
        tuple(items),
        relations(schema, items, marks),
        features(schema, items, marks, candidates),
    )


def _kept_columns(
    schema: Schema, marks: Matches, cells: AbstractSet[tuple[int, int]], taken: int
) -> list[tuple[int, int]]:
    """The (table, column) places that become items, in the schema's order."""
    places = [(t, c) for t, table in enumerate(schema.tables) for c in range(len(table.columns))]
    room = max(MOST_ITEMS - taken - len(schema.tables), LEAST_COLUMNS)
    if len(places) <= room:
        return places

    keys = {
        (key.table.lower(), name.lower()) for key in schema.foreign_keys for name in key.columns
    }
    tables = [int(row.max(initial=0)) for row in marks.tables]

    def worth(place: tuple[int, int]) -> tuple[float, bool]:
        t, c = place
        table = schema.tables[t]
        column = table.columns[c]
        named = int(marks.columns[t][c].max(initial=0))
        joins = bool(column.primary_key) or (table.name.lower(), column.name.lower()) in keys
        return 2.5 * (place in cells) + named + tables[t], joins

    # Sorting is stable: what is worth the same stays in the schema's order.
    return sorted(sorted(places, key=worth, reverse=True)[:room])
