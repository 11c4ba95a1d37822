"""Large benchmarks cost time, not memory, and large databases are digested once."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.databases import digest

PEAK = """
import resource, sys
from t2s_bench.benchmarks.importing import import_benchmark
made = import_benchmark(sys.argv[1], sys.argv[2], force=True)
split = next(iter(made.splits.values()))
print(split.scored, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def a_spider(folder: Path, count: int) -> Path:
    """So many questions, each with its parsed SQL as the official file has it."""
    database = folder / "database" / "zoo" / "zoo.sqlite"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"SQLite format 3\0")
    (folder / "tables.json").write_text("[]")
    with (folder / "dev.json").open("w") as file:
        for number in range(count):
            record = {
                "db_id": "zoo",
                "question": f"How many are called {number}?",
                "query": f"SELECT {number}",
                "sql": {"where": [number] * 20},
            }
            file.write(("," if number else "[") + json.dumps(record))
        file.write("]")
    return folder


def test_a_hundred_thousand_questions_need_no_more_memory_than_a_thousand(tmp_path: Path) -> None:
    peaks = []
    for count in (1_000, 100_000):
        folder = a_spider(tmp_path / str(count), count)
        output = subprocess.run(
            [sys.executable, "-c", PEAK, "spider", str(folder)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        scored, kilobytes = map(int, output.split())
        assert scored == count
        peaks.append(kilobytes)
    assert peaks[1] < peaks[0] + 5_000


def a_large_database(folder: Path, length: int) -> Path:
    """A sparse file that begins like a database, in a benchmark of one's own."""
    path = folder / "databases" / "large" / "large.sqlite"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.write(b"SQLite format 3\0")
        file.truncate(length)
    line = {"id": "1", "question": "?", "db_id": "large", "gold": "SELECT 1"}
    (folder / "questions.jsonl").write_text(json.dumps(line))
    return path


def test_a_large_database_is_digested_once_and_never_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "SETTLED", -1.0)
    path = a_large_database(tmp_path / "own", 100_000_000)
    tracemalloc.start()
    try:
        first = load(tmp_path / "own")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
    assert first.databases["large"].digest == sha.hexdigest()
    monkeypatch.setattr(digest, "file_digest", lambda path: pytest.fail("read again"))
    assert load(tmp_path / "own").digest == first.digest


def test_one_byte_more_or_another_time_and_it_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "SETTLED", -1.0)
    path = a_large_database(tmp_path / "own", 1_000_000)
    before = load(tmp_path / "own").digest
    with path.open("r+b") as file:
        file.seek(500_000)
        file.write(b"x")
    assert load(tmp_path / "own").digest != before
    os.truncate(path, 1_000_001)
    assert load(tmp_path / "own").databases["large"].digest


def test_an_imported_database_is_never_read_after_its_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "SETTLED", -1.0)
    folder = a_spider(tmp_path / "spider", 3)
    os.truncate(folder / "database" / "zoo" / "zoo.sqlite", 20_000_000)
    monkeypatch.setattr(digest, "file_digest", lambda path: pytest.fail("read again"))
    tracemalloc.start()
    try:
        import_benchmark("spider", folder)
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()
    assert load("spider-dev").databases["zoo"].path.stat().st_size == 20_000_000
