"""`t2s-bench gate` in a workflow: exit codes, reports, baselines, a scorer changed on purpose."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.cli.test_app import mistake, t2s

ROOT = Path(__file__).resolve().parents[2]
# The last but one has the gold's rows twice: right for a comparison of sets alone.
SQLS = (
    "SELECT count(*) FROM item\nSELECT 20\nSELECT price FROM item\n"
    "SELECT id FROM item WHERE price IS NULL UNION ALL SELECT id FROM item WHERE price IS NULL\n"
    "SELECT sum(price) FROM item\nSELECT id FROM item WHERE price > 99\n"
)


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    path = tmp_path / "recorded.sql"
    path.write_text(SQLS)
    return path


def score(predictions: Path, shop: Path, out: Path, *more: str) -> Path:
    result = t2s("score", predictions, "--dataset", shop, "--jobs", "1", "--out", out, *more)
    assert result.returncode == 0, result.stderr
    return out


def test_an_untouched_scorer_passes_and_one_changed_on_purpose_is_caught(
    predictions: Path, shop: Path, tmp_path: Path
) -> None:
    """A copy of the package scores the same predictions, first as it is, then changed."""
    baseline = tmp_path / "baseline.json"
    assert t2s(
        "gate", score(predictions, shop, tmp_path / "run"), "--update", "--baseline", baseline
    ).stdout.endswith("a new baseline, tier 1\n")
    package = tmp_path / "copy" / "t2s_bench"
    shutil.copytree(ROOT / "harness" / "t2s_bench", package)

    def gate_copy(out: Path) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "t2s_bench.cli.app"]
        environment = {**os.environ, "PYTHONPATH": str(package.parent)}
        command = ["score", predictions, "--dataset", shop, "--jobs", "1", "--out", out]
        subprocess.run(
            [*program, *map(str, command)],
            env=environment,
            cwd=tmp_path,
            check=True,
            capture_output=True,
            timeout=60,
        )
        return t2s("gate", out, "--baseline", baseline)

    untouched = gate_copy(tmp_path / "untouched")
    assert untouched.returncode == 0, untouched.stdout
    comparator = package / "metrics" / "ex.py"
    comparator.write_text(comparator.read_text().replace("same_set", "same_bag"))
    changed = gate_copy(tmp_path / "changed")
    assert changed.returncode == 1, changed.stdout
    assert "  none: ex 1 → 0 (mismatch)" in changed.stdout


def test_a_regression_exits_with_1_and_reports_everywhere(
    predictions: Path, shop: Path, tmp_path: Path
) -> None:
    baseline, summary = tmp_path / "baseline.json", tmp_path / "summary.md"
    before = score(predictions, shop, tmp_path / "before")
    assert t2s("gate", before, "--update", "--baseline", baseline).returncode == 0
    predictions.write_text(SQLS.replace("SELECT 20", "SELECT 21"))
    after = score(predictions, shop, tmp_path / "after")
    command = ("gate", after, "--baseline", baseline, "--json")
    files = ("--md", tmp_path / "comment.md", "--junit", tmp_path / "junit.xml")
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    result = t2s(*command, *files, **github)
    assert result.returncode == 1
    content = json.loads(result.stdout)
    assert content["status"] == "regression"
    assert {change["id"] for change in content["changes"]} == {"top"}
    assert result.stderr.startswith("::error title=t2s-bench gate%3A recorded on shop::1 of 6 ")
    comment = (tmp_path / "comment.md").read_text()
    assert comment.startswith("<!-- t2s-bench gate: recorded on shop -->\n\n### Regression")
    assert "| top | `ex` | 1 | 0 | mismatch |" in comment
    assert summary.read_text() == comment + "\n"
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("6", "1")
    (failed,) = (case for case in suite if case.find("failure") is not None)
    assert failed.get("name") == "top"

    text = t2s("gate", after, "--update", "--baseline", baseline).stdout
    assert "updated, tier 1" in text and "otherwise than before: 1" in text
    assert "top: " in text and "system.digest" in text
    assert t2s("gate", after, "--baseline", baseline).returncode == 0


def test_at_tier_2_a_small_loss_is_a_warning(predictions: Path, shop: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    run = score(predictions, shop, tmp_path / "run")
    update = ("gate", run, "--update", "--baseline", baseline)
    assert t2s(*update, "--tier", "2").returncode == 0
    assert "tier 2" in t2s(*update).stdout
    predictions.write_text(SQLS.replace("SELECT 20", "SELECT 21"))
    worse = score(predictions, shop, tmp_path / "worse")
    result = t2s("gate", worse, "--baseline", baseline, GITHUB_ACTIONS="true")
    assert result.returncode == 0
    assert "chance explains" in result.stdout and "would have seen a loss" in result.stdout
    assert result.stderr.startswith("::warning ")
    assert "tier: 2 → 1" in t2s(*update, "--tier", "1").stdout


def test_what_is_not_comparable_exits_with_2_and_is_reported(
    predictions: Path, shop: Path, tmp_path: Path
) -> None:
    baseline, comment = tmp_path / "baseline.json", tmp_path / "comment.md"
    run = score(predictions, shop, tmp_path / "run", "--metrics", "ex")
    assert t2s("gate", run, "--update", "--baseline", baseline).returncode == 0
    other = score(predictions, shop, tmp_path / "other", "--metrics", "ts")
    line = mistake("gate", other, "--baseline", baseline, "--md", comment)
    assert "scoring.metrics: ex → none" in line
    assert "### Not comparable: recorded on shop" in comment.read_text()
    assert "there is no baseline at" in mistake("gate", run, "--baseline", tmp_path / "none.json")
    assert "give it with --update" in mistake("gate", run, "--baseline", baseline, "--tier", "2")
    text = t2s("gate", other, "--update", "--baseline", baseline).stdout
    assert "cannot be compared" in text
