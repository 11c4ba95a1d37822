"""The schema as a prompt shows it for one question: ranked, annotated, and marked.

Tables come in the order of their relevance, and a line names the columns that are likely needed,
best first; nothing is left out for relevance (that is `schema_graph/disambiguator.py`'s to decide).
Marks tell where the names of tables and columns stand, for models that take a vector there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from t2s_bench.databases.prompt import ddl, identifier
from t2s_bench.databases.schema import Schema
from t2s_bench.databases.values import ValueMatch

from ..language_model.model import Mark
from ..schema_graph.graph import Kind, SchemaGraph
from ..task import Linking, Task

# Columns that the annotation names at most, and from what probability on.
NAMED_COLUMNS = 15
LIKELY = 0.2
_TABLE = re.compile(r'CREATE (?:TABLE|VIEW) ("(?:[^"]|"")*"|\w+) \(')
_COLUMN = re.compile(r'    ("(?:[^"]|"")*"|\w+)(?=[ ,\n]|\Z)')


@dataclass(frozen=True)
class SchemaText:
    """The text, and where items of the task's graph are named in it."""

    text: str
    marks: tuple[Mark, ...]


def schema_text(
    task: Task,
    linking: Linking | None = None,
    *,
    shown: Schema | None = None,
    examples: int = 3,
    max_characters: int | None = None,
) -> SchemaText:
    """The schema of a task as CREATE TABLE statements, with the values its graph found.

    `shown` is a part of the task's schema; by default it is shown whole.
    """
    schema = ranked(shown or task.schema, task.schema, linking)
    note = annotation(task.schema, schema, linking)
    room = None if max_characters is None else max_characters - len(note) - 2
    text = ddl(schema, matches=_matches(task), examples=examples, max_characters=room)
    marks = marks_in(text, task.schema, task.graph)
    return SchemaText(f"{text}\n\n{note}" if note else text, marks)


def ranked(schema: Schema, whole: Schema, linking: Linking | None) -> Schema:
    """The tables by relevance, the most relevant first; equal ones in their old order."""
    if linking is None:
        return schema
    odds = {table.name: share for table, share in zip(whole.tables, linking.tables, strict=True)}
    tables = sorted(schema.tables, key=lambda table: -odds[table.name])
    return Schema(tuple(tables), schema.foreign_keys, schema.notes, schema.source)


def annotation(whole: Schema, shown: Schema, linking: Linking | None) -> str:
    """A line with the columns that are likely needed, or ''."""
    if linking is None:
        return ""
    likely = []
    for place, table in enumerate(whole.tables):
        own = shown.table(table.name)
        for number, column in enumerate(table.columns):
            odds = linking.columns[place][number]
            if odds >= LIKELY and own is not None and own.column(column.name) is not None:
                name = f"{identifier(table.name)}.{identifier(column.name)}"
                likely.append((-odds, place, number, name))
    named = [name for *_, name in sorted(likely)[:NAMED_COLUMNS]]
    return f"-- Likely needed, best first: {', '.join(named)}" if named else ""


def marks_in(text: str, schema: Schema, graph: SchemaGraph) -> tuple[Mark, ...]:
    """Where CREATE TABLE statements name the tables and columns of a graph."""
    tables = {identifier(table.name): place for place, table in enumerate(schema.tables)}
    marks = []
    place: int | None = None
    columns: dict[str, int] = {}
    at = 0
    for line in text.splitlines(keepends=True):
        found = _TABLE.match(line)
        if found:
            place = tables.get(found.group(1))
            if place is not None:
                marks.append(Mark(at + found.start(1), at + found.end(1), graph.table_items[place]))
                columns = {
                    identifier(column.name): number
                    for number, column in enumerate(schema.tables[place].columns)
                }
        elif place is not None and (found := _COLUMN.match(line)):
            item = graph.column_items.get((place, columns.get(found.group(1), -1)))
            if item is not None:
                marks.append(Mark(at + found.start(1), at + found.end(1), item))
        at += len(line)
    return tuple(marks)


def _matches(task: Task) -> list[ValueMatch]:
    """The values that the graph found in the database, as the schema text takes them."""
    found = []
    for item in task.graph.items:
        if item.kind is Kind.VALUE and item.text.startswith("'"):
            value = item.text[1:-1].replace("''", "'")
            for place, number in item.sources:
                table = task.schema.tables[place]
                column = table.columns[number]
                found.append(ValueMatch(table.name, column.name, value, 1.0, (0, 0)))
    return found
