"""No statement harms the database, the disk, the machine or its neighbours."""

from __future__ import annotations

import tempfile
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import cast

import pytest
from tests.execution.hostile import HOSTILE, Hostile

from t2s_bench.execution.pool import JobFailure, Pool
from t2s_bench.execution.sqlite import Reader
from t2s_bench.types import Budget, Execution, Status

SMALL = Budget(steps=3_000_000, seconds=1.5, bytes=40_000_000)
HONEST = "SELECT id, name, age FROM person ORDER BY id"
EXPECTED = [(1, "Ann", 31), (2, "Bo", 12), (3, "Cy", None)]


@pytest.fixture
def surroundings(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Path]:
    """Every folder a statement might write to: the database's, the current, the temporary."""
    folders = {"database": database.parent}
    for name in ("current", "temporary", "named"):
        folders[name] = tmp_path / name
        folders[name].mkdir()
    monkeypatch.chdir(folders["current"])
    for variable in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(variable, str(folders["temporary"]))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folders


def _contents(folders: dict[str, Path]) -> dict[str, str]:
    return {
        str(path): sha256(path.read_bytes()).hexdigest()
        for folder in folders.values()
        for path in folder.rglob("*")
    }


def _sql(hostile: Hostile, folders: dict[str, Path]) -> str:
    return hostile.sql.replace("{folder}", str(folders["named"]))


def test_at_least_sixty_statements_each_under_its_own_name() -> None:
    assert len({hostile.name for hostile in HOSTILE}) == len(HOSTILE) >= 60


@pytest.mark.slow
def test_a_batch_of_hostile_statements_ends_typed_and_harms_nothing(
    database: Path, surroundings: dict[str, Path]
) -> None:
    before = _contents(surroundings)
    payloads = []
    for hostile in HOSTILE:
        payloads.append((str(database), _sql(hostile, surroundings), SMALL))
        payloads.append((str(database), HONEST, SMALL))
    results: dict[int, object] = {}
    with Pool(1, cache=False) as pool:
        begun = monotonic()
        for index, value in pool.map("tests.execution.tasks:execute_and_weigh", payloads):
            # The promise is the budget and a second, which bench/execution.py measures; here
            # only what would go on for ever is caught.
            assert monotonic() - begun < SMALL.seconds + 10, HOSTILE[index // 2].name
            begun = monotonic()
            results[index] = value
    assert sorted(results) == list(range(len(payloads)))
    for number, hostile in enumerate(HOSTILE):
        value = results[2 * number]
        if isinstance(value, JobFailure):
            assert (value.kind, value.phase) == ("deadline", "prediction"), hostile.name
            assert Status.TIMEOUT in hostile.statuses, hostile.name
            continue
        execution, peak = cast(tuple[Execution, int], value)
        assert execution.status in hostile.statuses, (hostile.name, execution.error)
        assert bool(execution.error) == (execution.status is not Status.OK), hostile.name
        assert len(execution.error) < 400, hostile.name
        assert execution.ok or not execution.rows, hostile.name
        assert peak < 2**30, hostile.name
        neighbour, _ = cast(tuple[Execution, int], results[2 * number + 1])
        assert neighbour.rows == EXPECTED, hostile.name
    assert _contents(surroundings) == before


@pytest.mark.parametrize(
    "hostile", [hostile for hostile in HOSTILE if not hostile.heavy], ids=lambda h: h.name
)
def test_in_process_one_statement_does_not_influence_the_next(
    hostile: Hostile, database: Path, surroundings: dict[str, Path]
) -> None:
    before = _contents(surroundings)
    budget = Budget(steps=300_000, seconds=10.0, bytes=5_000_000)
    with Reader(database) as reader:
        fresh = reader.execute(HONEST, budget)
        execution = reader.execute(_sql(hostile, surroundings), budget)
        assert execution.status in hostile.statuses, execution.error
        again = reader.execute(HONEST, budget)
        assert (again.rows, again.steps, again.columns) == (EXPECTED, fresh.steps, fresh.columns)
        assert reader.execute("SELECT 1 WHERE 'A' LIKE 'a'", budget).rows == [(1,)]
    assert _contents(surroundings) == before
