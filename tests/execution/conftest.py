"""A small database and budget for the tests of the executor."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.execution.hostile import make_database

from t2s_bench.types import Budget


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The database of `hostile`, alone in its folder."""
    path = tmp_path / "database" / "person.sqlite"
    path.parent.mkdir()
    make_database(path)
    return path


@pytest.fixture
def budget() -> Budget:
    """Small enough to fail fast, large enough for every honest statement here."""
    return Budget(steps=5_000_000, seconds=10.0, rows=100_000, bytes=20_000_000)
