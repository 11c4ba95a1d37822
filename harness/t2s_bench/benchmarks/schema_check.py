"""Where the official `tables.json` and the database itself contradict each other."""

from __future__ import annotations

from t2s_bench.benchmarks.tables_json import database_entry, is_internal
from t2s_bench.databases.schema import Schema, read_schema
from t2s_bench.types import Database


def mismatches(database: Database) -> list[str]:
    """One line for every contradiction; none for a database that tables.json does not describe.

    Compared without regard to case: the names of tables and columns, their number, and whether the
    columns of every foreign key exist.

    Raises:
        BadInput: the database cannot be read.
    """
    schema = read_schema(database, samples=0)
    entry = database_entry(database.path)
    lines = list(schema.notes)
    if entry:
        described: dict[str, set[str]] = {
            name.lower(): set() for name in entry["table_names_original"]
        }
        for table, column in entry["column_names_original"]:
            if table >= 0:
                described[entry["table_names_original"][table].lower()].add(column.lower())
        lines += _undescribed(schema, described)
    return lines


def _undescribed(schema: Schema, described: dict[str, set[str]]) -> list[str]:
    """What the database has and tables.json lacks."""
    lines = []
    for table in schema.tables:
        if is_internal(table.name) or table.kind == "view":
            continue
        known = described.get(table.name.lower())
        if known is None:
            lines.append(f"table {table.name} is not in tables.json")
            continue
        lines += [
            f"column {table.name}.{column.name} is not in tables.json"
            for column in table.columns
            if column.name.lower() not in known
        ]
    return lines
