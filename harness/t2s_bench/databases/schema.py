"""One Schema of a database, for prompts, graphs and reports alike.

Read from the SQLite file by PRAGMAs on a connection that cannot write, and enriched by the
`schema.json` beside it (see `schema_file`). All scans are bounded, so that a database with millions
of rows or with hundreds of tables is read in about a second.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from heapq import nsmallest
from pathlib import Path

from t2s_bench.databases.connection import open_read_only, quote_identifier
from t2s_bench.databases.schema_file import SchemaFile, TableText, read_schema_file
from t2s_bench.errors import BadInput
from t2s_bench.types import Database

SampleValue = str | int | float

# Sampled values are the most frequent among the first rows: at most SAMPLED_ROWS of a table, fewer
# where the database has so many columns that this would be more than SAMPLED_CELLS cells in all.
SAMPLED_ROWS = 10_000
SAMPLED_CELLS = 2_000_000
# Rows are counted exactly up to this many in one table, and in all tables together (but always up
# to SAMPLED_ROWS): above it `Table.rows` is a lower bound. A million take about 0.15 s.
COUNTED_ROWS = 1_000_000
COUNTED_ROWS_IN_ALL = 5_000_000
# A view can hide any amount of work: it is sampled within this many SQLite VM steps (about 0.1 s).
VIEW_STEPS = 5_000_000
SAMPLE_LENGTH = 60
CUT = "…"


@dataclass(frozen=True)
class Column:
    """One column.

    `type` is the declared type as the database spells it, `stated_type` the one that `schema.json`
    gives. `primary_key` is the position in the primary key from 1, or 0. `samples` are the most
    frequent values, most frequent first; text longer than `SAMPLE_LENGTH` ends with `CUT`.
    """

    name: str
    type: str = ""
    not_null: bool = False
    primary_key: int = 0
    generated: bool = False
    readable: str = ""
    description: str = ""
    values: str = ""
    stated_type: str = ""
    samples: tuple[SampleValue, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table, view or virtual table (`kind`).

    `rows` is None for a view (counting one may cost anything) and a lower bound where `rows_exact`
    is false. `stated_key` says that the primary key comes from `schema.json` only.
    """

    name: str
    columns: tuple[Column, ...]
    kind: str = "table"
    rows: int | None = None
    rows_exact: bool = True
    stated_key: bool = False
    readable: str = ""
    description: str = ""

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name.lower(): column for column in self.columns}

    def column(self, name: str) -> Column | None:
        """The column of that name, without regard to case."""
        return self._by_name.get(name.lower())

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The names of the primary key's columns, in the key's order."""
        members = [column for column in self.columns if column.primary_key]
        return tuple(c.name for c in sorted(members, key=lambda c: c.primary_key))


@dataclass(frozen=True)
class ForeignKey:
    """Columns of one table that refer to columns of another, pairwise.

    `stated` says that only `schema.json` names it and the database does not.
    """

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    stated: bool = False


@dataclass(frozen=True)
class Schema:
    """The tables in the order of their creation, the foreign keys, and what did not fit.

    `notes` holds one line for every contradiction: a key that names a missing column, a name in
    `schema.json` that the database lacks, a view that cannot be read.
    """

    tables: tuple[Table, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    notes: tuple[str, ...] = ()
    source: str = field(default="", compare=False)

    @cached_property
    def _by_name(self) -> dict[str, Table]:
        return {table.name.lower(): table for table in self.tables}

    def table(self, name: str) -> Table | None:
        """The table of that name, without regard to case."""
        return self._by_name.get(name.lower())


def read_schema(database: Database | str | Path, *, samples: int = 3) -> Schema:
    """Reads the schema of a SQLite database and of the `schema.json` beside it; never writes.

    Tables come first in the order of creation; SQLite's internal tables and the shadow tables of
    virtual ones are left out. `samples` is how many values each column shows at most; BLOBs and
    NULLs never count. Needs SQLite 3.37 or later. Raises BadInput for a file that is no database
    and for a `schema.json` of another shape.
    """
    path = database.path if isinstance(database, Database) else Path(database)
    notes: list[str] = []
    connection = open_read_only(path)
    try:
        tables = _read_tables(connection, notes)
        keys = _read_foreign_keys(connection, tables)
        tables = _read_contents(connection, tables, samples, notes)
    except sqlite3.DatabaseError as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    finally:
        connection.close()
    said = read_schema_file(path)
    if said is not None:
        tables = _with_texts(tables, said, notes)
        tables = _with_primary_keys(tables, said, notes)
        keys = keys + [ForeignKey(t, (c,), t2, (c2,), True) for t, c, t2, c2 in said.foreign_keys]
    return Schema(
        tuple(tables),
        _resolved_keys(Schema(tuple(tables)), keys, notes),
        tuple(notes),
        said.source if said is not None else "",
    )


def _read_tables(connection: sqlite3.Connection, notes: list[str]) -> list[Table]:
    order = {
        name: position
        for position, (name,) in enumerate(
            connection.execute("SELECT name FROM sqlite_master ORDER BY rowid")
        )
    }
    listed = [
        (name, kind)
        for schema, name, kind, *_ in connection.execute("PRAGMA table_list")
        if schema == "main" and kind != "shadow" and not name.lower().startswith("sqlite_")
    ]
    tables = []
    for name, kind in sorted(listed, key=lambda entry: order[entry[0]]):
        try:
            info = connection.execute(f"PRAGMA table_xinfo({quote_identifier(name)})").fetchall()
        except sqlite3.OperationalError as error:
            notes.append(f"{kind} {name} cannot be read: {error}")
            continue
        columns = tuple(
            Column(column, kind_of, bool(not_null), primary_key, hidden in (2, 3))
            for _, column, kind_of, not_null, _, primary_key, hidden in info
            if hidden != 1  # a virtual table's own control columns
        )
        tables.append(Table(name, columns, kind))
    return tables


def _read_foreign_keys(connection: sqlite3.Connection, tables: list[Table]) -> list[ForeignKey]:
    """The foreign keys as declared: parent columns may be empty, and names may not exist."""
    keys = []
    for table in tables:
        if table.kind != "table":
            continue
        grouped: dict[int, list[tuple[str, str, str | None]]] = {}
        rows = connection.execute(f"PRAGMA foreign_key_list({quote_identifier(table.name)})")
        for number, _, parent, column, parent_column, *_ in sorted(rows, key=lambda r: r[:2]):
            grouped.setdefault(number, []).append((parent, column, parent_column))
        # SQLite numbers the keys of a table from the last declared to the first.
        for number in sorted(grouped, reverse=True):
            parts = grouped[number]
            named = tuple(to for _, _, to in parts if to is not None)
            keys.append(ForeignKey(table.name, tuple(c for _, c, _ in parts), parts[0][0], named))
    return keys


def _read_contents(
    connection: sqlite3.Connection, tables: list[Table], samples: int, notes: list[str]
) -> list[Table]:
    all_columns = sum(len(table.columns) for table in tables)
    sampled_rows = min(SAMPLED_ROWS, SAMPLED_CELLS // max(1, all_columns))
    left = COUNTED_ROWS_IN_ALL
    filled = []
    for table in tables:
        rows: int | None = None
        exact = True
        if table.kind == "view":
            connection.set_progress_handler(_stop_after(VIEW_STEPS // 1_000), 1_000)
        try:
            if table.kind != "view":
                limit = max(SAMPLED_ROWS, min(COUNTED_ROWS, left))
                rows = _count(connection, table.name, limit + 1)
                exact = rows <= limit
                rows = min(rows, limit)
                left -= rows
            columns = (
                _sampled(connection, table, samples, sampled_rows) if samples else table.columns
            )
        except sqlite3.OperationalError as error:
            reason = "too costly" if str(error) == "interrupted" else str(error)
            notes.append(f"{table.kind} {table.name} has no sample values: {reason}")
            columns = table.columns
        finally:
            connection.set_progress_handler(None, 0)
        filled.append(replace(table, rows=rows, rows_exact=exact, columns=columns))
    return filled


def _stop_after(calls: int) -> Callable[[], bool]:
    left = iter(range(calls))
    return lambda: next(left, None) is None


def _count(connection: sqlite3.Connection, table: str, limit: int) -> int:
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {quote_identifier(table)} LIMIT {limit})"
    (count,) = connection.execute(sql).fetchone()
    return int(count)


def _sampled(
    connection: sqlite3.Connection, table: Table, samples: int, rows: int
) -> tuple[Column, ...]:
    """The columns with their most frequent values among the first rows.

    Ties go to numbers before text, then to the smaller value, so that the order is stable. Numbers
    that are equal (1 and 1.0) count as one, and so do long texts with one beginning.
    """
    if not table.columns or not rows:
        return table.columns
    names = [quote_identifier(column.name) for column in table.columns]
    cells = ", ".join(
        f"CASE typeof({name}) WHEN 'blob' THEN NULL"
        f" WHEN 'text' THEN substr({name}, 1, {SAMPLE_LENGTH + 1}) ELSE {name} END"
        for name in names
    )
    fetched = connection.execute(
        f"SELECT {cells} FROM {quote_identifier(table.name)} LIMIT {int(rows)}"
    ).fetchall()
    if not fetched:
        return table.columns
    chosen = []
    for column, values in zip(table.columns, zip(*fetched, strict=True), strict=True):
        counts = Counter(values)
        del counts[None]
        ranked = nsmallest(
            samples, counts.items(), key=lambda item: (-item[1], isinstance(item[0], str), item[0])
        )
        chosen.append(replace(column, samples=tuple(_shortened(value) for value, _ in ranked)))
    return tuple(chosen)


def _shortened(value: SampleValue) -> SampleValue:
    if isinstance(value, str) and len(value) > SAMPLE_LENGTH:
        return value[: SAMPLE_LENGTH - len(CUT)] + CUT
    return value


def _with_texts(tables: list[Table], said: SchemaFile, notes: list[str]) -> list[Table]:
    texts = {name.lower(): text for name, text in said.tables.items()}
    known = {table.name.lower(): table for table in tables}
    for name, text in said.tables.items():
        table = known.get(name.lower())
        if table is None:
            notes.append(f"schema.json describes the table {name}, which the database lacks")
            continue
        for column in text.columns:
            if table.column(column) is None:
                notes.append(
                    f"schema.json describes the column {name}.{column}, which the database lacks"
                )
    return [_with_text(table, texts.get(table.name.lower(), TableText())) for table in tables]


def _with_text(table: Table, text: TableText) -> Table:
    said = {name.lower(): words for name, words in text.columns.items()}
    columns = []
    for column in table.columns:
        words = said.get(column.name.lower())
        if words is not None:
            column = replace(
                column,
                readable=words.name,
                description=words.description,
                values=words.values,
                stated_type=words.type,
            )
        columns.append(column)
    return replace(table, columns=tuple(columns), readable=text.name, description=text.description)


def _with_primary_keys(tables: list[Table], said: SchemaFile, notes: list[str]) -> list[Table]:
    """Adds stated keys to tables that have none; where the database has one, the database wins."""
    stated: dict[str, list[str]] = {}
    for name, column in said.primary_keys:
        stated.setdefault(name.lower(), []).append(column.lower())
    known = {table.name.lower() for table in tables}
    for name, column in said.primary_keys:
        if name.lower() not in known:
            notes.append(f"stated primary key {name}({column}): the database lacks the table")
    keyed = []
    for table in tables:
        names = list(dict.fromkeys(stated.get(table.name.lower(), ())))
        missing = [name for name in names if table.column(name) is None]
        own = [name.lower() for name in table.primary_key]
        text = f"stated primary key {table.name}({', '.join(names)})"
        if missing:
            notes.append(f"{text}: the database lacks {', '.join(missing)}")
        elif own and not set(names) <= set(own):  # Spider states one column of a composite key
            notes.append(f"{text}: the database says ({', '.join(table.primary_key)})")
        elif names and not own:
            columns = tuple(
                replace(c, primary_key=names.index(c.name.lower()) + 1)
                if c.name.lower() in names
                else c
                for c in table.columns
            )
            table = replace(table, columns=columns, stated_key=True)
        keyed.append(table)
    return keyed


def _resolved_keys(
    schema: Schema, keys: Sequence[ForeignKey], notes: list[str]
) -> tuple[ForeignKey, ...]:
    """The keys with the database's own spelling, without those that name something missing."""
    found: dict[tuple[object, ...], ForeignKey] = {}
    for key in keys:
        parent = schema.table(key.parent)
        child = schema.table(key.table)
        text = f"{'stated ' if key.stated else ''}foreign key " + _key_text(key)
        if parent is None or child is None:
            missing = key.parent if parent is None else key.table
            notes.append(f"{text}: there is no table {missing}")
            continue
        targets = key.parent_columns or parent.primary_key
        if len(targets) != len(key.columns):
            notes.append(f"{text}: {parent.name} has no primary key of {len(key.columns)} column")
            continue
        lost = [f"{child.name}.{name}" for name in key.columns if child.column(name) is None]
        lost += [f"{parent.name}.{name}" for name in targets if parent.column(name) is None]
        if lost:
            notes.append(f"{text}: there is no column {', '.join(lost)}")
            continue
        resolved = ForeignKey(
            child.name,
            tuple(c.name for name in key.columns if (c := child.column(name))),
            parent.name,
            tuple(c.name for name in targets if (c := parent.column(name))),
            key.stated,
        )
        # A stated key that is a part of a composite key of the database says nothing new.
        known = {pair for other in found.values() for pair in _pairs(other)}
        if not (key.stated and known.issuperset(_pairs(resolved))):
            found.setdefault(tuple(_pairs(resolved)), resolved)
    return tuple(found.values())


def _pairs(key: ForeignKey) -> Iterator[tuple[str, str, str, str]]:
    for column, parent_column in zip(key.columns, key.parent_columns, strict=True):
        yield key.table, column, key.parent, parent_column


def _key_text(key: ForeignKey) -> str:
    target = f"({', '.join(key.parent_columns)})" if key.parent_columns else ""
    return f"{key.table}({', '.join(key.columns)}) → {key.parent}{target}"
