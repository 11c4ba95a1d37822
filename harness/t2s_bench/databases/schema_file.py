"""`schema.json`: what people say about a database that the database itself does not.

It lies beside the SQLite file and is written by the importers of benchmarks (or by hand):

    {"tables": {"<table>": {"name": "…", "description": "…",
                            "columns": {"<column>": {"name": "…", "description": "…",
                                                     "values": "…", "type": "…"}}}},
     "primary_keys": [["table", "column"], …],
     "foreign_keys": [["table", "column", "table2", "column2"], …],
     "source": "…"}

Every key may be absent. `name` is the readable name, `values` says in words what the values mean,
`type` is the type its source gives. Names are matched to the database without regard to case.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from t2s_bench.errors import BadInput

FILE_NAME = "schema.json"


@dataclass(frozen=True)
class ColumnText:
    """What `schema.json` says of one column; empty where it says nothing."""

    name: str = ""
    description: str = ""
    values: str = ""
    type: str = ""


@dataclass(frozen=True)
class TableText:
    """What `schema.json` says of one table."""

    name: str = ""
    description: str = ""
    columns: Mapping[str, ColumnText] = field(default_factory=dict)


@dataclass(frozen=True)
class SchemaFile:
    """A checked `schema.json`, with the names as they are written in it."""

    tables: Mapping[str, TableText] = field(default_factory=dict)
    primary_keys: tuple[tuple[str, str], ...] = ()
    foreign_keys: tuple[tuple[str, str, str, str], ...] = ()
    source: str = ""


def read_schema_file(database: Path) -> SchemaFile | None:
    """Reads the `schema.json` beside a SQLite file; None where there is none.

    Raises BadInput where it is not JSON of the shape above.
    """
    path = database.parent / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"{path}:{error.lineno}: not JSON: {error.msg}") from error
    top = _object(content, path, "the file", ("tables", "primary_keys", "foreign_keys", "source"))
    tables = {}
    for table, entry in _object(top.get("tables", {}), path, "tables").items():
        where = f"tables.{table}"
        said = _object(entry, path, where, ("name", "description", "columns"))
        columns = {}
        for column, words in _object(said.get("columns", {}), path, f"{where}.columns").items():
            keys = ("name", "description", "values", "type")
            spot = f"{where}.columns.{column}"
            texts = _object(words, path, spot, keys)
            columns[column] = ColumnText(*(_text(texts.get(key), path, spot, key) for key in keys))
        tables[table] = TableText(
            _text(said.get("name"), path, where, "name"),
            _text(said.get("description"), path, where, "description"),
            columns,
        )
    return SchemaFile(
        tables,
        tuple((t, c) for t, c in _names(top.get("primary_keys", []), path, "primary_keys", 2)),
        tuple(
            (t, c, t2, c2)
            for t, c, t2, c2 in _names(top.get("foreign_keys", []), path, "foreign_keys", 4)
        ),
        _text(top.get("source"), path, "the file", "source"),
    )


def _object(
    value: object, path: Path, where: str, keys: Collection[str] = ()
) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadInput(f"{path}: {where} must be an object {{…}}")
    for key in value if keys else ():  # without keys, any name may stand there
        if key not in keys:
            raise BadInput(
                f"{path}: unknown key '{key}' in {where}. Possible: {', '.join(sorted(keys))}"
            )
    return value


def _text(value: object, path: Path, where: str, key: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(f"{path}: {key} in {where} must be text")
    return " ".join(value.split())


def _names(value: object, path: Path, where: str, length: int) -> list[list[str]]:
    if not isinstance(value, list):
        raise BadInput(f"{path}: {where} must be a list")
    for entry in value:
        if (
            not isinstance(entry, list)
            or len(entry) != length
            or not all(isinstance(name, str) for name in entry)
        ):
            raise BadInput(f"{path}: each entry of {where} must be a list of {length} names")
    return value
