"""Copies in MySQL and MariaDB: one database each, complete once it is marked.

Text is utf8mb4. A text column of a key is VARCHAR, because TEXT cannot be one, and always compares
as SQLite does, since a key may hold 'a' beside 'A'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from t2s_bench.databases.column_types import Kind
from t2s_bench.databases.copy_plan import ColumnPlan, TablePlan
from t2s_bench.databases.writers.writer import Writer, converted
from t2s_bench.execution.address import Address
from t2s_bench.execution.dialects.link import missing_driver
from t2s_bench.execution.dialects.mysql import connection_options
from t2s_bench.types import Row

try:
    import pymysql
except ImportError as error:
    raise missing_driver("pymysql", "MySQL") from error

ERRORS = (pymysql.MySQLError, OSError)
# Bytes of a key in InnoDB, and of one character in utf8mb4.
KEY_BYTES = 3072
CHARACTER_BYTES = 4
_TYPES = {
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "int",
    Kind.BIGINT: "bigint",
    Kind.DOUBLE: "double",
    Kind.DATE: "date",
}
# Longest value in bytes → type.
_TEXTS = ((2**16, "text"), (2**24, "mediumtext"), (2**32, "longtext"))


class MySQLWriter(Writer):
    """See `Writer`."""

    errors = pymysql.MySQLError
    quote = "`"

    def __init__(
        self, connection: pymysql.Connection[pymysql.cursors.Cursor], native_text: bool
    ) -> None:
        super().__init__(native_text)
        self._connection = connection
        self.run("SET SESSION TRANSACTION READ WRITE")
        self.run("SET foreign_key_checks = 0, unique_checks = 0")
        self.run("SET sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'")
        self._binary = (
            "utf8mb4_nopad_bin"
            if "mariadb" in str(self.run("SELECT VERSION()")[0][0]).lower()
            else "utf8mb4_0900_bin"
        )

    def run(self, sql: str) -> list[Row]:
        """See `Writer`."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

    def name(self, name: str) -> str:
        """See `Writer`; no name of MySQL's ends in a space."""
        return name.rstrip(" ") or name

    def literal(self, text: str) -> str:
        """See `Writer`."""
        return super().literal(text.replace("\\", "\\\\"))

    def create_schema(self, schema: str) -> None:
        """See `Writer`."""
        collation = "" if self.native_text else f" COLLATE {self._binary}"
        self.run(
            f"CREATE DATABASE IF NOT EXISTS {self.quoted_schema(schema)}"
            f" CHARACTER SET utf8mb4{collation}"
        )

    def drop_schema(self, schema: str) -> None:
        """See `Writer`."""
        self.run(f"DROP DATABASE IF EXISTS {self.quoted_schema(schema)}")

    def create(self, schema: str, table: TablePlan) -> None:
        """See `Writer`; a key too wide for InnoDB is left out."""
        super().create(schema, _without_wide_keys(table))

    def add_foreign_keys(self, schema: str, table: TablePlan) -> Iterable[str]:
        """See `Writer`."""
        narrow = _without_wide_keys(table)
        yield from super().add_foreign_keys(schema, narrow)
        wide = len(table.unique) - len(narrow.unique) + len(table.foreign_keys)
        wide += (table.primary_key != narrow.primary_key) - len(narrow.foreign_keys)
        if wide:
            yield f"{table.name}: {wide} keys on text too long for a key are left out"

    def type_text(self, column: ColumnPlan) -> str:
        """See `Writer`."""
        type = column.type
        if type.kind is Kind.DECIMAL:
            return f"decimal({type.digits}, {type.scale})"
        if type.kind is Kind.TIMESTAMP:
            return "datetime(6)" if type.fraction else "datetime"
        if type.kind is Kind.BYTES:
            return next(t for limit, t in _TEXTS if type.size < limit).replace("text", "blob")
        if type.kind is Kind.TEXT or type.infinite:
            if column.key and _key_bytes(column) <= KEY_BYTES:
                return f"varchar({max(1, type.length)}) COLLATE {self._binary}"
            return next(t for limit, t in _TEXTS if type.size < limit)
        return _TYPES[type.kind]

    def insert(self, schema: str, table: TablePlan, rows: Sequence[Row]) -> None:
        """See `Writer`; infinite numbers, which DOUBLE cannot hold, make the column text."""
        types = [column.type for column in table.columns]
        places = ", ".join(["%s"] * len(types))
        # PyMySQL puts the values in with %, so a % in a name is doubled.
        name = self.full(schema, table.name).replace("%", "%%")
        sql = f"INSERT INTO {name} VALUES ({places})"
        values = [
            [
                repr(value) if type.infinite and value is not None else converted(value, type)
                for value, type in zip(row, types, strict=True)
            ]
            for row in rows
        ]
        with self._connection.cursor() as cursor:
            cursor.executemany(sql, values)

    def schemas(self) -> set[str]:
        """See `Writer`."""
        return {str(row[0]) for row in self.run("SHOW DATABASES")}

    def close(self) -> None:
        """See `Writer`."""
        self._connection.close()


def open_writer(address: Address, native_text: bool) -> MySQLWriter:
    """Connects; raises one of ERRORS."""
    options = {**connection_options(address), "autocommit": False}
    return MySQLWriter(pymysql.connect(**options), native_text)


def _key_bytes(column: ColumnPlan) -> int:
    if column.type.kind is Kind.BYTES:
        return KEY_BYTES + 1
    if column.type.kind is Kind.TEXT:
        return column.type.length * CHARACTER_BYTES
    return 16


def _without_wide_keys(table: TablePlan) -> TablePlan:
    columns = {column.name: column for column in table.columns}

    def fits(names: Sequence[str]) -> bool:
        return sum(_key_bytes(columns[name]) for name in names) <= KEY_BYTES

    return TablePlan(
        table.name,
        table.columns,
        table.primary_key if fits(table.primary_key) else (),
        tuple(names for names in table.unique if fits(names)),
        tuple(key for key in table.foreign_keys if fits(key.columns)),
    )
