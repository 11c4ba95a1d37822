"""What the schema guarantees: the facts by which a mutant can be proved to change nothing."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from .databases import quoted, table_names

_CLASSES = {
    "INTEGER": "number",
    "REAL": "number",
    "NUMERIC": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DATETIME": "date",
    "TIMESTAMP": "date",
}


@dataclass(frozen=True)
class ForeignKey:
    """Pairs of (column here, column of the parent)."""

    parent: str
    pairs: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Relation:
    """A table, or the result of a subquery, as its columns and what is known of them.

    All names are in lower case, as SQLite's are case-insensitive. Each key is a set of columns
    of which no two rows share the values; the empty key says that there is one row at most.
    """

    columns: tuple[str, ...]
    keys: tuple[frozenset[str], ...] = ()
    not_null: frozenset[str] = frozenset()
    foreign_keys: tuple[ForeignKey, ...] = ()
    # Column to its declared type in upper case, without parameters; empty for a subquery.
    types: tuple[tuple[str, str], ...] = ()
    table: str | None = None

    def class_of(self, column: str) -> str:
        """`number`, `text`, `date` or `boolean`."""
        return _CLASSES.get(dict(self.types).get(column, ""), "text")

    def is_real(self, column: str) -> bool:
        """Whether division of the column is never integer division."""
        return dict(self.types).get(column, "") == "REAL"


def read_tables(connection: sqlite3.Connection) -> dict[str, Relation]:
    """The tables of a database by their names in lower case."""
    return {name.lower(): _relation(connection, name) for name in table_names(connection)}


def _relation(connection: sqlite3.Connection, name: str) -> Relation:
    info = connection.execute(f"PRAGMA table_info({quoted(name)})").fetchall()
    primary = [(row[5], row[1].lower()) for row in info if row[5]]
    # SQLite allows NULL in a primary key other than INTEGER; the standard and the sources do not.
    not_null = {row[1].lower() for row in info if row[3]} | {column for _, column in primary}
    keys = [frozenset(column for _, column in primary)] if primary else []
    indexes = connection.execute(f"PRAGMA index_list({quoted(name)})").fetchall()
    for index in sorted(indexes, key=lambda row: str(row[1])):
        unique, partial = index[2], index[4]
        parts = connection.execute(f"PRAGMA index_info({quoted(index[1])})").fetchall()
        columns = [part[2].lower() for part in parts if part[2]]
        # Rows with a NULL in a unique index do not exclude each other.
        if unique and not partial and len(columns) == len(parts) and not_null >= set(columns):
            keys.append(frozenset(columns))
    return Relation(
        columns=tuple(row[1].lower() for row in info),
        keys=tuple(dict.fromkeys(keys)),
        not_null=frozenset(not_null),
        foreign_keys=tuple(_foreign_keys(connection, name)),
        types=tuple((row[1].lower(), re.sub(r"\(.*", "", row[2]).strip().upper()) for row in info),
        table=name.lower(),
    )


def _foreign_keys(connection: sqlite3.Connection, name: str) -> list[ForeignKey]:
    rows = connection.execute(f"PRAGMA foreign_key_list({quoted(name)})").fetchall()
    found = []
    for number in sorted({row[0] for row in rows}):
        parts = sorted((row for row in rows if row[0] == number), key=lambda row: int(row[1]))
        parent = parts[0][2]
        info = connection.execute(f"PRAGMA table_info({quoted(parent)})").fetchall()
        primary = [row[1] for row in sorted(info, key=lambda row: int(row[5])) if row[5]]
        pairs = frozenset(
            (part[3].lower(), (part[4] or primary[position]).lower())
            for position, part in enumerate(parts)
        )
        found.append(ForeignKey(parent.lower(), pairs))
    return found
