"""The command line as a newcomer meets it: light, documented, one line for every mistake."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from t2s_bench.cli.app import app

HEAVY = ("torch", "transformers", "datasets", "pandas", "peft", "numpy", "sqlglot", "openai")
COMMANDS = tuple(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def t2s(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-m", "t2s_bench.cli.app", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "120", **environment},
    )


def mistake(*arguments: str | Path) -> str:
    """The one line that a mistaken command gives."""
    result = t2s(*arguments)
    assert result.returncode == 2, (result.stdout, result.stderr)
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1, result.stderr
    assert not result.stdout
    return result.stderr


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from t2s_bench.cli.app import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)


def test_help_lists_every_command() -> None:
    text = t2s("--help").stdout
    assert all(re.search(rf"\b{command}\b", text) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_in_its_help(command: str) -> None:
    result = t2s(command, "--help")
    assert result.returncode == 0
    assert f"t2s-bench {command}" in result.stdout.split("Usage")[1].split("\n", 1)[1]


def test_version_is_the_packages() -> None:
    import t2s_bench

    assert t2s("--version").stdout.strip() == t2s_bench.__version__


def test_the_oracle_scores_a_hundred_and_the_reports_agree(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = t2s("run", "oracle", "--dataset", shop, "--out", out, "--jobs", "1", "--json")
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert report["metrics"]["ex"]["value"] == 100.0 == report["metrics"]["ex"]["ceiling"]
    assert report["outcomes"] == {"match": 6}
    assert json.loads(t2s("report", out, "--json").stdout) == report
    markdown = t2s("report", out, "--md").stdout
    assert markdown == (out / "report.md").read_text()
    assert "100.00" in markdown
    shown = t2s("report", out).stdout
    assert "100.00" in shown and "ceiling" in shown and "by feature" in shown


def test_show_explains_one_question(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert t2s("run", "nop", "--dataset", shop, "--out", out, "--jobs", "1").returncode == 0
    lost = json.loads(t2s("show", out, "--json").stdout)["lost"]
    assert len(lost) == 6
    view = json.loads(t2s("show", out, "top", "--json").stdout)
    assert view["gold_result"]["rows"] == [[20]]
    assert view["reason"].startswith("the system gave no SQL")
    text = t2s("show", out, "top").stdout
    assert "Dearest price?" in text and "SELECT max(price) FROM item" in text and "no_sql" in text


def test_a_run_is_scored_again_by_other_metrics_without_predicting(
    shop: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert t2s("run", "oracle", "--dataset", shop, "--out", out, "--jobs", "1").returncode == 0
    before = (out / "predictions.jsonl").read_bytes()
    again = t2s("score", out, "--dataset", shop, "--metrics", "ts", "--jobs", "1", "--json")
    assert json.loads(again.stdout)["metrics"]["ts"]["value"] == 100.0
    assert (out / "predictions.jsonl").read_bytes() == before
    assert '"ts": 1.0' in (out / "scores.jsonl").read_text()


def test_json_is_one_object_and_nothing_else(shop: Path, tmp_path: Path) -> None:
    predictions = tmp_path / "p.sql"
    predictions.write_text("SELECT 4\n" * 6)
    result = t2s(
        "score", predictions, "--dataset", shop, "--out", tmp_path / "r", "--jobs", "1", "--json"
    )
    assert isinstance(json.loads(result.stdout), dict)
    assert result.stderr == ""


def test_scoring_a_file_twice_is_fine_but_never_replaces_a_systems_run(
    shop: Path, tmp_path: Path
) -> None:
    predictions = tmp_path / "p.sql"
    predictions.write_text("SELECT 4\n" * 6)
    command = ("score", predictions, "--dataset", shop, "--jobs", "1", "--out")
    assert t2s(*command, tmp_path / "r").returncode == 0
    assert t2s(*command, tmp_path / "r").returncode == 0
    run = tmp_path / "run"
    assert t2s("run", "nop", "--dataset", shop, "--out", run, "--jobs", "1").returncode == 0
    assert "holds the run of a system" in mistake(*command, run)


def test_unknown_names_get_the_nearest_one(shop: Path, tmp_path: Path) -> None:
    assert "did you mean 'oracle'?" in mistake("run", "oracel", "--dataset", shop)
    assert "did you mean 'mini'?" in mistake("run", "oracle", "--dataset", "minni")
    assert "did you mean 'ex_spider'?" in mistake(
        "run", "oracle", "--dataset", shop, "--metrics", "ex_spidr", "--out", tmp_path / "r"
    )
    assert "unknown question of shop 'tpo'" in mistake(
        "run", "oracle", "--dataset", shop, "--ids", "tpo"
    )
    assert "Possible: none" in mistake("run", "nop", "--dataset", shop, "-o", "size=3")


def test_a_folder_that_is_not_a_run_is_named(shop: Path, tmp_path: Path) -> None:
    assert "is not a run: it does not exist" in mistake("report", tmp_path / "none")
    assert "is not a run: it has no lock.json" in mistake("show", shop)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "lock.json").write_text("{")
    assert "lock.json is damaged" in mistake("report", tmp_path / "bad")


def test_a_folder_with_something_else_in_it_is_never_overwritten(
    shop: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for more in ([], ["--fresh"], ["--resume"]):
        line = mistake("run", "nop", "--dataset", shop, "--out", tmp_path / "mine", *more)
        assert "is not empty and not a run" in line
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_an_existing_run_asks_for_resume_or_fresh(shop: Path, tmp_path: Path) -> None:
    command = ("run", "nop", "--dataset", shop, "--jobs", "1", "--out", tmp_path / "r")
    assert t2s(*command).returncode == 0
    line = mistake(*command)
    assert "a finished run" in line and "--resume" in line and "--fresh" in line
    assert t2s(*command, "--resume").returncode == 0
    assert t2s(*command, "--fresh").returncode == 0
    assert "exclude each other" in mistake(*command, "--fresh", "--resume")


def test_wrong_predictions_are_one_line_and_leave_nothing_behind(
    shop: Path, tmp_path: Path
) -> None:
    predictions = tmp_path / "p.sql"
    predictions.write_text("SELECT 4\n" * 5)
    out = tmp_path / "r"
    assert "has 5 predictions" in mistake("score", predictions, "--dataset", shop, "--out", out)
    assert not out.exists()
    assert "say which benchmark" in mistake("score", predictions)


def test_profiles_are_compared_on_the_same_predictions(shop: Path, tmp_path: Path) -> None:
    predictions = tmp_path / "p.sql"
    predictions.write_text("SELECT 4\n" + "\n" * 4 + "SELECT id AS value FROM item WHERE 0\n")
    command = ("score", predictions, "--dataset", shop, "--jobs", "1", "--out", tmp_path / "r")
    both = t2s(*command, "--profile", "official,safe", "--metrics", "ex_spider,ex", "--json")
    content = json.loads(both.stdout)
    assert content["scoring"]["profile"] == "official"
    assert content["spread"]["metrics"]["ex_spider"]["safe"]["differs"] == ["empty"]
    shown = t2s(*command, "--profile", "safe,official", "--metrics", "ex_spider,ex").stdout
    assert "| metric | safe | official | questions that differ |" in shown
    assert "did you mean 'official'?" in mistake(*command, "--profile", "offical")
