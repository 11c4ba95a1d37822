"""Builds the typed graph of a question: words, tables, columns and value candidates.

What is deliberately not here: synonyms. Databases with more columns than fit keep every table and
the columns that the question names, keys first.
"""

from __future__ import annotations

from t2s_bench.databases.schema import Schema, read_schema
from t2s_bench.databases.values import ValueIndex
from t2s_bench.types import Database, Question

from ..task import Task
from .candidates import value_candidates
from .features import FEATURES, features
from .graph import Item, Kind, SchemaGraph
from .matching import Matches, Names
from .relations import RELATIONS, relations
from .words import question_tokens

__all__ = ["FEATURES", "RELATIONS", "TaskMaker", "build_graph"]

# Items beyond this many: columns that match nothing are left out, keys last.
MOST_ITEMS = 400


class TaskMaker:
    """Makes tasks; schemas and value indexes are read once for each database."""

    def __init__(self) -> None:
        self._schemas: dict[str, Schema] = {}
        self._indexes: dict[str, ValueIndex] = {}

    def task(self, question: Question, database: Database) -> Task:
        """The question with its schema and graph."""
        if database.digest not in self._schemas:
            self._schemas[database.digest] = read_schema(database)
            self._indexes[database.digest] = ValueIndex.open(database)
        schema = self._schemas[database.digest]
        graph = build_graph(question, schema, self._indexes[database.digest])
        return Task(question, database, schema, graph)

    def close(self) -> None:
        """Closes the value indexes."""
        for index in self._indexes.values():
            index.close()
        self._indexes.clear()
        self._schemas.clear()


def build_graph(question: Question, schema: Schema, index: ValueIndex) -> SchemaGraph:
    """The graph of one question; evidence, where there is some, stands before the question."""
    text = f"{question.evidence}\n{question.question}" if question.evidence else question.question
    tokens = question_tokens(text)
    candidates = value_candidates(text, tokens, schema, index)
    names = Names(schema)
    marks = Matches(tokens, names)
    kept = _kept_columns(schema, marks, len(tokens) + len(candidates))
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


def _kept_columns(schema: Schema, marks: Matches, taken: int) -> list[tuple[int, int]]:
    places = [(t, c) for t, table in enumerate(schema.tables) for c in range(len(table.columns))]
    room = max(MOST_ITEMS - taken - len(schema.tables), 50)
    if len(places) <= room:
        return places

    def worth(place: tuple[int, int]) -> tuple[int, int, tuple[int, int]]:
        t, c = place
        column = schema.tables[t].columns[c]
        return (
            -int(marks.columns[t][c].max(initial=0)) - int(marks.tables[t].max(initial=0)),
            -bool(column.primary_key),
            place,
        )

    return sorted(sorted(places, key=worth)[:room])
