"""The disk cache gives back equal executions, survives damage and rivals, and is never needed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from t2s_bench.execution import cache as module
from t2s_bench.execution.cache import Cache
from t2s_bench.execution.session import Session
from t2s_bench.types import Budget, Execution, Status

BUDGET = Budget()
EXECUTIONS = [
    Execution(
        Status.OK,
        ("a", "a", "é"),
        [(1, -1.5, "x"), (None, float("inf"), b"\0\xff"), (2**62, 0.1 + 0.2, "\N{SNOWMAN}")],
        steps=12_000,
        seconds=0.25,
        undecodable=True,
    ),
    Execution(Status.OK, (), []),
    Execution(Status.ERROR, error="no such column: x"),
    Execution(Status.REFUSED, error="only reading is allowed: DELETE t refused"),
    Execution(Status.TIMEOUT, error="more than 10 virtual-machine steps", steps=10),
]


@pytest.mark.parametrize("execution", EXECUTIONS, ids=lambda e: str(e.status))
@pytest.mark.parametrize("sql", ["SELECT 1", "SELECT '\ud800'", "", "é" * 100_000])
def test_a_hit_is_equal_to_what_was_stored(execution: Execution, sql: str, tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        cache.put("digest", sql, BUDGET, execution)
        assert cache.get("digest", sql, BUDGET) == execution
    with Cache(tmp_path) as cache:
        assert cache.get("digest", sql, BUDGET) == execution


def test_everything_a_result_depends_on_is_in_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Cache(tmp_path) as cache:
        cache.put("digest", "SELECT 1", BUDGET, EXECUTIONS[0])
        assert cache.get("other", "SELECT 1", BUDGET) is None
        assert cache.get("digest", "SELECT  1", BUDGET) is None
        for name, value in (("steps", 1), ("seconds", 1.0), ("rows", 1), ("bytes", 1)):
            changed = replace(BUDGET, **{name: value})  # type: ignore[arg-type]
            assert cache.get("digest", "SELECT 1", changed) is None
        module._surroundings.cache_clear()
        monkeypatch.setattr(module, "FORMAT", 0)
        assert cache.get("digest", "SELECT 1", BUDGET) is None
    module._surroundings.cache_clear()


def _fill(folder: Path, count: int = 300) -> Path:
    with Cache(folder) as cache:
        for number in range(count):
            cache.put("digest", f"SELECT {number}", BUDGET, EXECUTIONS[0])
        return cache.path


@pytest.mark.parametrize("where", ["start", "middle", "everywhere", "cut", "empty", "text"])
def test_a_damaged_file_is_survived_and_nothing_wrong_is_read(where: str, tmp_path: Path) -> None:
    path = _fill(tmp_path)
    data = bytearray(path.read_bytes())
    if where == "cut":
        data = data[: len(data) // 3]
    elif where == "empty":
        data = bytearray()
    elif where == "text":
        data = bytearray(b"this is no database " * 500)
    else:
        places = {"start": range(0, 200), "middle": range(20_000, 30_000)}
        for place in places.get(where, range(0, len(data), 97)):
            data[place] ^= 0x55
    path.write_bytes(data)
    for _ in range(2):
        with Cache(tmp_path) as cache:
            for number in range(300):
                found = cache.get("digest", f"SELECT {number}", BUDGET)
                assert found in (None, EXECUTIONS[0])
            cache.put("digest", "SELECT 'new'", BUDGET, EXECUTIONS[2])
            cache.flush()
            assert cache.get("digest", "SELECT 'new'", BUDGET) in (None, EXECUTIONS[2])
    _fill(tmp_path)
    with Cache(tmp_path) as cache:
        found = cache.get("digest", "SELECT 299", BUDGET)
        assert found in (None, EXECUTIONS[0])


def test_a_value_from_elsewhere_fails_its_checksum(tmp_path: Path) -> None:
    path = _fill(tmp_path, 2)
    with closing(sqlite3.connect(path)) as connection:
        (first, second) = connection.execute("SELECT value FROM execution").fetchall()
        connection.execute("UPDATE execution SET value = ? WHERE value = ?", (*first, *second))
        connection.execute("UPDATE execution SET value = x'00' WHERE rowid = 1")
        connection.commit()
    with Cache(tmp_path) as cache:
        assert cache.get("digest", "SELECT 0", BUDGET) is None
        assert cache.get("digest", "SELECT 1", BUDGET) is None


def test_two_processes_fill_one_cache(tmp_path: Path) -> None:
    script = (
        "import sys; from t2s_bench.execution.cache import Cache; "
        "from t2s_bench.types import *; "
        "c = Cache(sys.argv[1]); "
        "[(c.put('digest', f'SELECT {sys.argv[2]}{n}', Budget(), Execution(Status.OK, ('x',), "
        "[(n,)])), c.flush() if n % 20 == 0 else None) for n in range(400)]; c.close()"
    )
    processes = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", script, str(tmp_path), name])
        for name in ("1", "2")
    ]
    assert [process.wait(60) for process in processes] == [0, 0]
    with Cache(tmp_path) as cache:
        for name in ("1", "2"):
            for number in range(400):
                found = cache.get("digest", f"SELECT {name}{number}", BUDGET)
                assert found is not None
                assert found.rows == [(number,)]


def test_the_oldest_go_when_the_file_grows_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1_000_000)
    now = 1_000
    monkeypatch.setattr(module, "_today", lambda: now)
    noise = Execution(Status.OK, ("x",), [(os.urandom(10_000),)])
    with Cache(tmp_path) as cache:
        cache.put("digest", "SELECT 'kept'", BUDGET, noise)
        for number in range(300):
            now += 1
            cache.put("digest", f"SELECT {number}", BUDGET, noise)
            assert cache.get("digest", "SELECT 'kept'", BUDGET) == noise
            cache.flush()
        assert cache.get("digest", "SELECT 0", BUDGET) is None
        assert cache.get("digest", "SELECT 299", BUDGET) == noise
        assert cache.get("digest", "SELECT 'kept'", BUDGET) == noise
        assert cache.path.stat().st_size < 1_300_000


def test_an_enormous_result_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTRY_BYTES", 1_000)
    with Cache(tmp_path) as cache:
        cache.put("digest", "SELECT 1", BUDGET, Execution(Status.OK, (), [(os.urandom(2_000),)]))
        assert cache.get("digest", "SELECT 1", BUDGET) is None


def test_without_a_writable_folder_there_is_one_warning_and_no_cache(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.warns(RuntimeWarning, match="no cache of executions") as caught:
        cache = Cache(blocked / "folder")
        for number in range(1_000):
            cache.put("digest", f"SELECT {number}", BUDGET, EXECUTIONS[0])
            assert cache.get("digest", f"SELECT {number}", BUDGET) is None
        cache.close()
    assert len(caught) == 1


def test_a_full_disk_costs_the_cache_and_one_warning(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        assert cache._connection is not None
        cache._connection.execute("PRAGMA max_page_count = 12")
        with pytest.warns(RuntimeWarning, match="full") as caught:
            for number in range(2_000):
                cache.put("digest", f"SELECT {number}", BUDGET, EXECUTIONS[0])
        assert len(caught) == 1
        assert cache.get("digest", "SELECT 1", BUDGET) is None


def test_a_reader_hands_its_entries_to_a_writer_and_writes_nothing(
    database: Path, tmp_path: Path, budget: Budget
) -> None:
    folder = tmp_path / "cache"
    with Cache(folder) as writer:
        reader = Cache(folder, writable=False)
        with Session(cache=reader) as session:
            gold = session.execute(database, "SELECT name FROM person", budget, cached="digest")
        entries = reader.take()
        assert len(entries) == 1
        assert reader.take() == []
        assert writer.get("digest", "SELECT name FROM person", budget) is None
        writer.store(entries)
        writer.flush()
        assert reader.get("digest", "SELECT name FROM person", budget) == gold
        reader.close()


def test_the_folder_is_chosen_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("T2S_CACHE", str(tmp_path / "chosen"))
    with Cache() as cache:
        assert cache.path.parent == tmp_path / "chosen"
        assert cache.path.exists()
