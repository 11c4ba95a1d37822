"""Copying a benchmark's SQLite databases into a server: one schema each, complete or not there.

A schema counts as a copy only once a table of our own says so, with the digest of the SQLite file;
that line is written last, after the rows have been counted on the server. Only the main filling is
copied. A schema that somebody else made is never touched without `force`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import t2s_bench
from t2s_bench.databases.connection import open_read_only, quote_identifier
from t2s_bench.databases.copy_plan import CopyPlan, TablePlan, make_plan
from t2s_bench.databases.writers.writer import Writer, open_writer
from t2s_bench.errors import BadInput
from t2s_bench.execution import address as addresses
from t2s_bench.execution.dialects.link import one_line
from t2s_bench.types import Database, Row

# Values sent at once: rows times columns.
BATCH_CELLS = 50_000

# database, rows copied, rows in all
Listener = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Copied:
    """One database that is on the server now; `skipped` says that it was there before."""

    database: str
    tables: int = 0
    rows: int = 0
    skipped: bool = False
    notes: tuple[str, ...] = ()


def copy_databases(
    databases: Iterable[Database],
    url: str,
    *,
    force: bool = False,
    listener: Listener | None = None,
) -> Iterator[Copied]:
    """Copies databases one after another; yields each as it is complete.

    What is there with the same digest is left alone. `force` replaces what is there, whatever it
    is. Raises BadInput for a server that cannot be used, for a schema of the same name that is no
    copy of the same database, and where the server does not take a table.
    """
    for database in databases:
        address = addresses.parse(url, database.id)
        native = database.dialect == address.dialect
        writer = open_writer(address, native)
        schema = address.schema
        try:
            writer.prepare()
            if not force and _is_there(writer, schema, copy_digest(database, address.dialect)):
                yield Copied(database.id, skipped=True)
                continue
            yield _copy(writer, database, schema, copy_digest(database, address.dialect), listener)
        except writer.errors as error:
            raise BadInput(
                f"{address} does not take the database '{database.id}': {one_line(error)}"
            ) from error
        finally:
            writer.close()


def copy_digest(database: Database, dialect: str) -> str:
    """What identifies a copy: the file, and whether text compares as the server has it.

    Golds written for the server expect the server's own way, golds written for SQLite expect
    SQLite's. DuckDB has only one.
    """
    native = database.dialect == dialect and dialect != "duckdb"
    return database.digest + (" native" if native else "")


def _is_there(writer: Writer, schema: str, digest: str) -> bool:
    found = writer.digest(schema)
    if found is None and schema in writer.schemas():
        raise BadInput(
            f"the server has a schema '{schema}' that is no copy of ours: --force replaces it, or "
            "name another place in the URL"
        )
    if found and found != digest:
        raise BadInput(
            f"the server has a copy '{schema}' of another database of that name, or for golds of "
            "another dialect: --force replaces it, or name another place in the URL"
        )
    return found == digest


def _copy(
    writer: Writer, database: Database, schema: str, digest: str, listener: Listener | None
) -> Copied:
    plan = make_plan(database)
    notes = list(plan.notes)
    writer.begin(schema, f"t2s-bench {t2s_bench.__version__}")
    source = _Source(database)
    try:
        expected = {table.name: source.count(table) for table in plan.tables}
        total, done = sum(expected.values()), 0
        for table in plan.tables:
            writer.create(schema, table)
            for rows in source.batches(table):
                writer.insert(schema, table, rows)
                done += len(rows)
                if listener:
                    listener(database.id, done, total)
            if source.damaged:
                notes.append(
                    f"{table.name}: {source.damaged:,} texts are no UTF-8; their bad bytes are "
                    "left out"
                )
                source.damaged = 0
        for table in plan.tables:
            notes += writer.add_foreign_keys(schema, table)
        _check_counts(writer, schema, plan, expected)
        writer.end(schema, digest)
    finally:
        source.close()
    return Copied(database.id, len(plan.tables), total, notes=tuple(notes))


def _check_counts(writer: Writer, schema: str, plan: CopyPlan, expected: dict[str, int]) -> None:
    for table in plan.tables:
        count = writer.count(schema, table)
        if count != expected[table.name]:
            raise BadInput(
                f"the copy of {schema}.{table.name} has {count:,} rows instead of "
                f"{expected[table.name]:,}: is somebody else writing there?"
            )


class _Source:
    """The rows of a SQLite file; `damaged` counts texts that are no valid UTF-8."""

    def __init__(self, database: Database) -> None:
        self._connection = open_read_only(database.path)
        self._connection.text_factory = self._decode
        self.damaged = 0

    def close(self) -> None:
        self._connection.close()

    def count(self, table: TablePlan) -> int:
        name = quote_identifier(table.name)
        return int(self._connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0])

    def batches(self, table: TablePlan) -> Iterator[Sequence[Row]]:
        names = ", ".join(quote_identifier(column.name) for column in table.columns)
        rows = self._connection.execute(f"SELECT {names} FROM {quote_identifier(table.name)}")
        size = max(1, BATCH_CELLS // len(table.columns))
        while batch := list(islice(rows, size)):
            yield batch

    def _decode(self, text: bytes) -> str:
        try:
            return text.decode()
        except UnicodeDecodeError:
            self.damaged += 1
            return text.decode(errors="ignore")
