"""`t2s-bench ask` as a person and a script see it."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.test_app import mistake, t2s
from tests.test_asking import ECHO


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the system `echo` and the database `d.sqlite`."""
    folder = tmp_path / "echo"
    folder.mkdir()
    (folder / "system.toml").write_text(
        'name = "echo"\nsummary = "the question is the SQL"\nentry = "system:Echo"\n'
    )
    (folder / "system.py").write_text(ECHO)
    with closing(sqlite3.connect(tmp_path / "d.sqlite")) as connection:
        connection.executescript(
            "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, x'00ff'), (NULL, '[red]\x1b[2J'),"
            " (9e999, 'c');"
        )
    return tmp_path


def asked(place: Path, question: str, *more: str) -> subprocess.CompletedProcess[str]:
    return t2s("ask", place / "d.sqlite", question, "--system", place / "echo", *more)


def test_sql_table_confidence_and_explanation_are_shown(place: Path) -> None:
    result = asked(place, "SELECT a, b FROM t WHERE b IS NOT NULL", "--explain", "--rows", "2")
    assert result.returncode == 0, result.stderr
    for text in (
        "SELECT a, b FROM t",
        "Takes the rows of t.",
        "<2 bytes>",
        "NULL",
        "[red]",
        "the first 2 rows of 3",
        "confidence 0.50",
        "unsure: it could also be: SELECT 1",
    ):
        assert text in result.stdout, (text, result.stdout)  # fmt: skip
    assert "\x1b" not in result.stdout


def test_json_is_one_object(place: Path) -> None:
    result = asked(place, "SELECT a, b FROM t", "--json", "--explain")
    content = json.loads(result.stdout)
    assert content["rows"] == [[1, "<2 bytes>"], [None, "[red]\x1b[2J"], ["inf", "c"]]
    assert content["rows_in_all"] == 3 and content["confidence"] == 0.5
    assert content["explanation"][0] == "Takes the rows of t."


def test_no_result_is_exit_code_1(place: Path) -> None:
    result = asked(place, "nothing")
    assert result.returncode == 1 and "no answer: echo is not sure enough" in result.stdout
    result = asked(place, "SELECT nope FROM t", "--json")
    assert result.returncode == 1 and "nope" in json.loads(result.stdout)["reason"]


def test_in_a_terminal_it_asks_back_once(place: Path) -> None:
    leader, follower = pty.openpty()
    command = ("ask", place / "d.sqlite", "how many??", "--system", place / "echo")
    process = subprocess.Popen(
        [sys.executable, "-m", "t2s_bench.cli.app", *map(str, command)],
        stdin=follower,
        stderr=follower,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.write(leader, b"rows\n")
    output, _ = process.communicate(timeout=60)
    os.close(follower)
    said = os.read(leader, 10_000).decode()
    os.close(leader)
    assert process.returncode == 0 and "SELECT count(*) FROM t" in output
    assert "Rows or names?" in said and "1. rows" in said
    assert "unsure: rows or names (settled by human: rows)" in output


def test_mistakes_are_one_line(place: Path) -> None:
    system = ("--system", str(place / "echo"))
    assert "no database at" in mistake("ask", place / "gone.sqlite", "How many?", *system)
    assert "the question is empty" in mistake("ask", place / "d.sqlite", " ", *system)
    assert "not a readable SQLite" in mistake("ask", place / "echo" / "system.py", "?", *system)
    assert "unknown system" in mistake("ask", place / "d.sqlite", "?", "--system", "advancd")
