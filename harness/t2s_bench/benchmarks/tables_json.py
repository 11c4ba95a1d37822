"""`tables.json`, in which Spider and BIRD describe the schemas of their databases.

One entry a database: `table_names(_original)`, `column_names(_original)` as pairs of a table's
index and a name (the first is `*`), `column_types`, and keys as indexes of columns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from t2s_bench.benchmarks.archive import Member
from t2s_bench.errors import BadInput

# Spider's five types, and those that BIRD writes in their place.
_TYPES = {"integer": "number", "real": "number", "date": "time", "datetime": "time"}


def read_tables(member: Member) -> dict[str, Mapping[str, object]]:
    """The entries of a tables.json by database.

    Raises:
        BadInput: it is not such a file.
    """
    try:
        entries = {entry["db_id"]: entry for entry in json.loads(member.read())}
    except (ValueError, TypeError, KeyError):
        raise BadInput(f"{member} is not a list of schemas with db_id") from None
    return entries


def schema_of(entry: Mapping[str, object]) -> dict[str, object]:
    """The content of a database's `schema.json`, from its entry in tables.json.

    SQLite's own tables are left out. The entry itself is kept as `tables_json`: the official
    exact-set match refers to columns by their index in it.

    Raises:
        BadInput: the entry contradicts itself.
    """
    try:
        return _schema(entry)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise BadInput(f"the entry of '{entry.get('db_id')}' in tables.json is damaged") from None


def _schema(entry: Mapping[str, object]) -> dict[str, object]:
    names: list[str] = entry["table_names_original"]  # type: ignore[assignment]
    readable: list[str] = entry["table_names"]  # type: ignore[assignment]
    columns: list[tuple[int, str]] = entry["column_names_original"]  # type: ignore[assignment]
    titles: list[tuple[int, str]] = entry["column_names"]  # type: ignore[assignment]
    types: list[str] = entry["column_types"]  # type: ignore[assignment]
    tables: dict[str, dict[str, object]] = {}
    for name, title in zip(names, readable, strict=True):
        tables[name] = {"name": title, "description": "", "columns": {}}
    for index, (table, column) in enumerate(columns):
        if table < 0:
            continue
        described: dict[str, object] = tables[names[table]]["columns"]  # type: ignore[assignment]
        kind = types[index].lower()
        described[column] = {
            "name": titles[index][1],
            "description": "",
            "values": "",
            "type": _TYPES.get(kind, kind),
        }

    def named(index: int) -> list[str]:
        table, column = columns[index]
        if table < 0:
            raise IndexError(index)
        return [names[table], column]

    keys: list[int | list[int]] = entry["primary_keys"]  # type: ignore[assignment]
    flat = [index for key in keys for index in (key if isinstance(key, list) else [key])]
    pairs: list[tuple[int, int]] = entry["foreign_keys"]  # type: ignore[assignment]
    own = {name for name in names if is_internal(name)}
    return {
        "tables": {name: table for name, table in tables.items() if name not in own},
        "primary_keys": [key for key in map(named, flat) if key[0] not in own],
        "foreign_keys": [
            [*named(left), *named(right)]
            for left, right in pairs
            if not {named(left)[0], named(right)[0]} & own
        ],
        "source": "tables.json",
        "tables_json": dict(entry),
    }


def is_internal(table: str) -> bool:
    """Whether a table is SQLite's own.

    >>> is_internal("sqlite_sequence"), is_internal("sqlites")
    (True, False)
    """
    return table.lower().startswith("sqlite_")
