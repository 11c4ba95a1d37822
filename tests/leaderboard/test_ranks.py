"""Rank intervals: as wide as the questions leave the order open, and no wider."""

from __future__ import annotations

import random

from t2s_bench.leaderboard.ranks import rank_intervals


def test_copies_of_one_system_share_all_their_ranks() -> None:
    chance = random.Random(1)
    one = [float(chance.random() < 0.6) for _ in range(200)]
    ((first, second, third),) = rank_intervals([one, one, one], resamples=500)
    assert first == second == third == (1, 3)


def test_a_system_that_is_better_on_every_question_is_always_ahead() -> None:
    weak = [0.0] * 40 + [1.0] * 10
    strong = [1.0] * 50
    assert rank_intervals([weak, strong], resamples=500) == [[(2, 2), (1, 1)]]


def test_pairing_tells_systems_apart_whose_own_intervals_overlap() -> None:
    # 60.0 and 61.6 percent of 500, the second right on everything that the first is right on:
    # unpaired intervals are 8 points wide.
    first = [1.0] * 300 + [0.0] * 200
    second = [1.0] * 308 + [0.0] * 192
    assert rank_intervals([first, second]) == [[(2, 2), (1, 1)]]


def test_systems_that_differ_by_chance_stay_open() -> None:
    chance = random.Random(3)
    table = [[float(chance.random() < 0.7) for _ in range(100)] for _ in range(4)]
    ((*intervals,),) = rank_intervals(table)
    assert all(high - low >= 2 for low, high in intervals)


def test_every_slice_is_ranked_by_its_own_questions() -> None:
    table = [[1.0] * 30 + [0.0] * 30, [0.0] * 30 + [1.0] * 30]
    slices = [[True] * 30 + [False] * 30, [False] * 30 + [True] * 30, [True] * 60]
    first, second, both = rank_intervals(table, slices, resamples=1000)
    assert first == [(1, 1), (2, 2)] and second == [(2, 2), (1, 1)] and both == [(1, 2), (1, 2)]


def test_sums_that_differ_by_rounding_are_equal() -> None:
    table = [[0.1, 0.2, 0.3] * 20, [0.3, 0.2, 0.1] * 20]
    same = [[sum(row) / 60] * 60 for row in table]
    assert rank_intervals(same, resamples=100) == [[(1, 2), (1, 2)]]
