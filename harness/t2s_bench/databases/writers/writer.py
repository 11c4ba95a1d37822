"""What writing a copy into a server takes: SQL that most share, and what each dialect does."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from t2s_bench.databases.column_types import ColumnType, Kind
from t2s_bench.databases.copy_plan import ColumnPlan, TablePlan
from t2s_bench.databases.schema import ForeignKey
from t2s_bench.errors import BadInput
from t2s_bench.execution.address import EXAMPLES, Address
from t2s_bench.execution.dialects.link import one_line
from t2s_bench.types import Row

# The schema of our own on every server, and its table of copies that are there.
HOME = "t2s_bench"
COPIES = "copies"


class Writer(ABC):
    """One connection that may write.

    `begin` makes an empty schema for a database and `end` marks it as complete; nothing in between
    counts. With `native_text` text compares as the server compares it when nothing is said, else
    as in SQLite: by code points, where trailing spaces and case count.
    """

    errors: type[Exception]
    quote = '"'

    def __init__(self, native_text: bool = False) -> None:
        self.native_text = native_text

    @abstractmethod
    def run(self, sql: str) -> list[Row]:
        """Executes one statement and fetches its rows; raises `errors`."""

    @abstractmethod
    def insert(self, schema: str, table: TablePlan, rows: Sequence[Row]) -> None:
        """Adds rows, whose values are as SQLite stores them; raises `errors`."""

    @abstractmethod
    def type_text(self, column: ColumnPlan) -> str:
        """The type of a column in the server's SQL."""

    @abstractmethod
    def schemas(self) -> set[str]:
        """The names of all schemas on the server."""

    @abstractmethod
    def close(self) -> None:
        """Closes the connection; what was not ended is lost or unmarked."""

    def name(self, name: str) -> str:
        """The server's spelling of a name from SQLite."""
        return name

    def quoted(self, name: str) -> str:
        """A name as written in the server's SQL."""
        return self.quote + self.name(name).replace(self.quote, self.quote * 2) + self.quote

    def quoted_schema(self, schema: str) -> str:
        """A schema's name as written in the server's SQL: always spelled as the database's id."""
        return self.quote + schema.replace(self.quote, self.quote * 2) + self.quote

    def full(self, schema: str, table: str) -> str:
        """A table with its schema."""
        return f"{self.quoted_schema(schema)}.{self.quoted(table)}"

    def literal(self, text: str) -> str:
        """A string literal."""
        return "'" + text.replace("'", "''") + "'"

    def prepare(self) -> None:
        """Makes the table of copies."""
        self.create_schema(HOME)
        name = "VARCHAR(200)"
        self.run(
            f"CREATE TABLE IF NOT EXISTS {self.full(HOME, COPIES)} ("
            f"name {name} PRIMARY KEY, digest {name}, made_by {name} NOT NULL)"
        )
        self.commit()

    def create_schema(self, schema: str) -> None:
        """Makes a schema if it is not there."""
        self.run(f"CREATE SCHEMA IF NOT EXISTS {self.quoted_schema(schema)}")

    def drop_schema(self, schema: str) -> None:
        """Drops a schema with all that is in it."""
        self.run(f"DROP SCHEMA IF EXISTS {self.quoted_schema(schema)} CASCADE")

    def digest(self, schema: str) -> str | None:
        """The digest of the copy in a schema, empty while it is unfinished; None for no copy."""
        rows = self.run(
            f"SELECT digest FROM {self.full(HOME, COPIES)} WHERE name = {self.literal(schema)}"
        )
        return str(rows[0][0] or "") if rows else None

    def begin(self, schema: str, made_by: str) -> None:
        """Makes an empty schema, dropping one of that name, and marks it as unfinished."""
        copies = self.full(HOME, COPIES)
        self.run(f"DELETE FROM {copies} WHERE name = {self.literal(schema)}")
        self.run(
            f"INSERT INTO {copies} (name, made_by)"
            f" VALUES ({self.literal(schema)}, {self.literal(made_by)})"
        )
        self.commit()
        self.drop_schema(schema)
        self.create_schema(schema)

    def end(self, schema: str, digest: str) -> None:
        """Marks a copy as complete."""
        self.run(
            f"UPDATE {self.full(HOME, COPIES)} SET digest = {self.literal(digest)}"
            f" WHERE name = {self.literal(schema)}"
        )
        self.commit()

    def commit(self) -> None:
        """Ends the transaction, where the server has one for such statements."""
        self.run("COMMIT")

    def create(self, schema: str, table: TablePlan) -> None:
        """Makes an empty table with its primary and unique keys."""
        parts = [
            f"{self.quoted(column.name)} {self.type_text(column)}"
            + (" NOT NULL" if column.not_null else "")
            for column in table.columns
        ]
        if table.primary_key:
            parts.append(f"PRIMARY KEY ({self.listed(table.primary_key)})")
        parts += [f"UNIQUE ({self.listed(names)})" for names in table.unique]
        parts += self.inline_keys(schema, table)
        self.run(f"CREATE TABLE {self.full(schema, table.name)} ({', '.join(parts)})")

    def inline_keys(self, schema: str, table: TablePlan) -> list[str]:
        """Foreign keys that are made with the table."""
        return []

    def add_foreign_keys(self, schema: str, table: TablePlan) -> Iterable[str]:
        """Adds foreign keys, each with an index on its columns; yields notes."""
        for key in table.foreign_keys:
            self.run(
                f"ALTER TABLE {self.full(schema, table.name)} ADD {self.key_text(schema, key)}"
            )
        return ()

    def key_text(self, schema: str, key: ForeignKey) -> str:
        """A foreign key's clause."""
        return (
            f"FOREIGN KEY ({self.listed(key.columns)}) REFERENCES"
            f" {self.full(schema, key.parent)} ({self.listed(key.parent_columns)})"
        )

    def count(self, schema: str, table: TablePlan) -> int:
        """The rows of a table."""
        return int(str(self.run(f"SELECT count(*) FROM {self.full(schema, table.name)}")[0][0]))

    def listed(self, names: Sequence[str]) -> str:
        """Names with commas between."""
        return ", ".join(map(self.quoted, names))


def as_stored_text(value: object) -> object:
    """A number among texts as SQLite writes it; texts and NULL as they are."""
    if isinstance(value, bool) or value is None or isinstance(value, str | bytes):
        return value
    return repr(value)


def converted(value: object, type: ColumnType) -> object:
    """A stored value as the column's type takes it."""
    if value is None:
        return None
    if type.kind is Kind.BOOLEAN:
        return value == 1
    if type.kind is Kind.DECIMAL:
        assert isinstance(value, int | float)
        return f"{value:.{type.scale}f}" if isinstance(value, float) else str(value)
    if type.kind is Kind.DOUBLE:
        assert isinstance(value, int | float)
        return float(value)
    if type.kind is Kind.TEXT:
        return as_stored_text(value)
    if type.kind is Kind.BYTES:
        text = as_stored_text(value)
        return text.encode() if isinstance(text, str) else text
    return value


def open_writer(address: Address, native_text: bool = False) -> Writer:
    """Opens a connection that writes; raises BadInput, or MissingExtra without the driver."""
    if not address.first_class:
        raise BadInput(f"databases cannot be copied to {address.dialect}; possible: {EXAMPLES}")
    module = importlib.import_module(f"t2s_bench.databases.writers.{address.dialect}")
    try:
        writer: Writer = module.open_writer(address, native_text)
    except module.ERRORS as error:
        raise BadInput(f"cannot use {address}: {one_line(error)}") from error
    return writer
