"""Judging: typed outcomes, several golds, profiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import Benchmark, load
from t2s_bench.execution.session import Session
from t2s_bench.metrics.case import ScoreTask
from t2s_bench.metrics.judge import judge
from t2s_bench.types import Budget, Example, Outcome, Score

BUDGET = Budget(steps=3_000_000, seconds=20)
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"


@pytest.fixture
def benchmark(shop: Path) -> Benchmark:
    return load(shop)


def judged(
    benchmark: Benchmark,
    id: str,
    sql: str,
    *,
    golds: tuple[str, ...] = (),
    metrics: tuple[str, ...] = ("ex", "ex_spider"),
    profile: str = "safe",
) -> Score:
    example: Example = next(e for e in benchmark.examples if e.id == id)
    assert example.database is not None
    task = ScoreTask(id, golds or example.golds, sql, example.database, metrics, BUDGET, profile)
    with Session() as session:
        return judge(session, task).score


@pytest.mark.parametrize(
    ("id", "sql", "outcome"),
    [
        ("count", "SELECT 4", Outcome.MATCH),
        ("count", "SELECT 5", Outcome.MISMATCH),
        ("count", "", Outcome.NO_SQL),
        ("empty", " \n", Outcome.NO_SQL),
        ("count", "SELEC 4", Outcome.PRED_ERROR),
        ("count", "SELECT nothing FROM item", Outcome.PRED_ERROR),
        ("count", ENDLESS, Outcome.PRED_TIMEOUT),
        ("count", "DELETE FROM item", Outcome.REFUSED),
        ("count", "ATTACH 'x.db' AS x", Outcome.REFUSED),
        ("empty", "SELECT id FROM item WHERE 0", Outcome.MATCH),
    ],
)
def test_every_outcome_is_typed(id: str, sql: str, outcome: Outcome, benchmark: Benchmark) -> None:
    score = judged(benchmark, id, sql)
    assert score.outcome is outcome
    assert score.metrics["ex"] == (outcome is Outcome.MATCH)
    assert bool(score.error) is (outcome not in (Outcome.MATCH, Outcome.MISMATCH))


@pytest.mark.parametrize(
    ("gold", "outcome"),
    [("SELECT x FROM item", Outcome.GOLD_ERROR), (ENDLESS, Outcome.GOLD_TIMEOUT)],
)
def test_a_broken_gold_is_named_as_such_and_scores_zero(
    gold: str, outcome: Outcome, benchmark: Benchmark
) -> None:
    score = judged(benchmark, "count", "SELECT 4", golds=(gold,))
    assert score.outcome is outcome and score.metrics["ex"] == 0.0


def test_a_lost_database_is_infrastructure_and_nobodys_mistake(benchmark: Benchmark) -> None:
    benchmark.databases["shop"].path.unlink()
    assert judged(benchmark, "count", "SELECT 4").outcome is Outcome.INFRA


def test_any_accepted_gold_will_do(benchmark: Benchmark) -> None:
    golds = ("SELECT x FROM item", "SELECT 5", "SELECT 4")
    assert judged(benchmark, "count", "SELECT 4", golds=golds).outcome is Outcome.MATCH
    assert judged(benchmark, "count", "SELECT 6", golds=golds).outcome is Outcome.MISMATCH


def test_the_first_metric_decides_the_outcome(benchmark: Benchmark) -> None:
    swapped = "SELECT id, price FROM item"
    golds = ("SELECT price, id FROM item",)
    by_set = judged(benchmark, "count", swapped, golds=golds)
    by_spider = judged(benchmark, "count", swapped, golds=golds, metrics=("ex_spider", "ex"))
    assert (by_set.outcome, by_spider.outcome) == (Outcome.MISMATCH, Outcome.MATCH)
    assert by_set.metrics == by_spider.metrics == {"ex": 0.0, "ex_spider": 1.0}


def test_a_query_right_by_luck_is_caught_by_the_other_fillings(benchmark: Benchmark) -> None:
    score = judged(benchmark, "top", "SELECT 20", metrics=("ex", "ex_spider", "ts"))
    assert score.metrics == {"ex": 1.0, "ex_spider": 1.0, "ts": 0.0}


@pytest.mark.parametrize(
    ("sql", "gold", "official", "safe"),
    [
        ("", "SELECT id FROM item WHERE 0", 1.0, 0.0),
        ("SELECT price AS value FROM item", "SELECT price FROM item", 0.0, 1.0),
        ("SELECT count(*)\nFROM item", "SELECT count(*) FROM item", 0.0, 1.0),
        ("SELECT 10.0, 10.5", "SELECT 10, 10.5", 0.0, 1.0),
        ("SELECT 4; DROP TABLE item", "SELECT 4", 1.0, 0.0),
        ("SELECT DISTINCT price FROM item", "SELECT price FROM item", 1.0, 1.0),
        ("SELECT 4;", "SELECT 4", 1.0, 1.0),
    ],
)
def test_profiles_differ_only_where_the_official_verdict_is_unsafe_or_absurd(
    sql: str, gold: str, official: float, safe: float, benchmark: Benchmark
) -> None:
    for profile, expected in (("official", official), ("safe", safe)):
        score = judged(benchmark, "count", sql, golds=(gold,), profile=profile)
        assert score.metrics["ex_spider"] == expected, profile


def test_a_right_answer_that_takes_more_steps_is_still_a_match(benchmark: Benchmark) -> None:
    dear = (
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 9999) "
        "SELECT max(x) FROM c"
    )
    id = benchmark.examples[0].id
    score = judged(benchmark, id, dear, golds=("SELECT 9999",), metrics=("steps",))
    assert 0 < (score.metrics["steps"] or 0) < 1
    assert score.outcome is Outcome.MATCH
    wrong = judged(benchmark, id, dear, golds=("SELECT 1",), metrics=("steps",))
    assert wrong.outcome is Outcome.MISMATCH
