"""What a generator must know of a database: its columns' kinds, real values and joins."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from t2s_bench.databases.connection import open_read_only, quote_identifier
from t2s_bench.databases.schema import Column, Schema, read_schema
from t2s_bench.synthesis.names import split_name

Value = str | int | float

# Values are read from so many first rows of a table, and so many of a column are kept.
ROWS = 2_000
VALUES = 200
# Text longer than this stands in no condition; a column of such text is seldom asked for.
LONGEST = 40
_DATE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?")
_KEY = re.compile(r"(^|\s)(id|ids|key|uuid)$")
_NUMBERING = re.compile(r"(^|\s)(phone|zip|fax|postcode|code|number|no|ssn|lat|long|latitude"
                        r"|longitude|isbn|num)$")  # fmt: skip


class Kind(str, Enum):
    """What can be asked of a column."""

    KEY = "key"
    NUMBER = "number"
    YEAR = "year"
    DATE = "date"
    TEXT = "text"
    LABEL = "label"  # a number or long text that is shown, but not compared
    NONE = "none"  # nothing but NULL or bytes


@dataclass(frozen=True, order=True)
class Ref:
    """One column of one table."""

    table: str
    column: str


@dataclass(frozen=True)
class Link:
    """A foreign key of one column: many rows of `child` belong to one of `parent`."""

    child: Ref
    parent: Ref


@dataclass(frozen=True)
class Profile:
    """One database. `values` are distinct real ones; `unique` names columns without repeats."""

    kinds: Mapping[Ref, Kind]
    values: Mapping[Ref, tuple[Value, ...]]
    unique: frozenset[Ref]
    links: tuple[Link, ...]
    table_words: Mapping[str, str]
    column_words: Mapping[Ref, str]
    keys: Mapping[str, str]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that hold something, in the schema's order."""
        return tuple(self.table_words)

    def columns(self, table: str, *kinds: Kind) -> list[Ref]:
        """A table's columns of these kinds, in their order."""
        return [ref for ref, kind in self.kinds.items() if ref.table == table and kind in kinds]


def read_profile(path: Path) -> Profile:
    """Reads a SQLite file; empty tables, views and sequences are left out. Never writes."""
    schema = read_schema(path, samples=0)
    links = _links(schema)
    linked = {ref for link in links for ref in (link.child, link.parent)}
    kinds: dict[Ref, Kind] = {}
    values: dict[Ref, tuple[Value, ...]] = {}
    unique = set()
    words = {}
    column_words = {}
    keys = {}
    connection = open_read_only(path)
    try:
        for table in schema.tables:
            if table.kind != "table" or not table.rows:
                continue
            names = ", ".join(quote_identifier(column.name) for column in table.columns)
            sql = f"SELECT {names} FROM {quote_identifier(table.name)} LIMIT {ROWS}"
            rows = connection.execute(sql).fetchall()
            words[table.name] = _table_words(table.readable or table.name)
            if len(table.primary_key) == 1:
                keys[table.name] = table.primary_key[0]
            for column, cells in zip(table.columns, zip(*rows, strict=True), strict=True):
                ref = Ref(table.name, column.name)
                column_words[ref] = _column_words(column)
                present = [_plain(cell) for cell in cells if cell is not None and cell != ""]
                distinct = tuple(dict.fromkeys(present))
                kinds[ref] = _kind(column, column_words[ref], present, ref in linked)
                values[ref] = tuple(
                    v for v in distinct[:VALUES] if isinstance(v, (str, int, float))
                )
                if len(distinct) == len(cells):
                    unique.add(ref)
    except sqlite3.DatabaseError as error:
        from t2s_bench.errors import BadInput

        raise BadInput(f"{path} cannot be read: {error}") from error
    finally:
        connection.close()
    kept = tuple(one for one in links if one.child.table in words and one.parent.table in words)
    return Profile(kinds, values, frozenset(unique), kept, words, column_words, keys)


def _plain(cell: object) -> object:
    """3.0 as 3, which a question says and SQL finds as well."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return cell


def _links(schema: Schema) -> tuple[Link, ...]:
    return tuple(
        Link(Ref(key.table, key.columns[0]), Ref(key.parent, key.parent_columns[0]))
        for key in schema.foreign_keys
        if len(key.columns) == 1 and key.table != key.parent
    )


def _table_words(name: str) -> str:
    return split_name(name).removeprefix("tbl ").removeprefix("ref ")


def _column_words(column: Column) -> str:
    return split_name(column.readable or column.name)


def _kind(column: Column, words: str, cells: list[object], linked: bool) -> Kind:
    if not cells or any(isinstance(cell, bytes) for cell in cells):
        return Kind.NONE
    if linked or column.primary_key and not any(isinstance(cell, str) for cell in cells):
        return Kind.KEY
    if _KEY.search(words) or column.name.lower().endswith("id") and _short_codes(cells):
        return Kind.KEY
    if all(isinstance(cell, (int, float)) for cell in cells):
        if words.endswith("year") and all(1000 < float(str(cell)) < 2200 for cell in cells):
            return Kind.YEAR
        if _NUMBERING.search(words) and not words.startswith("number of"):
            return Kind.LABEL
        return Kind.NUMBER if len(set(cells)) > 2 else Kind.LABEL
    if all(isinstance(cell, str) for cell in cells):
        texts = [str(cell) for cell in cells]
        if all(_DATE.fullmatch(text) for text in texts):
            return Kind.DATE
        if all(len(text) <= LONGEST and text.isprintable() for text in texts):
            return Kind.TEXT
    return Kind.LABEL


def _short_codes(cells: list[object]) -> bool:
    return all(isinstance(cell, int) for cell in cells)
