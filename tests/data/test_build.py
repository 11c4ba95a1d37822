"""Building: the same sources give the same bytes, and wrong sources are named in one line."""

from __future__ import annotations

import importlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

build = importlib.import_module("build")
sources = importlib.import_module("mini_tools.sources")
databases = importlib.import_module("mini_tools.databases")

SCHEMA = """
CREATE TABLE shelf (shelf_id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE jar (
  jar_id INTEGER PRIMARY KEY,
  shelf_id INTEGER REFERENCES shelf (shelf_id),
  "filled on" DATE,
  price NUMERIC(6,2)
);
"""
CONTENT = '''"""Rows of the pantry: jars on shelves."""


def fill(rng, variant):
    shelves = [(1, "top"), (2, "Über uns")]
    days = ["2024-02-29", "2023-12-31", None]
    jars = [(n, rng.choice([1, 2, None]), rng.choice(days), n + 0.5) for n in range(1, 9)]
    return {"shelf": shelves, "jar": jars}
'''
QUESTION = """
[[question]]
id = "pantry-01"
question = "How many jars are there?"
gold = "SELECT COUNT(*) FROM jar"
difficulty = "easy"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "sources" / "pantry"
    folder.mkdir(parents=True)
    (folder / "schema.sql").write_text(SCHEMA, encoding="utf-8")
    (folder / "content.py").write_text(CONTENT, encoding="utf-8")
    (folder / "questions.toml").write_text(QUESTION, encoding="utf-8")
    (tmp_path / "README.md").write_text(
        "\n".join(
            [
                "before",
                "<!-- databases: written by build.py -->",
                "<!-- databases: end -->",
                "after",
                "",
            ]
        ),
        encoding="utf-8",
    )
    return tmp_path


def built(root: Path) -> list[str]:
    faults: list[str] = build.build(["pantry"], root)[1]
    return faults


def content(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.sqlite")}


def edited(root: Path, name: str, old: str, new: str) -> None:
    path = root / "sources" / "pantry" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_build_gives_four_fillings_a_questions_file_and_a_table(root: Path) -> None:
    assert built(root) == []
    assert sorted(content(root)) == [
        f"databases/pantry/pantry{name}.sqlite"
        for name in (".filling1", ".filling2", ".filling3", "")
    ]
    assert json.loads((root / "questions.jsonl").read_text()) == {
        "id": "pantry-01",
        "question": "How many jars are there?",
        "db_id": "pantry",
        "gold": "SELECT COUNT(*) FROM jar",
        "evidence": "",
        "difficulty": "easy",
    }
    readme = (root / "README.md").read_text()
    assert "| pantry | jars on shelves | 2 | 10 | 1 | 1 | 0 | 0 | 0 |" in readme
    assert readme.startswith("before\n")
    assert readme.endswith("after\n")
    assert build.differences(["pantry"], root) == []


def test_a_second_build_gives_the_same_bytes(root: Path) -> None:
    built(root)
    first = content(root)
    for path in root.rglob("*.sqlite"):
        path.unlink()
    built(root)
    assert content(root) == first


def test_a_file_does_not_tell_which_sqlite_wrote_it_and_still_opens(root: Path) -> None:
    built(root)
    path = root / "databases" / "pantry" / "pantry.sqlite"
    header = path.read_bytes()[:100]
    assert header[24:28] == header[92:96] == b"\0\0\0\1"
    assert int.from_bytes(header[96:100], "big") == 3_040_001
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.execute("INSERT INTO shelf VALUES (3, 'low')")
        assert connection.execute("SELECT COUNT(*) FROM shelf").fetchone() == (3,)


def test_the_check_names_each_file_that_differs(root: Path) -> None:
    built(root)
    folder = root / "databases" / "pantry"
    with closing(sqlite3.connect(folder / "pantry.sqlite")) as connection, connection:
        connection.execute("UPDATE shelf SET name = 'low' WHERE shelf_id = 1")
    (folder / "pantry.filling2.sqlite").unlink()
    (folder / "stray.sqlite").write_bytes(b"")
    (root / "questions.jsonl").write_text("")
    (root / "README.md").write_text((root / "README.md").read_text().replace("jars on", "jam on"))
    assert build.differences(["pantry"], root) == [
        "databases/pantry/pantry.sqlite: holds other tables or rows than its sources give",
        "databases/pantry/pantry.filling2.sqlite: is missing",
        "questions.jsonl: differs from the questions.toml of the sources",
        "README.md: its table of databases is not the one of the sources",
        "databases/pantry/stray.sqlite: no source builds this file",
    ]


def test_other_bytes_pass_only_under_another_sqlite_and_with_equal_rows(root: Path) -> None:
    built(root)
    path = root / "databases" / "pantry" / "pantry.sqlite"
    altered = bytearray(path.read_bytes())
    altered[96:100] = (3_099_000).to_bytes(4, "big")
    path.write_bytes(bytes(altered))
    (fault,) = build.differences(["pantry"], root)
    assert fault.startswith("databases/pantry/pantry.sqlite: same rows, other bytes")
    (root / "databases" / "sqlite_version.txt").write_text("3.99.0\n")
    assert build.differences(["pantry"], root) == []


def test_a_partial_build_keeps_the_questions_of_other_databases(root: Path) -> None:
    other = {"id": "attic-01", "question": "?", "db_id": "attic", "gold": "SELECT 1"}
    (root / "questions.jsonl").write_text(json.dumps(other) + "\n")
    (root / "sources" / "attic").mkdir()
    (root / "sources" / "attic" / "schema.sql").write_text("CREATE TABLE a (b INTEGER)")
    built(root)
    lines = (root / "questions.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["attic-01", "pantry-01"]


def test_a_partial_build_under_another_sqlite_is_refused(root: Path) -> None:
    built(root)
    (root / "databases" / "sqlite_version.txt").write_text("3.1.0\n")
    (root / "sources" / "attic").mkdir()
    (root / "sources" / "attic" / "schema.sql").write_text("CREATE TABLE a (b INTEGER)")
    with pytest.raises(sources.SourceError, match=r"built with SQLite 3\.1\.0, .* build all"):
        build.build(["pantry"], root)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("content.py", "rng.choice([1, 2, None])", "9", "pantry: table jar, row 1 (1, 9, "),
        ("content.py", "n + 0.5", "'dear'", "price is not a number"),
        ("content.py", '"2024-02-29"', '"2023-02-29"', "filled on is not a date"),
        ("content.py", "n + 0.5)", "n + 0.5, 0)", "5 values for 4 columns"),
        ("content.py", '(2, "Über uns")', "(2, None)", "NOT NULL constraint failed: shelf.name"),
        ("content.py", '"jar": jars', '"jars": jars', "lacking: jar; unknown: jars"),
        ("content.py", "rng.choice(days)", "random.choice(days)", "content.py, line 7, filling 0"),
        (
            "content.py",
            "def fill(rng, variant):",
            "COUNT = []\n\ndef fill(rng, variant):\n    COUNT.append(1)\n    rng.seed(len(COUNT))",
            "gave other rows when called again",
        ),
        (
            "content.py",
            "def fill(rng, variant):",
            "def fill(rng, variant):\n    rng.seed(1)",
            "filling 1 holds the same rows",
        ),
        ("schema.sql", "NUMERIC(6,2)", "MONEY", "the portable ones are INTEGER"),
        ("schema.sql", "CREATE TABLE jar", "CREATE TABEL jar", 'schema.sql: near "TABEL"'),
        ("questions.toml", '"pantry-01"', '"pantry-1"', "the id must be pantry-NN"),
        ("questions.toml", '"easy"', '"simple"', "'simple' is none of easy, medium, hard, extra"),
        ("questions.toml", "question =", "text =", "lacks question"),
        ("questions.toml", '"easy"', '"easy"\nhint = "x"', "unknown key hint"),
        ("questions.toml", '"easy"', "easy", "questions.toml is not TOML"),
        (
            "questions.toml",
            '"SELECT COUNT(*) FROM jar"',
            '["SELECT 1", "SELECT 1"]',
            "a list of different ones",
        ),
        ("questions.toml", "COUNT(*)", "COUNT(jars)", "fails on filling 0: no such column: jars"),
        ("questions.toml", "SELECT COUNT(*)", "DELETE", "must be one SELECT"),
        (
            "questions.toml",
            '"SELECT COUNT(*) FROM jar"',
            '["SELECT COUNT(*) FROM jar", "SELECT 1, 2"]',
            "different numbers of columns",
        ),
        (
            "questions.toml",
            '"SELECT COUNT(*) FROM jar"',
            '["SELECT COUNT(*) FROM jar", "SELECT COUNT(jar_id) FROM jar"]',
            "gold 2 gives what an earlier gold gives",
        ),
        ("questions.toml", "COUNT(*) FROM jar", "shelf_id FROM jar LIMIT 2", "not deterministic"),
        (
            "questions.toml",
            "COUNT(*) FROM jar",
            "jar_id FROM jar ORDER BY shelf_id",
            "ORDER BY leaves ties open",
        ),
        ("questions.toml", QUESTION, QUESTION + QUESTION, "the id is already that of pantry-01"),
    ],
)
def test_wrong_sources_are_named(root: Path, name: str, old: str, new: str, message: str) -> None:
    edited(root, name, old, new)
    faults = built(root)
    assert any(message in fault for fault in faults), faults
    assert all(fault.startswith("pantry") and "\n" not in fault for fault in faults)


def test_one_answer_a_database_may_be_empty(root: Path) -> None:
    edited(root, "questions.toml", "COUNT(*) FROM jar", "jar_id FROM jar WHERE jar_id < 0")
    assert built(root) == []
    path = root / "sources" / "pantry" / "questions.toml"
    text = path.read_text()
    more = text.replace("pantry-01", "pantry-02").replace("How many", "Which")
    path.write_text(text + more)
    assert built(root) == [
        "pantry: pantry-01, pantry-02 have no rows on the main filling; one a database may"
    ]


def test_a_query_past_its_budget_is_stopped() -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n"
    with closing(sqlite3.connect(":memory:")) as connection:
        with pytest.raises(databases.QueryError, match="interrupted"):
            databases.run_query(connection, endless, 100_000)
        assert databases.run_query(connection, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    ("value", "declared", "fits"),
    [
        (None, "INTEGER", True),
        (1, "INTEGER", True),
        (1.0, "INTEGER", False),
        (True, "INTEGER", False),
        (True, "BOOLEAN", True),
        (2, "BOOLEAN", False),
        (2, "REAL", True),
        ("2", "NUMERIC(5,2)", False),
        ("a\0b", "TEXT", False),
        ("2024-02-29", "DATE", True),
        ("20240229", "DATE", False),
        ("2024-02-29 08:00:00", "TIMESTAMP", True),
        ("2024-02-29T08:00:00", "DATETIME", False),
        ("2024-02-29 24:00:00", "DATETIME", False),
    ],
)
def test_values_fit_their_declared_type_or_not(value: Any, declared: str, fits: bool) -> None:
    assert (sources.value_fault(value, declared) is None) is fits


def test_a_database_that_is_not_there_is_answered_with_those_that_are(root: Path) -> None:
    with pytest.raises(sources.SourceError, match="no database 'pantri'; there are: pantry"):
        sources.chosen_ids(["pantri"], root / "sources")
    assert sources.chosen_ids([], root / "sources") == ["pantry"]


def test_bytes_depend_on_content_alone_and_not_on_how_it_came_about(tmp_path: Path) -> None:
    files = []
    for name, detour in (("straight", False), ("detour", True)):
        rows = {"shelf": [(1, "top")], "jar": []}
        with closing(databases.fill_database("pantry", SCHEMA, rows)) as connection:
            if detour:
                connection.executemany(
                    "INSERT INTO shelf VALUES (?, ?)", [(n, f"gone {n}" * 9) for n in range(2, 99)]
                )
                connection.execute("DELETE FROM shelf WHERE shelf_id > 1")
            databases.write_database(connection, tmp_path / name)
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]
    assert b"gone" not in files[1]
