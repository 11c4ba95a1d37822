"""pass@k and votes against counting by hand and brute force."""

from __future__ import annotations

import io
import json
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from t2s_bench.benchmarks.benchmark import Benchmark, load
from t2s_bench.metrics import candidates
from t2s_bench.metrics.candidates import (
    any_of_first,
    judge_candidates,
    majority,
    pass_at_k,
    similarity,
    soft,
)
from t2s_bench.reports.markdown import to_markdown
from t2s_bench.reports.terminal import print_report
from t2s_bench.runs.lock import Scoring
from t2s_bench.runs.rescore import score_file
from t2s_bench.scoring import Scorer
from t2s_bench.types import Budget, Candidate, Execution, Prediction, Row, Score, Status

FAILED = Execution(Status.ERROR, error="no such column")


def result(*rows: Row) -> Execution:
    return Execution(Status.OK, rows=rows)


@given(st.lists(st.booleans(), min_size=1, max_size=7), st.integers(1, 7))
def test_pass_at_k_is_the_share_of_draws_with_a_right_one(correct: list[bool], k: int) -> None:
    draws = [any(draw) for draw in combinations(correct, min(k, len(correct)))]
    expected = sum(draws) / len(draws)
    assert pass_at_k(len(correct), sum(correct), k) == pytest.approx(expected)


def test_any_of_first_looks_at_the_order() -> None:
    assert [any_of_first([False, False, True], k) for k in (1, 2, 3, 9)] == [0, 0, 1, 1]


def test_majority_groups_by_sets_of_rows() -> None:
    a, b = result((1,), (2,)), result((3,))
    assert majority([b, a, result((2,), (1,), (1,))]) == 1


def test_failing_candidates_do_not_vote_and_ties_go_to_the_first() -> None:
    assert majority([FAILED, FAILED, result((1,)), result((2,))]) == 2
    assert soft([FAILED, FAILED, result((1,)), result((2,))]) == 2
    assert majority([FAILED]) is None and soft([FAILED]) is None


def test_empty_results_win_only_where_there_is_nothing_else() -> None:
    crowd = [result(), result(), result(), result((1,))]
    assert majority(crowd) == soft(crowd) == 3
    assert majority(crowd, empty_votes=True) == 0
    assert majority(crowd[:3]) == soft(crowd[:3]) == 0


def test_soft_votes_count_partial_agreement() -> None:
    # The first two groups are as large as each other; the third result leans to the second.
    crowd = [result((9,)), result((1,), (2,)), result((1,), (3,))]
    assert majority(crowd) == 0 and soft(crowd) == 1


COLUMNS = st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3).map(Counter), max_size=3)


@given(COLUMNS, COLUMNS)
def test_similarity_is_symmetric_and_between_0_and_1(
    first: list[Counter[object]], second: list[Counter[object]]
) -> None:
    value = similarity(first, second)
    assert 0 <= value <= 1 and value == similarity(second, first)
    assert similarity(first, first) == (1.0 if first else 0.0)


ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"


def scored(scorer: Scorer, made: dict[str, Prediction], benchmark: Benchmark) -> dict[str, Score]:
    """The run's own verdicts on the answers."""
    asked = [example for example in benchmark.examples if example.id in made]
    return {example.id: scorer.score(example, made[example.id].sql) for example in asked}


def test_candidates_of_a_benchmark_are_judged_and_voted_on(shop: Path) -> None:
    benchmark = load(shop)
    sqls = ("SELECT 5", "SELECT 4", "SELECT 4.0", "SELEC")
    made = {
        "count": Prediction(sqls[0], tuple(Candidate(sql, 0.0) for sql in sqls)),
        "empty": Prediction("SELECT id FROM item WHERE 0"),
    }
    with Scorer(["ex"]) as scorer:
        one, two, four = judge_candidates(
            benchmark, made, scorer, scored(scorer, made, benchmark), {}
        )
    assert (one.k, two.k, four.k) == (1, 2, 4)
    assert one.pass_at_k == pytest.approx(0.75)
    assert two.pass_at_k == pytest.approx((5 / 6 + 1) / 2)
    assert (one.any_of_first, two.any_of_first) == (0.5, 1.0)
    assert (one.majority, two.majority, four.majority) == (0.5, 0.5, 1.0)
    assert (one.soft, two.soft, four.soft) == (0.5, 0.5, 1.0)


def test_an_endless_candidate_has_few_steps_unless_its_gold_is_dear_and_runs_once(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "CANDIDATE_STEPS", 20_000)
    monkeypatch.setattr(candidates, "_DEAR", 2_000)
    benchmark = load(shop)
    sqls = ("SELECT 4", ENDLESS)
    made = {"count": Prediction(sqls[0], tuple(Candidate(sql, 0.0) for sql in sqls))}
    asked: list[tuple[int, int]] = []

    class Watched(Scorer):
        def judge_all(self, items: Any, *, budget: Budget | None = None) -> Any:
            items = list(items)
            if items and budget:
                asked.append((len(items), budget.steps))
            return super().judge_all(items, budget=budget)

        def map(self, function: str, payloads: Any) -> Any:
            for task in payloads:
                assert task.sqls == ("SELECT 4", "")
            return super().map(function, payloads)

    with Watched(["ex"], budget=Budget(steps=1_000_000)) as scorer:
        scores = scored(scorer, made, benchmark)
        for steps, expected in ((0, 20_000), (5_000, 1_000_000)):
            asked.clear()
            _, two = judge_candidates(benchmark, made, scorer, scores, {"count": steps})
            assert asked == [(1, expected)]
            assert two.any_of_first == two.majority == 1.0


def test_a_report_shows_candidates_and_confidences(shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "predictions.jsonl"
    line = {
        "id": "count",
        "sql": "SELECT 4",
        "confidence": 0.8,
        "candidates": [{"sql": sql, "score": 0} for sql in ("SELECT 5", "SELECT 4", "SELECT 4.0")],
    }
    benchmark = load(shop)
    others = [{"id": id, "sql": ""} for id in benchmark.positions if id != "count"]
    file.write_text("".join(json.dumps(entry) + "\n" for entry in (line, *others)))
    scoring = Scoring(("ex",))
    report: Any = score_file(file, benchmark, tmp_path / "run", scoring)
    assert list(report["candidates"]) == ["1", "2"]
    assert report["candidates"]["2"]["any_of_first"]["value"] > 0
    assert report["calibration"]["n"] == 1
    assert report["calibration"]["brier"] == pytest.approx(0.04)
    text = to_markdown(report)
    assert "## By number of candidates" in text and "ECE 0.200 (15 bins)" in text
    console = Console(width=200, record=True, file=io.StringIO())
    print_report(report, console, slices=())
    shown = console.export_text()
    assert "maj@k" in shown and "Brier 0.040" in shown
