"""BIRD's `database_description/<table>.csv`: what the columns of a table mean.

Each row has `original_column_name, column_name, column_description, data_format,
value_description`. The files come in UTF-8 with and without a mark, and in Windows' cp1252.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import PurePosixPath

from t2s_bench.benchmarks.archive import Member
from t2s_bench.benchmarks.tables_json import TYPES, is_internal
from t2s_bench.errors import BadInput


def add_descriptions(schema: dict[str, object], files: Iterable[Member]) -> None:
    """Adds what the CSV files say to the content of a database's `schema.json`.

    Tables and columns are matched without regard to case and outer spaces; a row about a column
    that tables.json lacks is added under its own name, a file about a table likewise.

    Raises:
        BadInput: a file is not such a CSV.
    """
    tables: dict[str, dict[str, object]] = schema["tables"]  # type: ignore[assignment]
    known_tables = {_key(name): name for name in tables}
    for member in files:
        stem = PurePosixPath(member.name).stem
        if is_internal(stem):
            continue
        name = known_tables.get(_key(stem), stem.strip())
        table = tables.setdefault(name, {"name": "", "description": "", "columns": {}})
        columns: dict[str, dict[str, str]] = table["columns"]  # type: ignore[assignment]
        known = {_key(column): column for column in columns}
        for row in _rows(member):
            original = row.get("original_column_name", "")
            if not original:
                continue
            column = known.get(_key(original), original)
            texts = columns.setdefault(column, {"name": "", "type": ""})
            readable = row.get("column_name", "")
            if readable and _key(texts["name"]) in ("", _key(column)):
                texts["name"] = readable
            texts["description"] = row.get("column_description", "")
            texts["values"] = row.get("value_description", "")
            kind = row.get("data_format", "").lower()
            texts["type"] = texts["type"] or TYPES.get(kind, kind)


def _rows(member: Member) -> Iterable[dict[str, str]]:
    rows = csv.reader(io.StringIO(_decoded(member.read()).replace("\0", ""), newline=""))
    try:
        header = [_key(name) for name in next(rows, [])]
        if "original_column_name" not in header:
            raise BadInput(f"{member} has no column original_column_name")
        for row in rows:
            yield {name: cell.strip() for name, cell in zip(header, row, strict=False)}
    except csv.Error as error:
        raise BadInput(f"{member}, line {rows.line_num}: {error}") from None


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Five bytes mean nothing in cp1252 either; they become U+FFFD.
        return content.decode("cp1252", errors="replace")


def _key(name: str) -> str:
    return name.strip().lower()
