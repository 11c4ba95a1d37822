"""`r_ves` against official verdicts: above zero where BIRD's execution accuracy is 1, else zero."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from t2s_bench.execution.session import Session
from t2s_bench.metrics import timed
from t2s_bench.metrics.case import ScoreTask
from t2s_bench.types import Budget, Database


@pytest.mark.slow
def test_r_ves_is_above_zero_where_the_official_answer_is_right(
    shared: Path, spider_databases: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed, "ITERATIONS", 4)
    # Four ratios can never leave the band of three deviations: only equal ones are all filtered.
    reference = shared / "eval_reference"
    cases = json.loads((reference / "cases.json").read_text())
    verdicts = json.loads((reference / "verdicts" / "bird_ex.json").read_text())
    writes = ("dangerous", "exploit", "timeout", "slow")
    chosen = [case for case in cases if case["category"] not in writes][::8]
    differing = []
    with Session() as session:
        for case in chosen:
            database = Database(case["db"], (spider_databases(case["db"]),), case["db"], case["db"])
            budget = Budget(steps=100_000_000, seconds=30)
            golds, metrics = (case["gold"],), ("r_ves",)
            task = ScoreTask(case["id"], golds, case["pred"], database, metrics, budget, "official")
            value = timed.judge_timed(session, task).metrics["r_ves"]
            if bool(value) != bool(verdicts[case["id"]]["v"]):
                differing.append((case["id"], value))
    assert len(chosen) > 700 and not differing
