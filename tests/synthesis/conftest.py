"""A small database with two foreign keys, names that need quotes, and every kind of column."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture
def concerts(tmp_path: Path) -> Path:
    path = tmp_path / "concerts.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE singer (singer_id INTEGER PRIMARY KEY, singer_name TEXT, age INTEGER,"
            " country TEXT, photo BLOB);"
            "CREATE TABLE concert (concert_id INTEGER PRIMARY KEY, title TEXT, year INTEGER,"
            ' singer_id INTEGER REFERENCES singer (singer_id), "ticket price" REAL);'
            "CREATE TABLE vacant (id INTEGER PRIMARY KEY, word TEXT);"
        )
        connection.executemany(
            "INSERT INTO singer VALUES (?, ?, ?, ?, x'00')",
            [(i, f"Singer {i}", 20 + i, ("France", "Norway", "Chad")[i % 3]) for i in range(1, 13)],
        )
        connection.executemany(
            "INSERT INTO concert VALUES (?, ?, ?, ?, ?)",
            [(i, f"Night {i % 5}", 2000 + i % 7, 1 + i % 9, 10.5 + i) for i in range(1, 31)],
        )
        connection.commit()
    return path
