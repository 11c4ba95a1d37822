"""A session keeps connections and golds, notices changed files and says what it is at."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.execution.hostile import make_database

from t2s_bench.execution import session as module
from t2s_bench.execution.cache import Cache
from t2s_bench.execution.session import Session
from t2s_bench.execution.spelling import one_spelling
from t2s_bench.execution.sqlite import Reader
from t2s_bench.types import Budget, Execution, Status

NAMES = "SELECT name FROM person ORDER BY id"


def _rename(path: Path, name: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE person SET name = ? WHERE id = 1", (name,))
        connection.commit()


def test_many_databases_answer_in_turn_and_close(
    tmp_path: Path, budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECTIONS", 3)
    paths = [tmp_path / f"{number}.sqlite" for number in range(5)]
    for path in paths:
        make_database(path)
        _rename(path, path.stem)
    open_files = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    with Session() as session:
        for path in paths * 3:
            assert session.execute(path, NAMES, budget).rows[0] == (path.stem,)
        assert len(session._readers) == 3
    if open_files:
        assert len(os.listdir("/proc/self/fd")) == open_files


@pytest.mark.parametrize("how", ["written", "replaced", "log written"])
def test_a_changed_file_is_read_anew(
    how: str, database: Path, budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECHECK_SECONDS", 0.0)
    writer = sqlite3.connect(database)
    if how == "log written":
        writer.execute("PRAGMA journal_mode = WAL").fetchall()
        writer.close()
        writer = sqlite3.connect(database)
    with Session() as session, closing(writer):
        assert session.execute(database, NAMES, budget).rows[0] == ("Ann",)
        if how == "replaced":
            other = database.with_name("other.sqlite")
            make_database(other)
            _rename(other, "Eve")
            os.replace(other, database)
        else:
            writer.execute("UPDATE person SET name = 'Eve' WHERE id = 1")
            writer.commit()
        assert session.execute(database, NAMES, budget).rows[0] == ("Eve",)


def test_a_vanished_file_is_infra(
    database: Path, budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECHECK_SECONDS", 0.0)
    with Session() as session:
        assert session.execute(database, NAMES, budget).ok
        database.unlink()
        gone = session.execute(database, NAMES, budget)
        assert gone.status is Status.INFRA
        assert str(database) in gone.error


def test_a_gold_runs_once_whatever_becomes_of_the_file(
    database: Path, budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECHECK_SECONDS", 0.0)
    with Session() as session:
        first = session.execute(database, NAMES, budget, cached="digest")
        database.unlink()
        assert session.execute(database, NAMES, budget, cached="digest") is first
        assert not session.execute(database, NAMES, budget, cached="another").ok


def test_a_gold_that_reads_the_clock_runs_each_time(
    database: Path, budget: Budget, tmp_path: Path
) -> None:
    with Cache(tmp_path / "cache") as cache, Session(cache=cache) as session:
        values = [
            session.execute(database, "SELECT random()", budget, cached="digest").rows
            for _ in range(3)
        ]
        assert len({str(value) for value in values}) == 3


def test_golds_in_memory_are_bounded(
    database: Path, budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MEMO_BYTES", 100_000)
    with Session() as session:
        for number in range(50):
            sql = f"SELECT {number}, hex(zeroblob(4000)), t FROM broken"
            session.execute(database, sql, budget, cached="digest")
        session.execute(database, "SELECT hex(zeroblob(40000))", budget, cached="digest")
        assert 0 < session._memo_bytes <= 100_000
        assert 3 < len(session._memo) < 50


def test_executions_have_their_own_watch_and_do_not_count_against_the_phase_around(
    database: Path,
) -> None:
    stamps: list[tuple[str, float, float]] = []
    session = Session(stamp=lambda *stamp: stamps.append(stamp))
    budget = Budget(seconds=7.0)
    session.watch(30.0, "compare")
    session.execute(database, NAMES, budget, cached="digest")
    session.execute(database, NAMES, budget, cached="digest")
    session.execute(database, NAMES, budget)
    session.close()
    assert [(phase, seconds) for phase, _, seconds in stamps] == [
        ("compare", 30.0),
        ("gold", 7.0),
        ("compare", 30.0),
        ("prediction", 7.0),
        ("compare", 30.0),
    ]
    starts = [start for _, start, _ in stamps]
    assert starts[0] < starts[2] < starts[4]
    assert session.phase == "compare"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that SQLite is given."""
    texts: list[str] = []
    execute = Reader.execute

    def counted(self: Reader, sql: str, budget: Budget) -> Execution:
        texts.append(sql)
        return execute(self, sql, budget)

    monkeypatch.setattr(Reader, "execute", counted)
    return texts


def test_a_shared_statement_runs_once_in_all_its_spellings(
    database: Path, budget: Budget, runs: list[str]
) -> None:
    with Session() as session:
        gold = session.execute(database, NAMES, budget, cached="digest", shared=one_spelling(NAMES))
        others = [
            session.execute(database, sql, budget, shared=one_spelling(sql))
            for sql in (NAMES.lower(), NAMES.replace(" ", "\n") + " ;")
        ]
        assert all(other.rows is gold.rows for other in others)
        assert runs == [NAMES]
        session.execute(database, NAMES.lower(), budget)
    assert runs == [NAMES, NAMES.lower()]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("SELECT abs(random())", "SELECT ABS(random())"),  # chance
        ("SELECT Missing FROM person", "SELECT missing FROM person"),  # its message quotes it
        ("SELECT hex(zeroblob(9000))", "SELECT HEX(zeroblob(9000))"),  # too large to keep
    ],
)
def test_what_is_not_shared_runs_each_time(
    first: str, second: str, database: Path, budget: Budget, runs: list[str]
) -> None:
    with Session() as session:
        found = [
            session.execute(database, sql, budget, shared=one_spelling(sql))
            for sql in (first, second)
        ]
    assert runs == [first, second]
    assert [execution.error.rpartition(" ")[2] for execution in found] in (
        ["", ""],
        ["Missing", "missing"],
    )


def test_sharing_ends_with_the_state_of_the_file(
    database: Path, budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECHECK_SECONDS", 0.0)
    with Session() as session:
        session.execute(database, NAMES, budget, shared=one_spelling(NAMES))
        session.note(str(database), "key", 1, 100)
        assert session.noted(str(database), "key") == 1
        _rename(database, "Zoe")
        assert session.execute(
            database, NAMES.lower(), budget, shared=one_spelling(NAMES.lower())
        ).rows[0] == ("Zoe",)
        assert session.noted(str(database), "key") is None


def test_what_is_noted_of_a_database_stays_small(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NOTES_BYTES", 32_000)
    where = str(database)
    with Session() as session:
        session.note(where, "large", 1, 2_001)
        assert session.noted(where, "large") is None
        for number in range(16):
            session.note(where, number, number, 2_000)
        assert [session.noted(where, number) for number in range(16)] == [*range(16)]
        session.note(where, "one more", 1, 1)
        assert session.noted(where, 0) is None and session.noted(where, "one more") == 1


@pytest.mark.parametrize("smaller", [{"rows": 1}, {"steps": 1_000}, {"seconds": 0.0}])
def test_a_smaller_budget_is_kept_to(
    smaller: dict[str, Any], database: Path, budget: Budget, runs: list[str]
) -> None:
    long = "WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 400) SELECT x % 3 FROM c"
    with Session() as session:
        assert session.execute(database, long, budget, shared=one_spelling(long)).ok
        again = session.execute(
            database, long, replace(budget, **smaller), shared=one_spelling(long)
        )
    assert len(runs) == 2
    assert not again.ok or "seconds" in smaller
