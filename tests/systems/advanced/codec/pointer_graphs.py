"""Graphs for the pointer codec's tests: a schema's tables and columns, and given value items."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
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
