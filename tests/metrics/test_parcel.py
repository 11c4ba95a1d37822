"""What travels between scorer and worker is the judgement, nothing added and nothing lost."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.execution.session import Session
from t2s_bench.metrics import parcel as module
from t2s_bench.metrics.case import ScoreTask
from t2s_bench.metrics.catalog import METRICS as CATALOG
from t2s_bench.metrics.judge import Judgement, judge
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


@pytest.mark.parametrize("profile", ["safe", "official"])
def test_case_and_spaces_change_no_verdict(profile: str, shop: Path) -> None:
    database, budget = load(shop).databases["shop"], Budget(steps=1_000_000)
    # With `ts` on several fillings no verdict is shared.
    names = tuple(name for name, metric in CATALOG.items() if not metric.timed and name != "ts")
    golds = ("SELECT id , name FROM item WHERE name = 'Value' OR price > 1 ORDER BY id",)
    texts = [
        *golds,
        "SELECT ID FROM Item WHERE NAME = 'Value'",
        "SELECT Id AS value FROM item",
        "SELECT id FROM item AS C1 WHERE C1.price > 2",
        "SELECT Nothing FROM item",
        "SELECT random() FROM item",
    ]
    texts += [text.swapcase().replace("vALUE'", "Value'") for text in texts]
    texts += [text.replace("(", " ( ").replace(" = ", "  =") for text in texts]
    with Session() as together:
        for text in texts + texts:
            parcel = golds, text, (database, names, budget, profile)
            with Session() as alone:
                wanted = judge_parcel(alone, parcel)
            found = judge_parcel(together, parcel)
            assert (*found[:5], *found[6:]) == (*wanted[:5], *wanted[6:]), text


def test_predictions_that_differ_in_case_or_spaces_are_judged_once(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []

    def counted(session: Session, task: ScoreTask) -> Judgement:
        judged.append(task.sql)
        return judge(session, task)

    monkeypatch.setattr(module, "judge", counted)
    database, budget = load(shop).databases["shop"], Budget(steps=1_000_000)
    common = database, METRICS, budget, "safe"
    other = database, ("ex",), budget, "safe"
    count = "SELECT count(id) FROM item"
    limits = "SELECT id FROM item LIMIT 0, 2", "SELECT id FROM item LIMIT 0,2"
    chance, broken = "SELECT abs(random()) % 1", "SELECT Nothing"
    with Session() as session:
        for sql in ("SELECT id FROM item", "select ID  from item", chance, chance, broken, broken):
            judge_parcel(session, (("SELECT id FROM item",), sql, common))
        # Exact match reads the last one otherwise.
        for sql in (count, "SELECT count( id ) FROM item", *limits):
            judge_parcel(session, (("SELECT id FROM item",), sql, common))
        judge_parcel(session, (("SELECT id FROM item",), "SELECT id FROM item", other))
        judge_parcel(session, (("SELECT price FROM item",), "SELECT id FROM item", common))
    assert judged == [
        "SELECT id FROM item",
        *(chance, chance, broken, broken, count, *limits),
        *["SELECT id FROM item"] * 2,
    ]
