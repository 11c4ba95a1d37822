"""The embedded benchmark `mini`: its size, its variety, its rebuild and its strength."""

from __future__ import annotations

import functools
import json
import os
import re
import sqlite3
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

MINI = Path(__file__).resolve().parents[2] / "data" / "mini"
DATABASES = sorted(path.name for path in (MINI / "databases").iterdir() if path.is_dir())
DIFFICULTIES = ("easy", "medium", "hard", "extra")
RESERVED = {"order", "group", "select", "from", "to", "values", "table", "index", "user", "left"}


def questions() -> list[dict[str, Any]]:
    lines = (MINI / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def golds(record: dict[str, Any]) -> list[str]:
    return [record["gold"]] if isinstance(record["gold"], str) else list(record["gold"])


def fillings(db_id: str) -> list[Path]:
    folder = MINI / "databases" / db_id
    main = folder / f"{db_id}.sqlite"
    return [main, *sorted(path for path in folder.glob("*.sqlite") if path != main)]


def opened(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True))


def tables(connection: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    return [name for (name,) in connection.execute(query)]


def every_column() -> Iterator[tuple[str, str, str, list[Any]]]:
    """Database, table, column and its values, over all main fillings."""
    for db_id in DATABASES:
        with opened(fillings(db_id)[0]) as connection:
            for table in tables(connection):
                cursor = connection.execute(f'SELECT * FROM "{table}"')
                names = [entry[0] for entry in cursor.description]
                rows = cursor.fetchall()
                for number, name in enumerate(names):
                    yield db_id, table, name, [row[number] for row in rows]


def test_there_are_at_least_12_databases_and_240_questions() -> None:
    counts = Counter(record["db_id"] for record in questions())
    assert len(counts) >= 12
    assert sum(counts.values()) >= 240
    assert sorted(counts) == DATABASES
    assert min(counts.values()) >= 20


def test_each_difficulty_has_its_share() -> None:
    found = questions()
    counts = Counter(record["difficulty"] for record in found)
    assert set(counts) == set(DIFFICULTIES)
    assert min(counts.values()) >= 0.15 * len(found)


def test_questions_are_well_formed_and_in_alphabetical_order_of_their_databases() -> None:
    found = questions()
    keys = ["id", "question", "db_id", "gold", "evidence", "difficulty"]
    assert all(list(record) == keys for record in found)
    assert all(record["question"].strip() and all(golds(record)) for record in found)
    assert len({record["id"] for record in found}) == len(found)
    assert all(record["id"].startswith(record["db_id"] + "-") for record in found)
    assert [record["db_id"] for record in found] == sorted(record["db_id"] for record in found)


def test_about_half_of_the_questions_have_evidence_and_few_have_several_golds() -> None:
    found = questions()
    with_evidence = sum(bool(record["evidence"]) for record in found) / len(found)
    with_several = sum(len(golds(record)) > 1 for record in found) / len(found)
    assert 0.3 <= with_evidence <= 0.7
    assert with_several <= 0.15


@pytest.mark.parametrize("db_id", DATABASES)
def test_at_least_three_further_fillings_share_the_schema_but_not_the_rows(db_id: str) -> None:
    schemas, contents = [], []
    for path in fillings(db_id):
        with opened(path) as connection:
            schema = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
            schemas.append(sorted(schema))
            contents.append(
                [
                    connection.execute(f'SELECT * FROM "{name}"').fetchall()
                    for name in tables(connection)
                ]
            )
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert len(schemas) >= 4
    assert all(schema == schemas[0] for schema in schemas)
    assert all(one != other for n, one in enumerate(contents) for other in contents[:n])


def test_files_stay_small() -> None:
    sizes = {path.name: path.stat().st_size for db_id in DATABASES for path in fillings(db_id)}
    assert max(sizes.values()) < 60 * 1024


def test_names_need_quoting_somewhere() -> None:
    names = [name for _, table, column, _ in every_column() for name in (table, column)]
    assert any(" " in name for name in names)
    assert any(name.lower() in RESERVED for name in names)


def test_some_table_is_wide() -> None:
    widths = Counter((db_id, table) for db_id, table, _, _ in every_column())
    assert max(widths.values()) >= 20


def test_values_hold_nulls_negative_numbers_leap_days_and_apostrophes() -> None:
    values = [value for *_, column in every_column() for value in column]
    texts = [value for value in values if isinstance(value, str)]
    assert any(value is None for value in values)
    assert any(isinstance(value, (int, float)) and value < 0 for value in values)
    assert any(re.match(r"\d{4}-02-29", value) for value in texts)
    assert any("'" in value for value in texts)


def test_texts_are_in_several_scripts() -> None:
    scripts = {
        unicodedata.name(character, "?").split()[0]
        for *_, values in every_column()
        for value in values
        if isinstance(value, str)
        for character in value
        if ord(character) > 0x7F and character.isalpha()
    }
    assert {"LATIN", "CJK", "CYRILLIC", "ARABIC"} <= scripts


def test_values_differ_only_in_case_and_names_repeat() -> None:
    only_case = repeated = False
    for _, _, column, values in every_column():
        texts = [value for value in values if isinstance(value, str)]
        only_case = only_case or len({text.lower() for text in texts}) < len(set(texts))
        if "name" in column.lower():
            repeated = repeated or max(Counter(texts).values(), default=0) > 1
    assert only_case
    assert repeated


def test_tables_refer_to_themselves_and_link_others_many_to_many() -> None:
    to_itself = many_to_many = False
    for db_id in DATABASES:
        with opened(fillings(db_id)[0]) as connection:
            for table in tables(connection):
                keys = connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
                info = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
                primary = {row[1].lower() for row in info if row[5]}
                referring = {row[3].lower() for row in keys}
                to_itself = to_itself or any(row[2].lower() == table.lower() for row in keys)
                linked = {row[2].lower() for row in keys if row[3].lower() in primary}
                many_to_many = many_to_many or (len(linked) >= 2 and primary <= referring)
    assert to_itself
    assert many_to_many


def test_superlatives_tie_somewhere() -> None:
    """Some question for "the most …" has several rows in its answer."""
    tied = 0
    for record in questions():
        sql = golds(record)[0]
        if re.search(r"=\s*\(\s*SELECT\s+(MAX|MIN)\(", sql, re.IGNORECASE):
            with opened(fillings(record["db_id"])[0]) as connection:
                tied += len(connection.execute(sql).fetchall()) > 1
    assert tied >= 5


def test_a_rebuild_from_the_sources_gives_what_is_committed() -> None:
    """In a process of its own, where sets and dictionaries of texts hash differently."""
    finished = subprocess.run(
        [sys.executable, str(MINI / "build.py"), "--check"],
        env={**os.environ, "PYTHONHASHSEED": "12345", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


@functools.cache
def reports(db_id: str) -> list[Any]:
    suite = pytest.importorskip("mini_tools.suite", exc_type=ImportError)
    found: list[Any] = suite.examine_database(MINI / "sources" / db_id)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("db_id", DATABASES)
def test_the_fillings_tell_every_gold_from_its_near_misses(db_id: str) -> None:
    for report in reports(db_id):
        assert report.faults == []
        assert [mutant.sql for mutant in report.survivors] == [], report.id
        assert report.by_suite >= 5, report.id


@pytest.mark.slow
def test_the_further_fillings_catch_what_the_main_filling_misses() -> None:
    found = [report for db_id in DATABASES for report in reports(db_id)]
    missed = sum(report.by_suite - report.by_main for report in found)
    assert missed >= 100
    assert len([report for report in found if report.by_suite > report.by_main]) >= 50
