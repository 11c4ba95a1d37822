"""The outline of a server's database as a SQLite file: tables, keys, and some rows of each.

Systems read schemas and values from SQLite files; for a database that exists on a server only, this
file stands for it. The statements themselves run on the server.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from t2s_bench.databases.connection import quote_identifier
from t2s_bench.databases.digest import file_digest
from t2s_bench.errors import BadInput
from t2s_bench.execution import address as addresses
from t2s_bench.execution.address import Address, ServerUrl
from t2s_bench.execution.session import Session
from t2s_bench.types import Budget, Database, Row

if TYPE_CHECKING:
    import sqlalchemy

# Rows read of each table: enough for common values, little for a server.
ROWS = 500
BUDGET = Budget(seconds=20.0, rows=1_000_000)
_DUCKDB = (
    "SELECT table_name, column_name, data_type FROM information_schema.columns "
    "WHERE table_schema = '{}' ORDER BY table_name, ordinal_position"
)
_DUCKDB_KEYS = (
    "SELECT table_name, constraint_type, array_to_string(constraint_column_names, chr(31)), "
    "referenced_table, array_to_string(referenced_column_names, chr(31)) FROM duckdb_constraints() "
    "WHERE schema_name = '{}' AND constraint_type IN ('PRIMARY KEY', 'FOREIGN KEY')"
)


@dataclass
class _Table:
    columns: list[tuple[str, str]] = field(default_factory=list)
    primary_key: list[str] = field(default_factory=list)
    foreign_keys: list[tuple[list[str], str, list[str]]] = field(default_factory=list)


def outlined(url: str, folder: Path) -> Database:
    """Reads the outline of the database at `url` into a file in `folder`.

    `?schema=NAME` picks a schema; else PostgreSQL's `public`, MySQL's database, DuckDB's `main`.
    Raises BadInput where the server or file cannot be used, MissingExtra without its driver.
    """
    address = addresses.parse(url)
    if not address.schema:
        usual = {"postgresql": "public", "duckdb": "main", "mysql": address.url.database or ""}
        address = addresses.parse(url, usual.get(address.dialect, ""))
    place = address.text()
    with Session() as session:
        tables = (
            _duckdb_tables(session, place, address)
            if address.dialect == "duckdb"
            else _inspected(address)
        )
        path = folder / "outline.sqlite"
        mark = "`" if address.dialect == "mysql" else '"'
        with closing(sqlite3.connect(path)) as connection:
            for name, table in tables.items():
                connection.execute(_create(name, table))
                listed = ", ".join(_quote(column, mark) for column, _ in table.columns)
                sql = f"SELECT {listed} FROM {_quote(name, mark)} LIMIT {ROWS}"
                # A table that may not be read keeps its columns: the question may not need it.
                rows = session.execute(place, sql, BUDGET).rows
                marks = ", ".join("?" * len(table.columns))
                connection.executemany(
                    f"INSERT OR IGNORE INTO {quote_identifier(name)} VALUES ({marks})",
                    map(_cells, rows),
                )
            connection.commit()
    digest = file_digest(path)
    id = address.schema or "database"
    return Database(id, (path,), digest, digest, dialect=address.dialect, url=place)


def _duckdb_tables(session: Session, place: ServerUrl, address: Address) -> dict[str, _Table]:
    schema = address.schema.replace("'", "''")
    tables: dict[str, _Table] = {}
    for table, column, kind in _rows(session, place, address, _DUCKDB.format(schema)):
        tables.setdefault(str(table), _Table()).columns.append((str(column), str(kind)))
    for table, kind, columns, parent, parents in _rows(
        session, place, address, _DUCKDB_KEYS.format(schema)
    ):
        names = str(columns).split("\x1f")
        if kind == "PRIMARY KEY":
            tables[str(table)].primary_key = names
        else:
            key = (names, str(parent), str(parents).split("\x1f"))
            tables[str(table)].foreign_keys.append(key)
    return tables


def _rows(session: Session, place: ServerUrl, address: Address, sql: str) -> Iterable[Row]:
    execution = session.execute(place, sql, BUDGET)
    if not execution.ok:
        raise BadInput(f"{address} cannot be read: {execution.error}")
    return execution.rows


def _inspected(address: Address) -> dict[str, _Table]:
    import sqlalchemy

    url = address.url
    if address.first_class:
        driver = {"postgresql": "psycopg", "mysql": "pymysql"}[address.dialect]
        url = url.set(drivername=f"{url.get_backend_name()}+{driver}")
    try:
        engine = sqlalchemy.create_engine(url)
        try:
            return _of_inspector(sqlalchemy.inspect(engine), address.schema or None)
        finally:
            engine.dispose()
    except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
        text = addresses.shown(" ".join(str(error).split()))
        raise BadInput(f"{address} cannot be used: {text[:300]}") from error


def _of_inspector(inspector: sqlalchemy.Inspector, schema: str | None) -> dict[str, _Table]:
    tables: dict[str, _Table] = {}
    for name in inspector.get_table_names(schema=schema):
        table = tables[name] = _Table()
        for column in inspector.get_columns(name, schema=schema):
            table.columns.append((column["name"], str(column["type"])))
        table.primary_key = list(
            inspector.get_pk_constraint(name, schema=schema)["constrained_columns"]
        )
        for key in inspector.get_foreign_keys(name, schema=schema):
            table.foreign_keys.append(
                (key["constrained_columns"], key["referred_table"], key["referred_columns"])
            )
    return tables


def _create(name: str, table: _Table) -> str:
    parts = [f"{quote_identifier(column)} {quote_identifier(kind)}"
             for column, kind in table.columns]  # fmt: skip
    if table.primary_key:
        parts.append(f"PRIMARY KEY ({_listed(table.primary_key)})")
    for columns, parent, parents in table.foreign_keys:
        parts.append(
            f"FOREIGN KEY ({_listed(columns)}) REFERENCES {quote_identifier(parent)} "
            f"({_listed(parents)})"
        )
    return f"CREATE TABLE {quote_identifier(name)} ({', '.join(parts)})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(quote_identifier, names))


def _quote(name: str, mark: str) -> str:
    return mark + name.replace(mark, mark * 2) + mark


def _cells(row: Row) -> list[object]:
    return [_cell(cell) for cell in row]


def _cell(cell: object) -> object:
    if isinstance(cell, Decimal):
        return float(cell)
    if isinstance(cell, int) and not -(2**63) <= cell < 2**63:
        return str(cell)
    return cell if cell is None or isinstance(cell, (int, float, str, bytes)) else str(cell)
