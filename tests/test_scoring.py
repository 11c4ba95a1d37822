"""A scorer numbers judgements by the items it was given, in whatever order it takes them."""

from __future__ import annotations

from pathlib import Path

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.scoring import Scorer

ANSWERS = ("SELECT id FROM item", "SELECT price FROM item", "SELEC")


def test_a_list_of_several_systems_is_numbered_as_it_was_given(shop: Path) -> None:
    benchmark = load(shop)
    items = [
        (example, benchmark.databases[example.question.database], sql)
        for sql in (*ANSWERS, ANSWERS[0].lower(), ANSWERS[0])
        for example in benchmark.examples
    ]
    with Scorer(["ex", "em"]) as scorer:
        together = dict(scorer.judge_all(items))
        singly = [dict(scorer.judge_all(iter([item])))[0] for item in items]
    assert sorted(together) == list(range(len(items)))
    assert [together[number].score for number in range(len(items))] == [
        judgement.score for judgement in singly
    ]
    assert {judgement.score.metrics["ex"] for judgement in singly} == {0.0, 1.0}


def test_predictions_for_one_question_are_taken_together(shop: Path) -> None:
    benchmark = load(shop)
    items = [
        (example, benchmark.databases[example.question.database], f"SELECT {number}")
        for number in range(3)
        for example in benchmark.examples
    ]
    with Scorer(["ex"]) as scorer:
        order = [number for number, _ in scorer.judge_all(items)]
    questions = [items[number][0].golds for number in order]
    changes = sum(a != b for a, b in zip(questions, questions[1:], strict=False))
    assert len({*questions}) > 1
    assert changes == len({*questions}) - 1
