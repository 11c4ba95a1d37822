"""Copies in PostgreSQL: one schema a database, each copied in one transaction by COPY.

PostgreSQL folds names without quotes to lower case, so a name that needs no quotes becomes lower
case and can then be written in any; a name that needs quotes is kept as it is. BIRD's own
PostgreSQL databases are made that way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from t2s_bench.databases.column_types import Kind
from t2s_bench.databases.copy_plan import ColumnPlan, TablePlan
from t2s_bench.databases.writers.writer import HOME, Writer, converted
from t2s_bench.execution.address import Address
from t2s_bench.execution.dialects.link import missing_driver
from t2s_bench.execution.dialects.postgresql import connection_options
from t2s_bench.types import Row

try:
    import psycopg
except ImportError as error:
    raise missing_driver("psycopg", "PostgreSQL") from error

ERRORS = (psycopg.Error,)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TYPES = {
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "integer",
    Kind.BIGINT: "bigint",
    Kind.DOUBLE: "double precision",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp",
    Kind.BYTES: "bytea",
}


class PostgreSQLWriter(Writer):
    """See `Writer`. Everybody on the server may read the copies."""

    errors = psycopg.Error

    def __init__(self, connection: psycopg.Connection[Row], native_text: bool) -> None:
        super().__init__(native_text)
        self._connection = connection

    def run(self, sql: str) -> list[Row]:
        """See `Writer`."""
        cursor = self._connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []

    def name(self, name: str) -> str:
        """See `Writer`."""
        return name.lower() if _PLAIN.fullmatch(name) else name

    def type_text(self, column: ColumnPlan) -> str:
        """See `Writer`; text with a NUL in it, which PostgreSQL's text cannot hold, is bytes."""
        type = column.type
        if type.kind is Kind.DECIMAL:
            return f"numeric({type.digits}, {type.scale})"
        if type.kind is Kind.TEXT:
            plain = "text" if self.native_text else 'text COLLATE "C"'
            return "bytea" if type.nul else plain
        return _TYPES[type.kind]

    def insert(self, schema: str, table: TablePlan, rows: Sequence[Row]) -> None:
        """See `Writer`."""
        types = [column.type for column in table.columns]
        as_bytes = [type.kind is Kind.TEXT and type.nul for type in types]
        copy = f"COPY {self.full(schema, table.name)} FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(copy.encode()) as target:
            for row in rows:
                values = [converted(value, type) for value, type in zip(row, types, strict=True)]
                target.write_row(
                    [
                        value.encode() if change and isinstance(value, str) else value
                        for value, change in zip(values, as_bytes, strict=True)
                    ]
                )

    def add_foreign_keys(self, schema: str, table: TablePlan) -> Iterable[str]:
        """See `Writer`; PostgreSQL makes no index for a foreign key by itself."""
        yield from super().add_foreign_keys(schema, table)
        self.run(f"ANALYZE {self.full(schema, table.name)}")
        for columns in dict.fromkeys(key.columns for key in table.foreign_keys):
            self.run(f"CREATE INDEX ON {self.full(schema, table.name)} ({self.listed(columns)})")

    def end(self, schema: str, digest: str) -> None:
        """See `Writer`."""
        for name in (schema, HOME):
            quoted = self.quoted_schema(name)
            self.run(f"GRANT USAGE ON SCHEMA {quoted} TO PUBLIC")
            self.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA {quoted} TO PUBLIC")
        super().end(schema, digest)

    def schemas(self) -> set[str]:
        """See `Writer`."""
        return {str(row[0]) for row in self.run("SELECT nspname FROM pg_catalog.pg_namespace")}

    def close(self) -> None:
        """See `Writer`."""
        self._connection.close()


def open_writer(address: Address, native_text: bool) -> PostgreSQLWriter:
    """Connects; raises one of ERRORS."""
    connection = psycopg.connect(**connection_options(address))
    connection.execute("SET default_transaction_read_only = off")
    connection.commit()
    return PostgreSQLWriter(connection, native_text)
