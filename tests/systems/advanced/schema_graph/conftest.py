"""A small database with all that a graph has edges for."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.task import Task

from t2s_bench.types import Database, Question

SCRIPT = """
CREATE TABLE country (code TEXT PRIMARY KEY, name TEXT, population INTEGER);
CREATE TABLE singer (
    singer_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, birth_year TEXT, is_male BOOLEAN,
    country_code TEXT REFERENCES country (code), zip TEXT, age INTEGER
);
CREATE TABLE "dept of music" (id INTEGER PRIMARY KEY, dept_name TEXT, "opening date" DATE);
INSERT INTO country VALUES ('FR', 'France', 67), ('CI', 'Côte d''Ivoire', 28);
INSERT INTO singer (name, birth_year, is_male, country_code, zip, age) VALUES
    ('Joe Sharp', '1952', 1, 'FR', '02138', 52), ('Rose White', '1980', 0, 'CI', '75001', 33);
"""
Ask = Callable[..., Task]


def make_database(folder: Path, script: str = SCRIPT, name: str = "music") -> Database:
    path = folder / f"{name}.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)
    return Database(name, (path,), "", "")


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """The task of a question on the small database."""
    database = make_database(tmp_path_factory.mktemp("music"))
    maker = TaskMaker()

    def task(question: str, evidence: str = "") -> Task:
        return maker.task(Question("q", question, database.id, evidence), database)

    yield task
    maker.close()
