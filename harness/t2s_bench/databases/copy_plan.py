"""What a copy of a SQLite database on a server consists of: tables, types and the keys that hold.

Says nothing about any server. A key that the database declares (or `schema.json` states) is part of
the plan only where the rows keep it: SQLite checks foreign keys only when asked to, and lets a
primary key hold NULLs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from t2s_bench.databases.column_types import ColumnType, column_types, unified
from t2s_bench.databases.connection import open_read_only, quote_identifier
from t2s_bench.databases.schema import (
    ForeignKey,
    Schema,
    Table,
    read_schema,
)
from t2s_bench.errors import BadInput
from t2s_bench.types import Database


@dataclass(frozen=True)
class ColumnPlan:
    """One column; `key` says that it belongs to a primary, unique or foreign key."""

    name: str
    type: ColumnType
    not_null: bool = False
    key: bool = False


@dataclass(frozen=True)
class TablePlan:
    """One table; `unique` and `foreign_keys` name columns, and every key holds."""

    name: str
    columns: tuple[ColumnPlan, ...]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()


@dataclass(frozen=True)
class CopyPlan:
    """Tables in an order in which parents come before their children, as far as there is one.

    `notes` has one line for everything that is not as the database declares it.
    """

    tables: tuple[TablePlan, ...]
    notes: tuple[str, ...] = ()


def make_plan(database: Database) -> CopyPlan:
    """Reads the database's main filling; raises BadInput where it cannot be read."""
    schema = read_schema(database, samples=0)
    notes = list(schema.notes)
    connection = open_read_only(database.path)
    try:
        types: dict[tuple[str, str], ColumnType] = {}
        tables = []
        for table in schema.tables:
            try:
                found = column_types(connection, table)
            except sqlite3.OperationalError as error:
                if table.kind == "table":
                    raise BadInput(
                        f"{database.path}: {table.name} cannot be read: {error}"
                    ) from error
                notes.append(f"{table.kind} {table.name} is left out: {error}")
                continue
            if table.kind == "view":
                notes.append(f"view {table.name} is copied as a table of its rows")
            tables.append(table)
            for column, type in zip(table.columns, found, strict=True):
                types[table.name, column.name] = type
                if type.note:
                    notes.append(
                        f"{table.name}.{column.name}: {type.note}; kept as {type.kind.value}"
                    )
        primary = {
            table.name: table.primary_key
            for table in tables
            if table.primary_key and _is_key(connection, table, notes)
        }
        unique = {table.name: tuple(_unique_keys(connection, table)) for table in tables}
        kept = [
            key
            for key in schema.foreign_keys
            if _holds(connection, schema, key, primary, unique, types, notes)
        ]
    finally:
        connection.close()
    _unify(types, kept)
    plans = [_table_plan(table, types, primary, unique[table.name], kept) for table in tables]
    return CopyPlan(tuple(_parents_first(plans)), tuple(notes))


def _is_key(connection: sqlite3.Connection, table: Table, notes: list[str]) -> bool:
    names = [quote_identifier(name) for name in table.primary_key]
    where = " OR ".join(f"{name} IS NULL" for name in names)
    source = quote_identifier(table.name)
    listed = ", ".join(names)
    broken = f"SELECT 1 FROM {source} WHERE {where}"
    if table.stated_key:
        broken += f" UNION ALL SELECT 1 FROM {source} GROUP BY {listed} HAVING count(*) > 1"
    if connection.execute(f"{broken} LIMIT 1").fetchone() is None:
        return True
    notes.append(
        f"primary key {table.name}({', '.join(table.primary_key)}) does not hold: left out"
    )
    return False


