"""`t2s-bench datasets`: what is here, and the commands that bring the rest."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.cli.app import app


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a small Spider whose second database is missing."""
    monkeypatch.setenv("T2S_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "source"
    (source / "database" / "zoo").mkdir(parents=True)
    with sqlite3.connect(source / "database" / "zoo" / "zoo.sqlite") as connection:
        connection.execute("CREATE TABLE animal (name TEXT)")
    connection.close()
    records = [{"db_id": db, "question": "?", "query": "SELECT 1"} for db in ("zoo", "farm")]
    (source / "dev.json").write_text(json.dumps(records))
    (source / "tables.json").write_text("[]")
    import_benchmark("spider", source, data=tmp_path / "data")
    return tmp_path / "data"


def test_a_row_for_every_dataset_that_is_here(data: Path) -> None:
    result = CliRunner().invoke(app, ["datasets", "--data", str(data)])
    assert result.exit_code == 0, result.exception
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line.strip()}
    assert rows["spider-dev"][1:5] == ["unrecognised", "1", "1", "1"]
    assert rows["spider-dev"][6] == "ex_spider"
    assert "CC BY-SA 4.0" in " ".join(rows["spider-dev"])
    assert rows["mini"][-1] == "MIT"
    assert f"spider-dev: in {data / 'spider'}" in result.stdout
    assert "Yu et al." in result.stdout
    assert "spider-dev: note: 'dev' has 2 questions, 1.0 has 1,034" in result.stdout


def test_the_rest_comes_with_the_command_that_imports_it(data: Path) -> None:
    result = CliRunner().invoke(app, ["datasets", "--data", str(data)])
    assert "t2s-bench download bird-dev --from dev.zip" in result.stdout
    assert "t2s-bench download mini-dev --from minidev.zip" in result.stdout
    assert "t2s-bench download spider " not in result.stdout


def test_json_is_one_object(data: Path) -> None:
    result = CliRunner().invoke(app, ["datasets", "--data", str(data), "--json"])
    record = json.loads(result.stdout)
    assert record["data"] == str(data)
    here = {dataset["name"]: dataset for dataset in record["datasets"]}
    assert here["spider-dev"]["left_out"] == 1
    assert here["spider-dev"]["missing"] == {"farm": 1}
    assert here["mini"]["left_out"] == 0
    assert {entry["name"] for entry in record["not_imported"]} == {"bird-dev", "mini-dev"}


def test_a_damaged_import_is_named(data: Path) -> None:
    (data / "spider" / "manifest.json").write_text("{")
    result = CliRunner().invoke(app, ["datasets", "--data", str(data)])
    assert result.exit_code == 0, result.exception
    assert "manifest.json is damaged" in result.stdout
