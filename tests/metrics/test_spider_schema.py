"""Names are read in lower case, and foreign-key classes are not merged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from t2s_bench.metrics.spider_schema import SpiderSchema, foreign_key_classes, read_tables


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


def test_tables_have_lower_case_names_and_internal_ones_count(
    connection: sqlite3.Connection,
) -> None:
    connection.execute('CREATE TABLE "Order List" (Id INTEGER PRIMARY KEY AUTOINCREMENT, "Xy Z")')
    connection.execute("CREATE VIEW seen AS SELECT 1 AS one")
    assert read_tables(connection) == {
        "order list": ("id", "xy z"),
        "sqlite_sequence": ("name", "seq"),
    }


def test_a_pair_that_joins_two_classes_extends_the_first_and_leaves_the_second() -> None:
    columns = [(-1, "*"), (0, "a"), (0, "b"), (1, "c"), (1, "d")]
    classes = foreign_key_classes(
        {
            "table_names_original": ["One", "Two"],
            "column_names_original": columns,
            "foreign_keys": [(1, 2), (3, 4), (3, 2)],
        }
    )
    assert classes == {"one.a": "one.a", "one.b": "one.a", "two.c": "two.c", "two.d": "two.c"}


def test_identifiers_hold_tables_columns_and_the_star() -> None:
    schema = SpiderSchema({"t": ("a",), "empty": ()})
    assert schema.identifiers == {"*", "t", "t.a", "empty"}