def _unique_keys(connection: sqlite3.Connection, table: Table) -> Iterator[tuple[str, ...]]:
    """Columns that a UNIQUE constraint or a plain unique index covers, other than the key."""
    indexes = connection.execute(f"PRAGMA index_list({quote_identifier(table.name)})").fetchall()
    found = set()
    for _, index, is_unique, origin, partial in indexes:
        if not is_unique or partial or origin == "pk":
            continue
        members = connection.execute(f"PRAGMA index_info({quote_identifier(index)})").fetchall()
        names = tuple(name for _, _, name in sorted(members))
        if None not in names and names != table.primary_key:
            found.add(names)
    yield from sorted(found)


def _holds(
    connection: sqlite3.Connection,
    schema: Schema,
    key: ForeignKey,
    primary: dict[str, tuple[str, ...]],
    unique: dict[str, tuple[tuple[str, ...], ...]],
    types: dict[tuple[str, str], ColumnType],
    notes: list[str],
) -> bool:
    text = f"foreign key {key.table}({', '.join(key.columns)}) → {key.parent}"
    child, parent = schema.table(key.table), schema.table(key.parent)
    assert child is not None and parent is not None  # `Schema.foreign_keys` are resolved
    keys = [primary.get(key.parent, ()), *unique.get(key.parent, ())]
    if key.parent_columns not in keys:
        notes.append(f"{text} is left out: {', '.join(key.parent_columns)} is no key there")
        return False
    pairs = list(zip(key.columns, key.parent_columns, strict=True))
    for column, target in pairs:
        if unified([types[key.table, column], types[key.parent, target]]) is None:
            notes.append(f"{text} is left out: the columns hold different kinds of values")
            return False
    on = " AND ".join(f"p.{quote_identifier(t)} = c.{quote_identifier(c)}" for c, t in pairs)
    given = " AND ".join(f"c.{quote_identifier(c)} IS NOT NULL" for c, _ in pairs)
    orphan = (
        f"SELECT 1 FROM {quote_identifier(key.table)} AS c"
        f" LEFT JOIN {quote_identifier(key.parent)} AS p ON {on}"
        f" WHERE {given} AND p.{quote_identifier(pairs[0][1])} IS NULL LIMIT 1"
    )
    if connection.execute(orphan).fetchone() is not None:
        notes.append(f"{text} is left out: some rows refer to nothing")
        return False
    return True


def _unify(types: dict[tuple[str, str], ColumnType], keys: Sequence[ForeignKey]) -> None:
    """Gives columns that keys connect one type, over any number of steps."""
    pairs = [
        ((key.table, column), (key.parent, target))
        for key in keys
        for column, target in zip(key.columns, key.parent_columns, strict=True)
    ]
    for _ in pairs:  # a type passes on at most one step in each round
        for first, second in pairs:
            common = unified([types[first], types[second]])
            assert common is not None  # kinds that agree in pairs agree in all
            types[first] = types[second] = common


def _table_plan(
    table: Table,
    types: dict[tuple[str, str], ColumnType],
    primary: dict[str, tuple[str, ...]],
    unique: tuple[tuple[str, ...], ...],
    keys: Sequence[ForeignKey],
) -> TablePlan:
    own = tuple(key for key in keys if key.table == table.name)
    members = set(primary.get(table.name, ())) | {name for names in unique for name in names}
    members |= {name for key in own for name in key.columns}
    members |= {name for key in keys if key.parent == table.name for name in key.parent_columns}
    columns = tuple(
        ColumnPlan(
            column.name,
            types[table.name, column.name],
            (column.not_null and table.kind == "table")
            or column.name in primary.get(table.name, ()),
            column.name in members,
        )
        for column in table.columns
    )
    return TablePlan(table.name, columns, primary.get(table.name, ()), unique, own)


def _parents_first(tables: Sequence[TablePlan]) -> Iterator[TablePlan]:
    waiting, done = list(tables), set[str]()
    while waiting:
        ready = [
            table
            for table in waiting
            if all(key.parent in done or key.parent == table.name for key in table.foreign_keys)
        ]
        for table in ready or waiting[:1]:  # a cycle is entered anywhere
            yield table
            done.add(table.name)
            waiting.remove(table)
