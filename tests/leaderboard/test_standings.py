"""Standings: the scores of reports, ranks without ceilings, slices, gaps."""

from __future__ import annotations

import pytest
from tests.leaderboard.boards import make_board, make_facts, make_record

from t2s_bench.analysis.statistics import wilson_interval
from t2s_bench.leaderboard.folder import Board
from t2s_bench.leaderboard.standings import ALL, slices_of, standings


def test_best_first_with_interval_and_the_ceiling_without_a_rank(town: Board) -> None:
    listed = standings(town, "ex")[ALL]
    assert [s.name for s in listed] == ["all-knowing", "fast", "faster", "published", "silent"]
    assert listed[0].ranks is None
    assert listed[1].ranks == listed[2].ranks == (1, 2)
    assert listed[4].ranks == (3, 4)
    low, high = wilson_interval(6, 8)
    assert (listed[1].score, listed[1].low, listed[1].high) == (75.0, 100 * low, 100 * high)


def test_slices_are_difficulties_and_features_of_the_gold_with_questions_enough(
    town: Board,
) -> None:
    assert {name: sum(mask) for name, mask in slices_of(make_facts(20)).items()} == {
        "all": 20,
        "easy": 10,
        "hard": 10,
        "join": 7,
        "subquery": 7,
    }
    assert list(slices_of(town.facts)) == ["all"]


def test_a_slice_counts_its_own_questions(town: Board) -> None:
    facts = make_facts(20)
    board = make_board(facts, [make_record(facts, "a", [1.0, 0.0] * 10)])
    found = standings(board, "ex", slices_of(facts))
    assert found["easy"][0].score == 100.0 and found["hard"][0].score == 0.0
    assert found["easy"][0].questions == 10


def test_a_question_that_a_metric_does_not_apply_to_leaves_the_denominator() -> None:
    facts = make_facts(4)
    first = make_record(facts, "first", [1, None, 1, 0])
    second = make_record(facts, "second", [0, 1, 1, 1])
    a, b = sorted(standings(make_board(facts, [first, second]), "ex")[ALL], key=lambda s: s.name)
    assert (a.questions, b.questions) == (3, 4)
    assert a.score == pytest.approx(200 / 3) and b.score == 75.0


def test_a_metric_that_never_applies_has_no_score_and_a_system_without_it_is_left_out() -> None:
    facts = make_facts(4)
    empty = make_record(facts, "empty", [None] * 4, metrics=("em", "ex"))
    other = make_record(facts, "other", [1] * 4, metrics=("ex",))
    (found,) = standings(make_board(facts, [empty, other]), "em")[ALL]
    assert found.score is None and found.ranks == (1, 1)
