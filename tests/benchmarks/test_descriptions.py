"""BIRD's column descriptions, in every encoding they come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from t2s_bench.benchmarks.archive import open_archive
from t2s_bench.benchmarks.descriptions import add_descriptions
from t2s_bench.benchmarks.tables_json import empty_schema
from t2s_bench.errors import BadInput

HEADER = "original_column_name,column_name,column_description,data_format,value_description\n"


def described(tmp_path: Path, content: bytes, name: str = "Fees") -> dict[str, Any]:
    folder = tmp_path / "database_description"
    folder.mkdir()
    (folder / f"{name}.csv").write_bytes(content)
    schema: dict[str, Any] = empty_schema()
    with open_archive(folder) as archive:
        add_descriptions(schema, archive.under(""))
    tables: dict[str, Any] = schema["tables"]
    return tables


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_every_encoding_gives_the_same_text(tmp_path: Path, encoding: str) -> None:
    text = HEADER + "fee,school fee,in € – “gross”,real,\n"
    tables = described(tmp_path, text.encode(encoding))
    assert tables["Fees"]["columns"] == {
        "fee": {
            "name": "school fee",
            "description": "in € – “gross”",
            "values": "",
            "type": "number",
        }
    }


def test_bytes_that_mean_nothing_do_not_stop_an_import(tmp_path: Path) -> None:
    content = HEADER.encode() + b"a,,\x81 \xff\x00,,\n"
    assert described(tmp_path, content)["Fees"]["columns"]["a"]["description"] == "\ufffd ÿ"


def test_short_rows_blank_rows_and_extra_cells_are_harmless(tmp_path: Path) -> None:
    tables = described(tmp_path, (HEADER + "a\n\n,,nameless,,\nb,,,,,more,cells\n").encode())
    assert list(tables["Fees"]["columns"]) == ["a", "b"]


def test_sqlites_own_tables_are_left_out(tmp_path: Path) -> None:
    assert described(tmp_path, HEADER.encode(), "sqlite_sequence") == {}


def test_another_csv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no column original_column_name"):
        described(tmp_path, b"a,b\n1,2\n")
