"""The school's database, without rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.systems.advanced.codec.pointer.graphs import SCHOOL

from t2s_bench.databases.connection import quote_identifier


@pytest.fixture(scope="module")
def school() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for table in SCHOOL.tables:
            columns = ", ".join(quote_identifier(column.name) for column in table.columns)
            connection.execute(f"CREATE TABLE {quote_identifier(table.name)} ({columns})")
        yield connection
