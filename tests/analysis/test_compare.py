"""Comparisons are paired, fair, and refused where they would mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.analysis.runs import run

from t2s_bench.analysis.compare import all_pairs, compare_with_first
from t2s_bench.analysis.scored_run import labelled, require_comparable
from t2s_bench.analysis.statistics import holm, mcnemar
from t2s_bench.errors import NotComparable, UnknownName
from t2s_bench.types import Example, Question


def example(id: str, database: str, difficulty: str, gold: str = "SELECT 1") -> Example:
    return Example(Question(id, f"{id}?", database), (gold,), difficulty)


def test_won_lost_agreement_and_oracle_are_counted_question_by_question() -> None:
    (found,) = compare_with_first([run("a", [1, 1, 0, 0, 1]), run("b", [1, 0, 1, 1, 1])], "ex")
    assert (found.pair.won, found.pair.lost) == (2, 1)
    assert found.pair.difference == pytest.approx(0.2)
    assert found.agreement == pytest.approx(0.4)
    assert found.oracle == 1.0
    assert [(flip.id, flip.won) for flip in found.flips] == [
        ("q1", False),
        ("q2", True),
        ("q3", True),
    ]
    assert found.flips[0].sqls == ("SELECT 'a' -- q1", "SELECT 'b' -- q1")


def test_questions_that_a_metric_leaves_out_are_left_out_of_both() -> None:
    (found,) = compare_with_first([run("a", [1, None, 0]), run("b", [0, 1, None])], "ex")
    assert found.pair.questions == 1
    assert found.pair.lost == 1


def test_several_runs_share_one_error_rate() -> None:
    first = run("a", [0] * 30)
    others = [run("b", [1] * 6 + [0] * 24), run("c", [1] * 7 + [0] * 23)]
    found = compare_with_first([first, *others], "ex")
    assert [c.p for c in found] == holm([mcnemar(6, 0), mcnemar(7, 0)])
    assert [c.verdict for c in found] == ["better", "better"]
    pairs = all_pairs([first, *others], "ex")
    assert [(a.label, b.label) for a, b, _, _ in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_a_difference_within_chance_says_what_could_have_been_seen() -> None:
    (found,) = compare_with_first([run("a", [0, 1] * 50), run("b", [1, 0] + [0, 1] * 49)], "ex")
    assert found.verdict.startswith("no difference shown: could have seen ")


def test_slices_are_the_differences_of_their_questions() -> None:
    examples = [
        example("q0", "x", "hard"),
        example("q1", "x", "easy"),
        example("q2", "y", "easy", "SELECT count(*) FROM t LIMIT 1"),
    ]
    (found,) = compare_with_first([run("a", [1, 0, 0]), run("b", [1, 1, 0])], "ex", examples)
    assert list(found.slices["difficulty"]) == ["easy", "hard"]
    assert found.slices["difficulty"]["easy"].difference == 0.5
    assert found.slices["database"]["x"].won == 1
    assert found.slices["feature"]["limit"].questions == 1


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"benchmark": {"digest": "e" * 64}}, "benchmark.digest"),
        ({"benchmark": {"ids": "j"}}, "benchmark.ids"),
        ({"scoring": {"profile": "official"}}, "scoring.profile"),
        ({"scoring": {"budget": {"steps": 5}}}, "scoring.budget.steps"),
        ({"engine": {"server": "PostgreSQL 17"}}, "engine.server"),
        ({"versions": {"sqlite": "3.41.0"}}, "versions.sqlite"),
    ],
)
def test_runs_under_other_rules_are_refused_and_the_key_is_named(
    changed: dict[str, dict[str, object]], key: str
) -> None:
    with pytest.raises(NotComparable, match=key):
        require_comparable([run("a", [1, 0]), run("b", [1, 0], **changed)], "ex")


def test_other_systems_options_and_package_versions_are_what_a_comparison_is_for() -> None:
    other = run("b", [1, 0], system={"name": "t"}, versions={"t2s-bench": "9", "python": "4"})
    require_comparable([run("a", [1, 0]), other], "ex")


def test_a_metric_that_one_run_lacks_is_named_with_what_adds_it() -> None:
    other = run("b", [1, 0], scoring={"metrics": ["ex"]})
    with pytest.raises(NotComparable, match="All runs have: ex. Add it: t2s-bench score"):
        require_comparable([run("a", [1, 0]), other], "ex_spider")
    with pytest.raises(UnknownName, match="did you mean 'ex'"):
        require_comparable([run("a", [1]), run("b", [1])], "exx")


def test_runs_of_the_same_name_are_told_apart_by_their_place() -> None:
    runs = [run("s", [1]), run("s", [1]), run("t", [1])]
    places = [Path("x/one"), Path("x/two"), Path("x/three")]
    assert [r.label for r in labelled(runs, places)] == ["one", "two", "t"]
    places = [Path("x/one"), Path("y/one"), Path("x/three")]
    assert [r.label for r in labelled(runs, places)] == ["x/one", "y/one", "x/three"]
