from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.small_model.learner import SmallLearner
from systems.advanced.task import Evidence, Role
from systems.advanced.training.grpo import Sample, compared, sample_loss
from systems.advanced.training.learners import small_config
from systems.advanced.training.lessons import Lesson, Rollout
from systems.advanced.training.rewards import Level
from systems.advanced.training.roles import Group
from systems.advanced.training.supervised import validation_lessons
from systems.advanced.training.verdicts import agreement, verdict_groups, verdict_logprobs
from systems.advanced.training.work import Work
from tests.systems.advanced.training.tiny import (
    STATEMENTS,
    WRONG,
    TinyLearner,
    make_towns,
    small_options,
    working,
)

import t2s_bench

COUNT, NAMES = STATEMENTS[:2]
SIZES = {"schema_embedding_dim": 16, "schema_gat_heads": 2, "schema_gat_layers": 1}


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    towns = make_towns(tmp_path / "towns")
    options = small_options(towns, grpo_rollouts=16, grpo_kl=0.0)
    with working(tmp_path / "out", options, TinyLearner(dropout=0)) as found:
        yield found


def written(work: Work, *statements: str) -> tuple[Group, list[Lesson]]:
    """What the SQL role wrote, ever less likely, and what execution says of it."""
    example = next(e for e in work.data.train if e.golds[0] == COUNT)
    task = work.task(example)
    rollouts = [
        Rollout(Role.SQL, task, (place,), (-1.0 - place,), sql)
        for place, sql in enumerate(statements)
    ]
    known = work.rewarder([(example, sql) for sql in statements])
    rewards = tuple(reward.value for reward in known)
    assert [one.level is Level.RIGHT for one in known] == [sql == COUNT for sql in statements]
    group = Group(example, tuple(rollouts), rewards, tuple(known))
    return group, validation_lessons(work, example, rollouts, known)


class Fixed(TinyLearner):
    """Has given logits for statements."""

    odds: dict[str, float]

    def verdict_logits(self, lessons: Any, *, reference: bool = False) -> Any:
        return [torch.tensor(self.odds[one.evidence.sql]) for one in lessons]


def test_a_verdict_earns_by_itself_and_by_what_the_team_then_answers(work: Work) -> None:
    learner = Fixed()
    # NAMES is likelier but wrong; whoever accepts it makes the team wrong.
    group, lessons = written(work, NAMES, COUNT)
    work.learner = learner
    right, wrong = group.rewards[1], group.rewards[0]
    for odds, own, team in (
        ({NAMES: -50.0, COUNT: 50.0}, [1.0, 1.0], right),
        ({NAMES: 50.0, COUNT: 50.0}, [0.0, 1.0], wrong),
        ({NAMES: -50.0, COUNT: -50.0}, [1.0, 0.0], wrong),
    ):
        learner.odds = odds
        found = verdict_groups(work, group, lessons, seed=1)
        assert [one.rollouts[0].sql for one in found] == [NAMES, COUNT]
        for one, share in zip(found, own, strict=True):
            assert one.rewards == pytest.approx([0.5 * share + 0.5 * team] * 16)
            # All agree, so nothing is learnt of them.
            assert compared(one) == []
    learner.odds = {NAMES: 0.0, COUNT: 0.0}
    found = verdict_groups(work, group, lessons, seed=1)
    assert [one.rollouts for one in found] == [
        one.rollouts for one in verdict_groups(work, group, lessons, seed=1)
    ]
    verdicts = [one.tokens for one in found[0].rollouts]
    assert 2 < verdicts.count((1,)) < 14
    assert {one.rollout.advantage > 0 for one in compared(found[0])} == {True, False}


def test_what_failed_gets_no_verdict(work: Work) -> None:
    group, lessons = written(work, COUNT, WRONG[0])
    assert [one.evidence.runs for one in lessons if one.evidence] == [True, False]
    (found,) = verdict_groups(work, group, lessons, seed=0)
    assert found.rollouts[0].sql == COUNT


def test_reinforcement_makes_verdicts_right(work: Work) -> None:
    """Without a lesson: by the rewards of drawn verdicts alone."""
    group, lessons = written(work, NAMES, COUNT, WRONG[1])
    optimiser = torch.optim.Adam(work.learner.module.parameters(), lr=0.05)
    shares = []
    for step in range(25):
        found = verdict_groups(work, group, lessons, seed=step)
        shares.append(agreement(found))
        samples = [
            replace(sample, reference=sample.rollout.logprobs)
            for one in found
            for sample in compared(one)
        ]
        if samples:
            loss = sample_loss(work, samples)
            assert loss.parts["ratio"] == pytest.approx(1, abs=1e-5)
            optimiser.zero_grad()
            torch.autograd.backward(loss.total)
            optimiser.step()
    assert shares[0] < 0.7 and sum(shares[-5:]) / 5 > 0.9


def test_texts_and_verdicts_keep_their_places_in_one_batch(work: Work) -> None:
    group, lessons = written(work, NAMES, COUNT)
    verdicts = [one for found in verdict_groups(work, group, lessons, 0) for one in found.rollouts]
    texts = work.learner.rollouts(work.task(group.example), Role.SQL, 3, temperature=1.0, seed=0)
    mixed = [verdicts[0], texts[0], verdicts[20], texts[1], verdicts[1], texts[2]]
    samples = [
        Sample(replace(one, advantage=1.0), group.example, one.logprobs, 1.0) for one in mixed
    ]
    loss = sample_loss(work, samples)
    assert loss.tokens == 6
    assert loss.parts["ratio"] == pytest.approx(1, abs=1e-5)
    assert loss.parts["kl"] == pytest.approx(0, abs=1e-6)


def test_the_small_model_s_verdicts_are_its_critic_s(tmp_path: Path) -> None:
    example = t2s_bench.load("mini").examples[0]
    assert example.database is not None
    makers = TaskMaker()
    task = makers.task(example.question, example.database)
    makers.close()
    learner = SmallLearner.from_lessons(small_config(small_options(tmp_path, **SIZES)), [task])
    learner.module.eval()
    shown = Evidence(example.golds[0], ("x",), 1, 1, shown=((1,),))
    fails = Evidence(example.golds[0], None, error="no such table")
    lessons = [
        Lesson(Role.VALIDATION, task, example, fails, False),
        Lesson(Role.VALIDATION, task, example, shown, True, logprob=-3.0, best=-3.0),
    ]
    none, logit = learner.verdict_logits(lessons)
    assert none is None and logit is not None
    written = learner.policy().open(task).logprobs([example.golds[0]])[0]
    told = [replace(lessons[1], logprob=written, best=written)]
    (own,) = learner.verdict_logits(told)
    (judged,) = learner.policy().open(task).judge([shown])
    assert own is not None and own.item() == pytest.approx(judged, abs=1e-4)
    with pytest.raises(RuntimeError, match="freeze_reference"):
        learner.verdict_logits(told, reference=True)
    learner.freeze_reference()
    verdicts = [
        Rollout(Role.VALIDATION, task, (verdict,), (0.0,), judged=lessons[1]) for verdict in (1, 0)
    ]
    yes, no = verdict_logprobs(learner, verdicts)
    assert (yes.exp() + no.exp()).item() == pytest.approx(1)
    yes.sum().backward()  # type: ignore[no-untyped-call]
    moved = {name for name, p in learner.model.named_parameters() if p.grad is not None}
    assert moved and all(name.startswith("critic.") for name in moved)
    kept = verdict_logprobs(learner, verdicts, reference=True)
    assert kept[0].item() == pytest.approx(yes.item(), abs=1e-5)
