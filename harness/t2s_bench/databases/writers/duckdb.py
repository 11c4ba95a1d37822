"""Copies in a DuckDB file: one schema a database, each copied in one transaction through Arrow.

DuckDB cannot add a foreign key to a table that exists and checks each row as it comes, so keys
within one table, and those that close a circle of tables, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from t2s_bench.databases.column_types import Kind
from t2s_bench.databases.copy_plan import ColumnPlan, TablePlan
from t2s_bench.databases.schema import ForeignKey
from t2s_bench.databases.writers.writer import Writer, converted
from t2s_bench.execution.address import Address
from t2s_bench.execution.dialects.duckdb import attached, file_of
from t2s_bench.execution.dialects.link import CannotConnect, missing_driver
from t2s_bench.types import Row

try:
    import duckdb
    import pyarrow  # type: ignore[import-untyped]
except ImportError as error:
    raise missing_driver("duckdb and pyarrow", "copying to DuckDB") from error

ERRORS = (duckdb.Error, OSError, CannotConnect)
_TYPES = {
    Kind.BOOLEAN: "BOOLEAN",
    Kind.INTEGER: "INTEGER",
    Kind.BIGINT: "BIGINT",
    Kind.DOUBLE: "DOUBLE",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.TEXT: "VARCHAR",
    Kind.BYTES: "BLOB",
}
# Dates and decimals travel as text, which DuckDB reads exactly.
_ARROW = {
    Kind.BOOLEAN: pyarrow.bool_(),
    Kind.INTEGER: pyarrow.int64(),
    Kind.BIGINT: pyarrow.int64(),
    Kind.DOUBLE: pyarrow.float64(),
    Kind.BYTES: pyarrow.binary(),
}


class DuckDBWriter(Writer):
    """See `Writer`. Text always compares by code points."""

    errors = duckdb.Error

    def __init__(self, connection: duckdb.DuckDBPyConnection, native_text: bool) -> None:
        super().__init__(native_text)
        self._connection = connection
        self._made: set[str] = set()
        self._left_out: dict[str, list[ForeignKey]] = {}
        connection.execute("BEGIN")

    def run(self, sql: str) -> list[Row]:
        """See `Writer`."""
        return list(self._connection.execute(sql).fetchall())

    def commit(self) -> None:
        """See `Writer`."""
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN")

    def begin(self, schema: str, made_by: str) -> None:
        """See `Writer`."""
        self._made.clear()
        super().begin(schema, made_by)

    def create(self, schema: str, table: TablePlan) -> None:
        """See `Writer`."""
        super().create(schema, table)
        self._made.add(table.name)

    def inline_keys(self, schema: str, table: TablePlan) -> list[str]:
        """See `Writer`."""
        possible = [key for key in table.foreign_keys if key.parent in self._made]
        self._left_out[table.name] = [key for key in table.foreign_keys if key not in possible]
        return [self.key_text(schema, key) for key in possible]

    def add_foreign_keys(self, schema: str, table: TablePlan) -> Iterable[str]:
        """See `Writer`; they were made with the table."""
        for key in self._left_out[table.name]:
            yield (
                f"foreign key {key.table}({', '.join(key.columns)}) → {key.parent} is left out: "
                "DuckDB has none within a table or a circle of tables"
            )

    def type_text(self, column: ColumnPlan) -> str:
        """See `Writer`."""
        if column.type.kind is Kind.DECIMAL:
            return f"DECIMAL({column.type.digits}, {column.type.scale})"
        return _TYPES[column.type.kind]

    def insert(self, schema: str, table: TablePlan, rows: Sequence[Row]) -> None:
        """See `Writer`."""
        arrays = [
            pyarrow.array(
                [converted(row[place], column.type) for row in rows],
                _ARROW.get(column.type.kind, pyarrow.string()),
            )
            for place, column in enumerate(table.columns)
        ]
        batch = pyarrow.Table.from_arrays(arrays, [f"c{place}" for place in range(len(arrays))])
        self._connection.register("t2s_bench_batch", batch)
        self.run(f"INSERT INTO {self.full(schema, table.name)} SELECT * FROM t2s_bench_batch")
        self._connection.unregister("t2s_bench_batch")

    def schemas(self) -> set[str]:
        """See `Writer`."""
        sql = "SELECT schema_name FROM duckdb_schemas() WHERE database_name = current_database()"
        return {str(row[0]) for row in self.run(sql)}

    def close(self) -> None:
        """See `Writer`."""
        self._connection.close()


def open_writer(address: Address, native_text: bool) -> DuckDBWriter:
    """Opens the file, making it where it is absent; raises one of ERRORS."""
    path = file_of(address)
    path.parent.mkdir(parents=True, exist_ok=True)
    return DuckDBWriter(attached(path), native_text)
