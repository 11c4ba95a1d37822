"""SQLite databases from sources: the same rows give the same bytes, and queries are bounded."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from .sources import Row, SourceError, type_fault, value_fault

# Small pages keep files of a few hundred rows small; every table and index takes a page at least.
PAGE_SIZE = 1024
# Virtual machine instructions one query may take: about half a second on a slow core.
STEP_LIMIT = 5_000_000
_STEPS_PER_CALL = 10_000
# Header fields that count the writer's transactions or name its SQLite version
# (file format, section 1.3): change counter at 24, version-valid-for at 92, version at 96.
_CHANGE_COUNTER, _WRITER = slice(24, 28), slice(92, 100)
_FIXED_VERSION = 3_040_001


class QueryError(Exception):
    """A query failed or ran past its budget."""


def fill_database(db_id: str, schema: str, rows: dict[str, list[Row]]) -> sqlite3.Connection:
    """A database in memory with the rows inserted in the order given.

    Raises SourceError for a schema or a row that SQLite, a constraint, or the declared type of
    a column (see `value_fault`) refuses.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
    connection.execute("PRAGMA encoding = 'UTF-8'")
    connection.execute("PRAGMA auto_vacuum = 0")
    # Some builds of SQLite zero what they free, others leave it.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    try:
        connection.executescript(schema)
    except sqlite3.Error as error:
        raise SourceError(f"{db_id}: schema.sql: {error}") from None
    tables = table_names(connection)
    if sorted(rows) != sorted(tables):
        lacking = ", ".join(sorted(set(tables) - set(rows))) or "none"
        unknown = ", ".join(sorted(set(rows) - set(tables))) or "none"
        raise SourceError(
            f"{db_id}: fill() must give the rows of exactly the tables in schema.sql; "
            f"lacking: {lacking}; unknown: {unknown}"
        )
    connection.execute("BEGIN")
    for table, table_rows in rows.items():
        _insert(connection, db_id, table, table_rows)
    connection.execute("COMMIT")
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise SourceError(f"{db_id}: foreign_key_check: {broken[0]}")
    if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        raise SourceError(f"{db_id}: integrity_check fails")
    return connection


def _insert(connection: sqlite3.Connection, db_id: str, table: str, rows: list[Row]) -> None:
    columns = connection.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
    for column in columns:
        fault = type_fault(column[2])
        if fault:
            raise SourceError(f"{db_id}: table {table}: {column[1]} {fault}")
    statement = f"INSERT INTO {quoted(table)} VALUES ({', '.join('?' * len(columns))})"
    for number, row in enumerate(rows, 1):
        place = f"{db_id}: table {table}, row {number} {row!r}"
        if len(row) != len(columns):
            raise SourceError(f"{place}: {len(row)} values for {len(columns)} columns")
        for value, column in zip(row, columns, strict=True):
            fault = value_fault(value, column[2])
            if fault:
                raise SourceError(f"{place}: {column[1]} {fault}")
        try:
            connection.execute(statement, row)
        except sqlite3.Error as error:
            hint = " (parents must come before children)" if "FOREIGN KEY" in str(error) else ""
            raise SourceError(f"{place}: {error}{hint}") from None


def write_database(connection: sqlite3.Connection, path: Path) -> None:
    """The database as a vacuumed file whose bytes do not tell which SQLite wrote it."""
    connection.execute("VACUUM INTO ?", (str(path),))
    content = bytearray(path.read_bytes())
    one = (1).to_bytes(4, "big")
    content[_CHANGE_COUNTER] = one
    # SQLite trusts the page count in the header only while this equals the change counter.
    content[_WRITER] = one + _FIXED_VERSION.to_bytes(4, "big")
    for start in range(0, len(content), PAGE_SIZE):
        _clear_unused(content, start)
    path.write_bytes(bytes(content))


def _clear_unused(content: bytearray, start: int) -> None:
    """Zeroes what a tree's page leaves unallocated: leftovers of SQLite's work on it.

    The gap lies between the array of cell pointers and the first cell (file format, section
    1.6). Other pages hold overflowing values.
    """
    header = start + (100 if start == 0 else 0)
    kind = content[header]
    if kind not in (2, 5, 10, 13):
        return
    cells = int.from_bytes(content[header + 3 : header + 5], "big")
    gap = header + (12 if kind in (2, 5) else 8) + 2 * cells
    first_cell = start + int.from_bytes(content[header + 5 : header + 7], "big")
    content[gap:first_cell] = bytes(first_cell - gap)


def open_database(path: Path) -> sqlite3.Connection:
    """A read-only connection to a built file."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def quoted(name: str) -> str:
    """An identifier in double quotes.

    >>> quoted('order')
    '"order"'
    """
    return '"' + name.replace('"', '""') + '"'


def table_names(connection: sqlite3.Connection) -> list[str]:
    """The tables in the order of their definition."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%'"
    return [name for (name,) in connection.execute(query + " ESCAPE '~' ORDER BY rowid")]


def logical_content(connection: sqlite3.Connection) -> list[object]:
    """Schema and rows in storage order: what two files must share to be the same database."""
    schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    tables: list[object] = [
        (name, connection.execute(f"SELECT * FROM {quoted(name)}").fetchall())
        for name in table_names(connection)
    ]
    return [sorted(schema, key=repr), *tables]


def reversed_copy(connection: sqlite3.Connection) -> sqlite3.Connection:
    """The same rows in tables without keys or indexes, stored last row first.

    A query whose result is left open by ties gives another result here.
    """
    copy = sqlite3.connect(":memory:", isolation_level=None)
    for table in table_names(connection):
        info = connection.execute(f"PRAGMA table_info({quoted(table)})").fetchall()
        columns = ", ".join(f"{quoted(row[1])} {row[2]}" for row in info)
        copy.execute(f"CREATE TABLE {quoted(table)} ({columns})")
        rows = connection.execute(f"SELECT * FROM {quoted(table)}").fetchall()
        marks = ", ".join("?" * len(info))
        copy.executemany(f"INSERT INTO {quoted(table)} VALUES ({marks})", reversed(rows))
    return copy


@contextlib.contextmanager
def _budget(connection: sqlite3.Connection, steps: int) -> Iterator[None]:
    calls = 0

    def spent() -> bool:
        nonlocal calls
        calls += 1
        return calls * _STEPS_PER_CALL >= steps

    connection.set_progress_handler(spent, _STEPS_PER_CALL)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def run_query(connection: sqlite3.Connection, sql: str, steps: int = STEP_LIMIT) -> list[Row]:
    """All rows of one query; QueryError where it fails or takes more than `steps` steps."""
    try:
        with _budget(connection, steps):
            return connection.execute(sql).fetchall()
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise QueryError(str(error)) from None


def column_count(connection: sqlite3.Connection, sql: str) -> int:
    """How many columns a query has, known even where it returns no row."""
    description = connection.execute(sql).description
    return len(description) if description else 0
