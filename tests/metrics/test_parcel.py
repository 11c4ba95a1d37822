"""What travels between scorer and worker is the judgement, nothing added and nothing lost."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.execution.session import Session
from t2s_bench.metrics.case import ScoreTask
from t2s_bench.metrics.judge import judge
from t2s_bench.metrics.parcel import judge_parcel, judgement_of
from t2s_bench.types import Budget

METRICS = ("em", "ex", "soft_f1")


@pytest.mark.parametrize("sql", ["SELECT id FROM item", "SELECT price FROM item", "", "SELEC"])
def test_a_judgement_by_parcel_is_the_judgement(sql: str, shop: Path) -> None:
    database, budget = load(shop).databases["shop"], Budget(steps=1_000_000)
    golds = ("SELECT id FROM item", "SELECT CASE WHEN 1 THEN 2 END")
    parcel = golds, sql, (database, METRICS, budget, "safe")
    with Session() as session:
        wanted = judge(session, ScoreTask("q", golds, sql, database, METRICS, budget, "safe"))
        verdict = judge_parcel(session, pickle.loads(pickle.dumps(parcel)))
    found = judgement_of("q", METRICS, pickle.loads(pickle.dumps(verdict)))
    # Two executions never take the same time.
    assert replace(found, predicted_seconds=wanted.predicted_seconds) == wanted
    assert list(found.score.metrics) == list(METRICS)
