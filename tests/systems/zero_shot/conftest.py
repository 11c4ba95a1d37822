"""A small database and a loaded `zero_shot` for its tests."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from t2s_bench.types import Database


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("T2S_CACHE", str(tmp_path / "cache"))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "d.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE singer (id INTEGER PRIMARY KEY, name TEXT, country TEXT);"
        "INSERT INTO singer (name, country) VALUES"
        " ('Ada', 'France'), ('Bo', 'France'), ('Cy', 'Norway');"
    )
    connection.close()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Database("d", (path,), digest, digest)
