"""Spider's own tables: hardness as difficulty, and exact match by component."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from t2s_bench.benchmarks.benchmark import Benchmark, load
from t2s_bench.reports.exact_match import difficulties, exact_match_section, exact_match_table
from t2s_bench.types import Example, Prediction, Question

GOLDS = {
    "0": "SELECT id FROM item",
    "1": "SELECT id FROM item WHERE price > 3 ORDER BY id LIMIT 1",
    "2": "SELECT CASE WHEN price THEN 1 END FROM item",
}
SCORING = {"metrics": ["ex_spider", "em", "em_values"], "profile": "safe"}


def questions(shop: Path, metric: str, difficulty: str = "") -> Benchmark:
    examples = tuple(
        Example(Question(id, "", "shop"), (gold,), difficulty) for id, gold in GOLDS.items()
    )
    return replace(load(shop), examples=examples, primary_metric=metric)


def test_spiders_questions_have_their_hardness_and_others_their_label(shop: Path) -> None:
    spider = questions(shop, "ex_spider")
    assert difficulties(spider, spider.examples) == {"0": "easy", "1": "hard", "2": ""}
    labelled = questions(shop, "ex_spider", "moderate")
    assert set(difficulties(labelled, labelled.examples).values()) == {"moderate"}
    bird = questions(shop, "ex")
    assert set(difficulties(bird, bird.examples).values()) == {""}


def test_components_stand_beside_the_metric_that_asked_for_them(shop: Path) -> None:
    spider = questions(shop, "ex_spider")
    answers = {
        "0": Prediction("SELECT id FROM item"),
        "1": Prediction("SELECT id FROM item WHERE price > 4 ORDER BY id LIMIT 1"),
        "2": Prediction("SELECT id FROM item"),
    }
    found = exact_match_section(spider, spider.examples, answers, SCORING)
    header, rows = exact_match_table(found["em"])  # type: ignore[arg-type]
    assert header == [
        "component", "easy", "medium", "hard", "extra", "all", "acc (all)", "rec (all)",
    ]  # fmt: skip
    assert rows[0][1:6] == ["1", "0", "1", "0", "2"]
    assert rows[1][1:6] == ["100.00", "0.00", "100.00", "0.00", "100.00"]
    values = exact_match_table(found["em_values"])[1]  # type: ignore[arg-type]
    assert values[1][1:6] == ["100.00", "0.00", "0.00", "0.00", "50.00"]
    where = next(row for row in values if row[0] == "where")
    assert where[6:] == ["0.00", "0.00"]
    without = {**SCORING, "metrics": ["ex"]}
    assert exact_match_section(spider, spider.examples, answers, without) == {}
