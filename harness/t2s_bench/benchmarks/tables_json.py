"""`tables.json`, in which Spider and BIRD describe the schemas of their databases.

One entry a database: `table_names(_original)`, `column_names(_original)` as pairs of a table's
index and a name (the first is `*`), `column_types`, and keys as indexes of columns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from t2s_bench.benchmarks.archive import Member
from t2s_bench.errors import BadInput

FILE = "tables.json"

# Spider's five types, and those that BIRD writes in their place.
TYPES = {"integer": "number", "real": "number", "date": "time", "datetime": "time"}


def read_tables(member: Member) -> dict[str, Mapping[str, Any]]:
    """The entries of a tables.json by database.

    Raises:
        BadInput: it is not such a file.
    """
    try:
        entries = {entry["db_id"]: entry for entry in json.loads(member.read())}
    except (ValueError, TypeError, KeyError):
        raise BadInput(f"{member} is not a list of schemas with db_id") from None
    return entries


def database_entry(database: Path) -> Mapping[str, Any] | None:
    """The official entry of an imported database, by the path of its SQLite file, as it is.

    It lies beside the database in a `tables.json` of its own: the official exact-set match refers
    to columns by their index in it. None where the benchmark had no entry for it.
    """
    try:
        text = (database.parent / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    entry: Mapping[str, Any] = json.loads(text)[0]
    return entry


def empty_schema() -> dict[str, object]:
    """The content of a `schema.json` of a database that tables.json does not describe."""
    return {"tables": {}, "primary_keys": [], "foreign_keys": [], "source": ""}


def schema_of(entry: Mapping[str, Any]) -> dict[str, object]:
    """The content of a database's `schema.json`, from its entry in tables.json.

    SQLite's own tables are left out; see `database_entry` for the entry as it is.

    Raises:
        BadInput: the entry contradicts itself.
    """
    try:
        return _schema(entry)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise BadInput(f"the entry of '{entry.get('db_id')}' in tables.json is damaged") from None


def _schema(entry: Mapping[str, Any]) -> dict[str, object]:
    names: list[str] = entry["table_names_original"]
    columns: list[tuple[int, str]] = entry["column_names_original"]
    tables: dict[str, dict[str, Any]] = {
        name: {"name": readable, "description": "", "columns": {}}
        for name, readable in zip(names, entry["table_names"], strict=True)
    }
    described = zip(columns, entry["column_names"], entry["column_types"], strict=True)
    for (table, column), (_, readable), kind in described:
        if table >= 0:  # the first column is `*`, of no table
            tables[names[table]]["columns"][column] = {
                "name": readable,
                "description": "",
                "values": "",
                "type": TYPES.get(kind.lower(), kind.lower()),
            }

    def named(index: int) -> list[str]:
        table, column = columns[index]
        return [names[table], column]

    keys = [part for key in entry["primary_keys"] for part in _listed(key)]
    pairs = [[*named(child), *named(parent)] for child, parent in entry["foreign_keys"]]
    return {
        "tables": {name: table for name, table in tables.items() if not is_internal(name)},
        "primary_keys": [key for key in map(named, keys) if not is_internal(key[0])],
        "foreign_keys": [
            pair for pair in pairs if not is_internal(pair[0]) and not is_internal(pair[2])
        ],
        "source": FILE,
    }


def _listed(key: int | list[int]) -> list[int]:
    """A primary key's columns: BIRD writes one of several columns as a list of indexes."""
    return key if isinstance(key, list) else [key]


def is_internal(table: str) -> bool:
    """Whether a table is SQLite's own.

    >>> is_internal("sqlite_sequence"), is_internal("sqlites")
    (True, False)
    """
    return table.lower().startswith("sqlite_")
