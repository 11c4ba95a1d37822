"""`ask` through the real system on databases as users bring them: an answer, or none; no crash."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.systems.advanced.tiny_small import make_small_folder
from typer.testing import CliRunner

from t2s_bench import asking
from t2s_bench.cli.app import app
from t2s_bench.errors import BadInput
from t2s_bench.plugins import LoadedSystem, load_system

pytest.importorskip("torch")

SPACES = """
CREATE TABLE "order details" (
    "order no." INTEGER PRIMARY KEY, "unit price" REAL, "naïve – name" TEXT
);
INSERT INTO "order details" VALUES (1, 2.5, 'Zoë'), (2, NULL, 'a ''quoted'' one');
CREATE TABLE "select" ("from" TEXT, "order no." REFERENCES "order details" ("order no."));
"""
MANY = ";".join(f"CREATE TABLE table_{n} (id INTEGER PRIMARY KEY, v{n} TEXT)" for n in range(300))
EMPTY = "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); CREATE TABLE b (id INTEGER, y REAL)"
CITY = "CREATE TABLE 餐馆 (名字 TEXT, 城市 TEXT); INSERT INTO 餐馆 VALUES ('全聚德', '北京')"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_folder(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def system(model: Path) -> LoadedSystem:
    return load_system("advanced", {"model": str(model), "mcts_simulations": 12})


def made(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)
    return path


@pytest.mark.parametrize(
    ("script", "question"),
    [
        (SPACES, "What is the unit price of order details named Zoë?"),
        (MANY, "How many v299 are in table 299?"),
        (EMPTY, "Which x has the largest y?"),
        (CITY, "在北京有多少家餐馆？"),
        (SPACES, "¿Cuántos pedidos hay?"),
        (EMPTY, "?"),
        (EMPTY, "'; DROP TABLE a; --"),
    ],
    ids=["spaces", "300 tables", "empty tables", "Chinese", "Spanish", "no words", "injection"],
)
def test_any_database_and_question_is_answered_or_abstained_from(
    system: LoadedSystem, tmp_path: Path, script: str, question: str
) -> None:
    path = made(tmp_path / "my data.sqlite", script)
    before = path.read_bytes()
    answer = asking.ask(system, asking.open_database(str(path), tmp_path), question)
    assert answer.ok or answer.reason
    assert answer.confidence is None or 0 <= answer.confidence <= 1
    if answer.sql:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"EXPLAIN {answer.sql}")
        assert asking.explain(answer.sql)
    assert path.read_bytes() == before


def test_an_empty_question_a_missing_file_and_a_text_file_are_one_line(
    system: LoadedSystem, tmp_path: Path
) -> None:
    database = asking.open_database(str(made(tmp_path / "d.sqlite", EMPTY)), tmp_path)
    with pytest.raises(BadInput, match="the question is empty"):
        asking.ask(system, database, "  ")
    with pytest.raises(BadInput, match="no database at"):
        asking.open_database(str(tmp_path / "gone.sqlite"), tmp_path)
    text = tmp_path / "text.sqlite"
    text.write_text("no database, only a text\n" * 200)
    with pytest.raises(BadInput, match="not a readable SQLite"):
        asking.ask(system, asking.open_database(str(text), tmp_path), "How many?")


def test_the_command_answers_or_says_why_not(model: Path, tmp_path: Path) -> None:
    path = made(tmp_path / "my data.sqlite", SPACES)
    command = ["ask", str(path), "How many order details are there?", "--json", "--explain"]
    options = ["-o", f"model={model}", "-o", "mcts_simulations=8"]
    said = CliRunner().invoke(app, [*command, *options])
    assert said.exit_code in (0, 1), said.output
    assert said.exception is None or isinstance(said.exception, SystemExit)
    content = json.loads(said.stdout)
    assert (said.exit_code == 0) == (bool(content["sql"]) and not content["reason"])
    wrong = CliRunner().invoke(app, [*command, "-o", f"model={tmp_path}"])
    assert isinstance(wrong.exception, BadInput)
    assert "no small model in" in str(wrong.exception)
