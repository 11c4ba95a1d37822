from __future__ import annotations

from collections import Counter

import pytest
from systems.advanced.training.curriculum import PACING, Curriculum, difficulty, level

from t2s_bench import load
from t2s_bench.types import Example, Question

DIFFICULTIES = [n / 99 for n in range(100)]


def test_easy_comes_before_hard() -> None:
    plan = Curriculum(DIFFICULTIES, batch=4, over=160, pacing="linear", start=0.1, seed=3)
    for step in range(160):
        assert max(plan.batch(step)) < 100 * plan.share(step), step
    first = [n for step in range(16) for n in plan.batch(step)]
    later = [n for step in range(96, 112) for n in plan.batch(step)]
    assert max(later) > 50
    assert sum(first) / len(first) < sum(later) / len(later)


@pytest.mark.parametrize("pacing", PACING)
def test_the_share_grows_to_all(pacing: str) -> None:
    plan = Curriculum(DIFFICULTIES, batch=4, over=100, pacing=pacing, start=0.2)
    shares = [plan.share(step) for step in range(120)]
    assert shares == sorted(shares)
    assert shares[100:] == [1.0] * 20
    assert (shares[0] == 1.0) == (pacing == "none")


def test_once_all_is_open_an_epoch_holds_each_example_once() -> None:
    plan = Curriculum(DIFFICULTIES, batch=5, over=1, seed=1)
    begin = 1  # the first step after everything is open
    for epoch in range(3):
        steps = range(begin + 20 * epoch, begin + 20 * (epoch + 1))
        drawn = Counter(n for step in steps for n in plan.batch(step))
        assert set(drawn.values()) == {1} and len(drawn) == 100


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    def make(seed: int) -> Curriculum:
        return Curriculum(DIFFICULTIES, batch=4, over=50, seed=seed, lengths=range(100))

    whole = [make(0).batch(step) for step in range(60)]
    plan = make(0)
    assert [plan.batch(step) for step in (50, 3, 17)] == [whole[50], whole[3], whole[17]]
    assert whole != [make(1).batch(step) for step in range(60)]


def test_batches_by_length_hold_examples_of_like_length() -> None:
    lengths = [(7 * n) % 100 for n in range(100)]

    def spread(plan: Curriculum) -> float:
        batches = [[lengths[n] for n in plan.batch(step)] for step in range(32)]
        return sum(max(batch) - min(batch) for batch in batches) / len(batches)

    grouped = Curriculum(DIFFICULTIES, batch=6, over=200, pacing="none", lengths=lengths)
    plain = Curriculum(DIFFICULTIES, batch=6, over=200, pacing="none")
    assert spread(grouped) < spread(plain) / 4


def test_difficulty_is_the_benchmarks_or_spiders() -> None:
    examples = load("mini").examples
    assert {level(example) for example in examples} == {"easy", "medium", "hard", "extra"}
    bare = [
        Example(Question(e.id, e.question.question, e.question.database), e.golds, "", e.database)
        for e in examples
    ]
    assert len({difficulty(example) for example in bare}) > 2
    challenging = Example(Question("1", "?", "d"), ("SELECT 1",), "challenging")
    assert difficulty(challenging) == 1.0


def test_few_examples_fill_a_batch_by_coming_again() -> None:
    plan = Curriculum([0.0, 1.0], batch=4, over=10)
    assert all(len(plan.batch(step)) == 4 for step in range(40))
