"""VES and R-VES: filter, rewards, what is timed at all, and want of time."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.execution.session import Session
from t2s_bench.metrics import timed
from t2s_bench.metrics.case import ScoreTask
from t2s_bench.metrics.timed import judge_timed, mean_ratio, reward
from t2s_bench.scoring import Scorer
from t2s_bench.types import Budget, Outcome

REWARDS = {sqrt(value) for value in (0.25, 0.5, 0.75, 1, 1.25)}


def test_ratios_at_three_standard_deviations_and_beyond_are_dropped() -> None:
    # 99 ones and a 101: mean 2, deviation sqrt(99) = 9.95; 101 is 99 away.
    assert mean_ratio([1.0] * 99 + [101.0]) == 1.0
    # Nine zeros and a ten: mean 1, deviation 3; ten is exactly three deviations away.
    assert mean_ratio([0.0] * 9 + [10.0]) == 0.0


def test_equal_ratios_leave_nothing_and_score_zero() -> None:
    assert mean_ratio([1.5] * 100) == 0.0


@given(st.lists(st.floats(0.001, 1000), min_size=2, max_size=50))
def test_the_mean_stays_within_the_ratios(ratios: list[float]) -> None:
    mean = mean_ratio(ratios)
    assert mean == 0.0 or min(ratios) * (1 - 1e-9) <= mean <= max(ratios) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(0.0, 0.0), (0.2499, 0.25), (0.25, 0.5), (0.4999, 0.5), (0.5, 0.75), (0.9999, 0.75)]
    + [(1.0, 1.0), (1.9999, 1.0), (2.0, 1.25), (50.0, 1.25)],
)
def test_the_reward_table_is_mini_devs(ratio: float, expected: float) -> None:
    assert reward(ratio) == expected


def test_prediction_and_gold_take_turns_on_fresh_connections(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []
    seconds = {"SELECT 4": 1.0, "SELECT count(*) FROM item": 4.0}

    class Clockwork(timed._Stopwatch):
        def seconds(self, sql: str, deadline: float, *, fetch: bool) -> float:
            measured.append((id(self), sql, fetch))
            return seconds[sql] + len(measured) * 1e-9

    monkeypatch.setattr(timed, "_Stopwatch", Clockwork)
    monkeypatch.setattr(timed, "ITERATIONS", 3)
    example = next(e for e in load(shop).examples if e.id == "count")
    assert example.database is not None
    golds = ("SELECT count(*) FROM item",)
    task = ScoreTask("count", golds, "SELECT 4", example.database, ("ves", "r_ves"))
    with Session() as session:
        found = judge_timed(session, task)
    assert found.metrics["ves"] == pytest.approx(2.0)
    assert found.metrics["r_ves"] == sqrt(1.25)
    assert [sql for _, sql, _ in measured] == ["SELECT 4", *golds] * 6
    assert [fetch for _, _, fetch in measured] == [False] * 6 + [True] * 6


def test_only_right_predictions_are_timed_and_scores_keep_the_order_asked_for(shop: Path) -> None:
    examples = {e.id: e for e in load(shop).examples}
    count = examples["count"]
    assert count.database is not None
    answers = ["SELECT 4", "SELECT 5", "SELECT 4", "SELEC"]
    with Scorer(["r_ves", "ex_spider", "ves"]) as scorer:
        found = dict(scorer.judge_all((count, count.database, sql) for sql in answers))
    scores = [found[place].score for place in range(4)]
    assert [list(score.metrics) for score in scores] == [["r_ves", "ex_spider", "ves"]] * 4
    outcomes = [score.outcome for score in scores]
    assert outcomes == [Outcome.MATCH, Outcome.MISMATCH, Outcome.MATCH, Outcome.PRED_ERROR]
    assert scores[0].metrics["r_ves"] in REWARDS and (scores[0].metrics["ves"] or 0) > 0
    assert scores[0].metrics == scores[2].metrics
    assert all(s.metrics["ves"] == s.metrics["r_ves"] == 0.0 for s in (scores[1], scores[3]))


def test_measurements_that_take_too_long_are_a_typed_zero(shop: Path) -> None:
    count = next(e for e in load(shop).examples if e.id == "count")
    # Each run is within the budget, a hundred are not.
    slow = (
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 400000) "
        "SELECT 4 FROM c WHERE x = 7"
    )
    with Scorer(["r_ves"], budget=Budget(seconds=2.0)) as scorer:
        score = scorer.score(count, slow)
    assert score.outcome is Outcome.PRED_TIMEOUT and score.metrics == {"r_ves": 0.0}
    assert "r_ves: 100 measurements take more than 2 s" in score.error
