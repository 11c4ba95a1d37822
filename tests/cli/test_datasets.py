"""`t2s-bench datasets`: what is here, and the commands that bring the rest."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.cli.app import app
from t2s_bench.errors import UserError


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
    assert "t2s-bench download bird-dev\n" in result.stdout
    assert "t2s-bench download mini-dev\n" in result.stdout
    assert "t2s-bench download spider\n" not in result.stdout


def test_json_is_one_object(data: Path) -> None:
    result = CliRunner().invoke(app, ["datasets", "--data", str(data), "--json"])
    record = json.loads(result.stdout)
    assert record["data"] == str(data)
    here = {dataset["name"]: dataset for dataset in record["datasets"]}
    assert here["spider-dev"]["left_out"] == 1
    assert here["spider-dev"]["missing"] == {"farm": 1}
    assert here["mini"]["left_out"] == 0
    assert {"bird-dev", "mini-dev"} <= {entry["name"] for entry in record["not_imported"]}


def test_a_damaged_import_is_named(data: Path) -> None:
    (data / "spider" / "manifest.json").write_text("{")
    result = CliRunner().invoke(app, ["datasets", "--data", str(data)])
    assert result.exit_code == 0, result.exception
    assert "manifest.json is damaged" in result.stdout


def test_check_says_what_is_true_and_where_the_report_lies(data: Path) -> None:
    result = CliRunner().invoke(app, ["datasets", "check", "spider-dev", "--data", str(data)])
    assert result.exit_code == 0, result.exception
    assert "golds: 1 of 1 run, 1 with rows, 0 empty; 0 errors, 0 over budget" in result.stdout
    assert "1 left out for want of their database (farm 1)" in result.stdout
    assert f"report: {data / 'spider' / 'check-spider-dev.md'}" in result.stdout
    assert (data / "spider" / "check-spider-dev.json").is_file()
    shown = CliRunner().invoke(
        app, ["datasets", "check", "spider-dev", "--data", str(data), "--json"]
    )
    assert json.loads(shown.stdout)["with_rows"] == 1


def test_show_draws_a_database_and_a_question(data: Path) -> None:
    for arguments, seen in (
        (["spider-dev"], "scored 1 of 2, farm missing"),
        (["spider-dev", "zoo"], "─ animal ─"),
        (["spider-dev", "0"], "SELECT 1"),
    ):
        result = CliRunner().invoke(app, ["datasets", "show", *arguments, "--data", str(data)])
        assert result.exit_code == 0, result.exception
        assert seen in result.stdout
        record = CliRunner().invoke(
            app, ["datasets", "show", *arguments, "--data", str(data), "--json"]
        )
        assert json.loads(record.stdout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chekc", "mini"], "unknown action 'chekc': did you mean 'check'"),
        (["check"], "name a dataset, as in: t2s-bench datasets check mini"),
        (["show", "spyder-dev"], "did you mean 'spider-dev'"),
        (["show", "mini", "bnak"], "did you mean 'bank'"),
    ],
)
def test_mistakes_are_one_line(data: Path, arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["datasets", *arguments, "--data", str(data)])
    assert isinstance(result.exception, UserError)
    assert message in str(result.exception)
