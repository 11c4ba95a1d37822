"""Graphs for the pointer codec's tests: a schema's tables and columns, and given value items."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from systems.advanced.codec.pointer.decode import decode
from systems.advanced.codec.pointer.encode import encode
from systems.advanced.codec.pointer.vocabulary import SIZE
from systems.advanced.schema_graph.graph import Item, Kind, SchemaGraph

from t2s_bench.databases.schema import Column, ForeignKey, Schema, Table

SCHOOL = Schema(
    (
        Table("student", tuple(map(Column, ("id", "name", "age", "advisor id")))),
        Table("course", tuple(map(Column, ("code", "title", "credits")))),
        Table("enrolment", tuple(map(Column, ("student_id", "course_code", "grade")))),
        Table("order", tuple(map(Column, ("id", "group", "student_id")))),
    ),
    (
        ForeignKey("enrolment", ("student_id",), "student", ("id",)),
        ForeignKey("enrolment", ("course_code",), "course", ("code",)),
        ForeignKey("student", ("advisor id",), "student", ("id",)),
    ),
)


LITERALS = ("'France'", "20", "1.5", "'O''Neil'", "'x'")


def graph_of(schema: Schema, literals: Iterable[str]) -> SchemaGraph:
    """A graph without words, relations and features."""
    items = [Item(Kind.TABLE, t.name, (t.name,), n) for n, t in enumerate(schema.tables)]
    items += [
        Item(Kind.COLUMN, column.name, (column.name,), n, place)
        for n, table in enumerate(schema.tables)
        for place, column in enumerate(table.columns)
    ]
    items += [Item(Kind.VALUE, text, (text,)) for text in dict.fromkeys(literals)]
    none = np.zeros((len(items), 0), dtype=np.uint8)
    return SchemaGraph(tuple(items), none, none)


_LITERAL = re.compile(r""""([^"]*)"|'((?:[^']|'')*)'|(?<![\w.])(-?\d+(?:\.\d+)?)(?!\w)""")


def perfect_literals(sql: str) -> list[str]:
    """Value items for exactly what a statement quotes or counts, wildcards left out."""
    found = []
    for quoted, single, number in _LITERAL.findall(sql):
        text = quoted or single.replace("''", "'")
        inner = (text.strip("%") or text).replace("'", "''")
        found.append(number or f"'{inner}'")
    return found


# The school with literals that its questions could name; how many tokens that makes.
GRAPH = graph_of(SCHOOL, LITERALS)
TOKENS = SIZE + len(GRAPH.items)


def there_and_back(sql: str) -> str:
    """A statement on the school, encoded with a value item for each literal, and decoded."""
    graph = graph_of(SCHOOL, perfect_literals(sql))
    return decode(encode(sql, SCHOOL, graph), SCHOOL, graph)
