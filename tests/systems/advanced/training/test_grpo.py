from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from systems.advanced.task import Role
from systems.advanced.training.grpo import (
    Sample,
    advantages,
    clipped_loss,
    compared,
    grpo,
    rolled_out,
    sample_loss,
)
from systems.advanced.training.lessons import Lesson
from systems.advanced.training.rewards import Level, Reward
from systems.advanced.training.roles import Group, schema_f1, team_rewards
from tests.systems.advanced.training.tiny import (
    TinyLearner,
    make_towns,
    small_options,
    working,
)

from t2s_bench.training.directory import read_metrics


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_towns(tmp_path_factory.mktemp("data") / "towns")


def loss_of(now: list[float], before: list[float], advantage: float, **more: float) -> Any:
    settings = {"clip": 0.2, "kl": 0.0, **more}
    return clipped_loss(
        torch.tensor(now, requires_grad=True),
        torch.tensor(before),
        torch.tensor(before),
        torch.tensor([advantage] * len(now)),
        **settings,
    )


def test_advantages_are_relative_and_equal_groups_say_nothing() -> None:
    found = advantages([0.1, 0.1, 1.0])
    assert sum(found) == pytest.approx(0)
    assert found[2] > 0 > found[0] == found[1]
    assert advantages([0.3, 0.3, 0.3]) == []


def test_a_probability_that_moved_too_far_has_no_gradient() -> None:
    for shift, advantage, moves in ((0.5, 1.0, False), (0.1, 1.0, True), (0.5, -1.0, True)):
        now = torch.tensor([-1.0 + shift], requires_grad=True)
        before = torch.tensor([-1.0])
        total, watched = clipped_loss(now, before, before, torch.tensor([advantage]), 0.2, 0.0)
        total.backward()  # type: ignore[no-untyped-call]
        assert now.grad is not None
        assert bool(now.grad.abs().item() > 0) == moves
        assert watched["clipped"] == float(shift > 0.2)


def test_the_divergence_is_nought_at_the_reference_and_positive_elsewhere() -> None:
    same, _ = loss_of([-1.0, -2.0], [-1.0, -2.0], 0.0, kl=1.0)
    apart, watched = loss_of([-1.5, -1.2], [-1.0, -2.0], 0.0, kl=1.0)
    assert same.item() == 0.0
    assert apart.item() == pytest.approx(watched["kl"]) and watched["kl"] > 0


def test_every_token_counts_alike_whatever_the_length() -> None:
    one, _ = loss_of([-1.0], [-1.0], 1.0)
    many, _ = loss_of([-1.0] * 50, [-1.0] * 50, 1.0)
    assert one.item() == pytest.approx(many.item())


def test_reinforcement_raises_the_reward_without_a_gold(towns: Path, tmp_path: Path) -> None:
    options = small_options(
        towns, grpo_steps=25, grpo_learning_rate=0.05, grpo_rollouts=12, use_multi_agent_rl=False
    )
    with working(tmp_path / "out", options, TinyLearner()) as work:
        grpo(work)
    rewards = [float(str(line["reward"])) for line in read_metrics(tmp_path / "out")]
    assert sum(rewards[-5:]) > 2 * sum(rewards[:5])


def test_rollouts_are_compared_within_their_group_and_equal_ones_are_counted(
    towns: Path, tmp_path: Path
) -> None:
    with working(tmp_path / "out", small_options(towns), TinyLearner()) as work:
        work.learner.freeze_reference()
        batch = rolled_out(work, 3)
        samples = [item for part in batch.parts for item in part if isinstance(item, Sample)]
        lessons = [item for part in batch.parts for item in part if isinstance(item, Lesson)]
        groups: dict[tuple[str, Role, str], list[Sample]] = {}
        for sample in samples:
            rollout = sample.rollout
            candidate = rollout.sql if rollout.role is Role.VALIDATION else ""
            groups.setdefault((sample.example.id, rollout.role, candidate), []).append(sample)
        for group in groups.values():
            assert len(group) == 6
            assert sum(one.rollout.advantage for one in group) == pytest.approx(0, abs=1e-5)
        assert {role for _, role, _ in groups} == {Role.SQL, Role.VALIDATION}
        # Of all groups: each question's statements, and verdicts on each one that ran.
        judged = {(one.example.id, one.evidence.sql) for one in lessons if one.evidence.runs}  # type: ignore[union-attr]
        assert batch.figures["equal_groups"] == 1 - len(groups) / (4 + len(judged))
        assert {"entropy", "length", "reward", "reward_schema"} <= batch.figures.keys()
        assert {"verdicts_right", "role_reward_validation"} <= batch.figures.keys()
        assert {lesson.role for lesson in lessons} == {Role.VALIDATION}
        # The first update moves nothing yet: every ratio is 1.
        work.learner.module.eval()
        loss = sample_loss(work, samples)
        assert loss.parts["ratio"] == pytest.approx(1, abs=1e-5)
        assert loss.parts["kl"] == pytest.approx(0, abs=1e-5)


def test_several_updates_use_one_set_of_rollouts(towns: Path, tmp_path: Path) -> None:
    options = small_options(towns, grpo_steps=4, grpo_updates=2, checkpoint_every=1)
    learner = TinyLearner()
    rolled = []
    original = learner.rollouts
    learner.rollouts = lambda *args, **more: rolled.append(1) or original(*args, **more)  # type: ignore
    with working(tmp_path / "out", options, learner) as work:
        grpo(work)
    assert len(rolled) == 2 * options.grpo_questions


def test_a_group_of_equal_rewards_gives_no_samples(towns: Path, tmp_path: Path) -> None:
    with working(tmp_path / "out", small_options(towns), TinyLearner()) as work:
        example = work.data.train[0]
        rollouts = work.learner.rollouts(work.task(example), Role.SQL, 3, temperature=1.0, seed=0)
        reward = Reward(0.4, Level.RUNS, {})
        group = Group(example, tuple(rollouts), (0.4, 0.4, 0.4), (reward,) * 3)
        assert compared(group) == []
        uneven = Group(example, tuple(rollouts), (0.4, 0.4, 1.0), (reward,) * 3)
        assert [one.rollout.advantage > 0 for one in compared(uneven)] == [False, False, True]


def test_the_schema_role_earns_by_what_the_gold_uses(towns: Path, tmp_path: Path) -> None:
    with working(tmp_path / "out", small_options(towns), TinyLearner()) as work:
        task = work.task(work.data.train[0])
    gold = "SELECT name FROM city WHERE size > 3"
    exact = schema_f1("city.name\ncity.size", task, gold)
    some = schema_f1("city.name", task, gold)
    more = schema_f1("city.name\ncity.size\ncity.id", task, gold)
    assert exact == 1.0 and 0 < some < 1 and 0 < more < 1
    assert schema_f1("nothing.here", task, gold) == 0.0


def test_the_team_s_share_counts() -> None:
    assert team_rewards([1.0, 0.0], [0.0, 1.0], 0.0) == [1.0, 0.0]
    assert team_rewards([1.0, 0.0], [0.0, 1.0], 1.0) == [0.0, 1.0]
