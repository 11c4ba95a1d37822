"""Contradictions between tables.json and the database are found."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.benchmarks.schema_check import mismatches

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def entry(**changes: object) -> dict[str, object]:
    """What tables.json says of the database that `Layouts.database` makes."""
    return {
        "db_id": "zoo",
        "table_names": ["singer"],
        "table_names_original": ["Singer"],
        "column_names": [[-1, "*"], [0, "id"], [0, "name"]],
        "column_names_original": [[-1, "*"], [0, "ID"], [0, "name"]],
        "column_types": ["text", "number", "text"],
        "primary_keys": [1],
        "foreign_keys": [],
        **changes,
    }


def found(layouts: Layouts, said: dict[str, object]) -> list[str]:
    folder = layouts.spider()
    layouts.json(folder / "tables.json", [said])
    import_benchmark("spider", folder, force=True)
    return mismatches(load("spider-dev").databases["zoo"])


def test_case_is_no_mismatch(layouts: Layouts) -> None:
    assert found(layouts, entry()) == []


def test_a_column_that_is_not_there(layouts: Layouts) -> None:
    said = entry(
        column_names=[[-1, "*"], [0, "id"], [0, "age"]],
        column_names_original=[[-1, "*"], [0, "id"], [0, "age"]],
    )
    lines = found(layouts, said)
    assert any("age" in line for line in lines)
    assert "column singer.name is not in tables.json" in lines


def test_a_table_that_is_not_there(layouts: Layouts) -> None:
    said = entry(table_names=["singers"], table_names_original=["singers"])
    lines = found(layouts, said)
    assert any("singers" in line for line in lines)
    assert "table singer is not in tables.json" in lines


def test_a_database_without_an_entry_has_none(layouts: Layouts) -> None:
    assert found(layouts, entry(db_id="farm")) == []


def test_views_and_internal_tables_are_no_mismatch(layouts: Layouts) -> None:
    folder = layouts.spider()
    layouts.json(folder / "tables.json", [entry()])
    with sqlite3.connect(folder / "database" / "zoo" / "zoo.sqlite") as connection:
        connection.execute("CREATE VIEW seen AS SELECT * FROM singer")
        connection.execute("CREATE TABLE t (i INTEGER PRIMARY KEY AUTOINCREMENT)")
    connection.close()
    import_benchmark("spider", folder)
    lines = mismatches(load("spider-dev").databases["zoo"])
    assert lines == ["table t is not in tables.json"]
