"""The official table over a run."""

from __future__ import annotations

from pathlib import Path

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.metrics.exact_match_report import exact_match_report, hardness_of
from t2s_bench.types import Database, Example, Question

GOLDS = (
    "SELECT id FROM item",
    "SELECT id FROM item WHERE price > 3 ORDER BY id LIMIT 1",
    "SELECT CASE WHEN price THEN 1 END FROM item",
)


def example(id: str, *golds: str) -> Example:
    return Example(Question(id, "", "shop"), golds)


def database(shop: Path) -> Database:
    return load(shop).databases["shop"]


def test_levels_count_the_questions_with_a_gold_inside_spiders_sql(shop: Path) -> None:
    here = database(shop)
    items = [(example(str(i), gold), here, GOLDS[0]) for i, gold in enumerate(GOLDS)]
    found = exact_match_report(items)
    assert {level: row.count for level, row in found.items()} == {
        "easy": 1, "medium": 0, "hard": 1, "extra": 0, "all": 2,
    }  # fmt: skip
    assert (found["easy"].exact, found["hard"].exact, found["all"].exact) == (1.0, 0.0, 0.5)
    assert found["all"].partial["select"].acc == 1.0
    assert (found["all"].partial["where"].acc, found["all"].partial["where"].rec) == (0.0, 0.0)


def test_any_accepted_gold_will_do(shop: Path) -> None:
    item = (example("1", GOLDS[2], GOLDS[1], GOLDS[0]), database(shop), GOLDS[0])
    assert exact_match_report([item])["all"].exact == 1.0


def test_profile_and_values_are_those_of_the_metrics(shop: Path) -> None:
    here = database(shop)
    lines = [(example("1", GOLDS[0]), here, "SELECT id\nFROM item")]
    assert exact_match_report(lines)["all"].exact == 1.0
    assert exact_match_report(lines, profile="official")["all"].exact == 0.0
    other = GOLDS[1].replace("3", "4")
    assert exact_match_report([(example("1", GOLDS[1]), here, other)])["all"].exact == 1.0
    strict = exact_match_report([(example("1", GOLDS[1]), here, other)], values=True)
    assert strict["all"].exact == 0.0


def test_hardness_is_a_slice_of_every_question(shop: Path) -> None:
    here = database(shop)
    examples = {str(i): (example(str(i), gold), here) for i, gold in enumerate(GOLDS)}
    assert hardness_of(examples) == {"0": "easy", "1": "hard", "2": "unparsed"}
