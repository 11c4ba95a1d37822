"""Group-relative policy optimisation (Shao et al. 2024) for several roles.

For each question a role writes a group of answers (the validation role gives verdicts on each
candidate, see `verdicts.py`). An answer's advantage is its reward less the group's mean, by the
group's deviation; a group whose rewards are all equal says nothing, is left out, and is counted.
The loss is PPO's clipped one, a token at a time, averaged over all tokens (so that no length is
favoured), plus the divergence from the reference by Schulman's estimator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from t2s_bench.types import Example

from ..task import Role
from .lessons import Lesson, Loss, Rollout
from .loop import Batch, Stage, fit, mean_of
from .rewards import mean_terms
from .roles import Group, role_rewards
from .supervised import validation_lessons
from .verdicts import agreement, verdict_groups, verdict_logprobs
from .work import Work, describe_lesson

# Groups whose rewards differ by less are equal.
EQUAL = 1e-6


@dataclass(frozen=True)
class Sample:
    """A rollout with its advantage, and the reference's log-probabilities of its tokens."""

    rollout: Rollout
    example: Example
    reference: tuple[float, ...]
    reward: float


def advantages(rewards: Sequence[float]) -> list[float]:
    """Relative to the group; empty where all are equal.

    >>> [round(a, 3) for a in advantages([1.0, 0.0, 0.0, 1.0])]
    [1.0, -1.0, -1.0, 1.0]
    >>> advantages([0.5, 0.5])
    []
    """
    if max(rewards) - min(rewards) < EQUAL:
        return []
    mean = mean_of(rewards)
    deviation = mean_of([(one - mean) ** 2 for one in rewards]) ** 0.5
    return [(one - mean) / deviation for one in rewards]


def clipped_loss(
    now: torch.Tensor,
    before: torch.Tensor,
    reference: torch.Tensor,
    advantage: torch.Tensor,
    clip: float,
    kl: float,
) -> tuple[torch.Tensor, dict[str, float]]:
    """The mean over tokens (all arguments have one value a token) and what to watch."""
    ratio = (now - before).exp()
    gain = torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    apart = reference - now
    divergence = apart.exp() - apart - 1
    loss = (kl * divergence - gain).mean()
    with torch.no_grad():
        outside = ((ratio - 1).abs() > clip).float().mean()
        watched = {
            "kl": float(divergence.mean()),
            "clipped": float(outside),
            "ratio": float(ratio.mean()),
        }
    return loss, watched


def grpo(work: Work) -> None:
    """The stage of reinforcement."""
    options = work.options
    kept: dict[int, Batch[Sample | Lesson]] = {}

    def prepare() -> Callable[[int], Batch[Sample | Lesson]]:
        work.learner.freeze_reference()
        return draw

    def draw(step: int) -> Batch[Sample | Lesson]:
        # Several updates on one set of rollouts: the later ones are off-policy, hence the ratio.
        first = step - step % options.grpo_updates
        if first not in kept:
            kept.clear()
            kept[first] = rolled_out(work, first)
        return kept[first]

    def loss(items: Sequence[Sample | Lesson]) -> Loss:
        samples = [item for item in items if isinstance(item, Sample)]
        lessons = [item for item in items if isinstance(item, Lesson)]
        return sample_loss(work, samples) if samples else work.learner.loss(lessons)

    fit(
        work,
        Stage(
            2,
            "grpo",
            options.grpo_steps,
            options.grpo_learning_rate,
            prepare,
            loss,
            describe,
            unit=options.grpo_updates,
            dropout=False,
        ),
    )


def sample_loss(work: Work, samples: Sequence[Sample]) -> Loss:
    """Clipped loss of a batch of samples, over all their tokens."""
    rollouts = [one.rollout for one in samples]
    now = torch.cat(_logprobs(work, rollouts, reference=False)).float()
    counts = [len(one.tokens) for one in rollouts]
    before, reference, advantage = (
        torch.tensor(values, device=now.device)
        for values in (
            [p for one in rollouts for p in one.logprobs],
            [p for one in samples for p in one.reference],
            [one.advantage for one, n in zip(rollouts, counts, strict=True) for _ in range(n)],
        )
    )
    options = work.options
    total, watched = clipped_loss(
        now, before, reference, advantage, options.grpo_clip, options.grpo_kl
    )
    return Loss(total, watched, sum(counts))


def _logprobs(work: Work, rollouts: Sequence[Rollout], *, reference: bool) -> list[torch.Tensor]:
    """Of the tokens of texts and of verdicts, in the order of the rollouts."""
    learner = work.learner
    texts = [one for one in rollouts if one.judged is None]
    verdicts = [one for one in rollouts if one.judged is not None]
    written = learner.reference_logprobs if reference else learner.token_logprobs
    of_texts = iter(written(texts) if texts else [])
    of_verdicts = iter(verdict_logprobs(learner, verdicts, reference=reference) if verdicts else [])
    return [next(of_texts if one.judged is None else of_verdicts) for one in rollouts]


def rolled_out(work: Work, step: int) -> Batch[Sample | Lesson]:
    """Rollouts of this step's questions by every role, rewarded and compared within groups.

    Batches hold samples, then the validation role's lessons on the same statements: these teach
    what has no reward, its critique and the values of beginnings.
    """
    options, optimiser = work.options, work.optimiser
    count = options.grpo_questions
    order = torch.randperm(
        len(work.data.train), generator=torch.Generator().manual_seed(work.seed * 7919 + step)
    ).tolist()
    chosen = [
        work.data.train[order[(optimiser.place * count + n) % len(order)]] for n in range(count)
    ]
    work.learner.module.eval()
    samples: list[Sample] = []
    lessons: list[Lesson] = []
    figures: dict[str, float] = {}
    equal = total = 0
    by_role = role_rewards(work, chosen, step)
    if Role.VALIDATION in work.roles:
        by_role[Role.VALIDATION] = []
        for number, group in enumerate(by_role[Role.SQL]):
            judged = validation_lessons(work, group.example, group.rollouts, group.known)
            seed = (work.seed * 7919 + step) * 1009 + optimiser.place * count + number
            by_role[Role.VALIDATION] += verdict_groups(work, group, judged, seed % 2**31)
            lessons += judged
    for role, groups in by_role.items():
        figures |= _means(role, groups)
        for group in groups:
            found = compared(group)
            equal += not found
            total += 1
            samples += found
    samples = _with_reference(work, samples)
    texts = [one.rollout for one in samples if one.rollout.judged is None]
    if texts:
        tokens = sum(len(one.tokens) for one in texts)
        # The sample mean of -log p is an unbiased estimate of a token's entropy.
        figures["entropy"] = -sum(p for one in texts for p in one.logprobs) / tokens
        figures["length"] = tokens / len(texts)
    figures["equal_groups"] = equal / total if total else 0.0
    size = options.batch_size
    cut = [
        items[at : at + size] for items in (samples, lessons) for at in range(0, len(items), size)
    ]
    return Batch(cut, figures)


def compared(group: Group) -> list[Sample]:
    """A group's samples with their advantages; none where all rewards are equal."""
    if len(group.rewards) < 2:
        return []
    return [
        Sample(replace(rollout, advantage=advantage), group.example, (), reward)
        for rollout, advantage, reward in zip(
            group.rollouts, advantages(group.rewards), group.rewards, strict=False
        )
        if rollout.tokens
    ]


def _means(role: Role, groups: Sequence[Group]) -> dict[str, float]:
    """Mean reward of a role, and of SQL its terms."""
    rewards = [reward for group in groups for reward in group.rewards]
    if not rewards:
        return {}
    if role is Role.VALIDATION:
        return {f"role_reward_{role}": mean_of(rewards), "verdicts_right": agreement(groups)}
    if role is not Role.SQL:
        return {f"role_reward_{role}": mean_of(rewards)}
    return mean_terms(one for group in groups for one in group.known)


def _with_reference(work: Work, samples: Sequence[Sample]) -> list[Sample]:
    if not samples:
        return []
    with torch.no_grad():
        reference = _logprobs(work, [one.rollout for one in samples], reference=True)
    return [
        replace(one, reference=tuple(logprobs.tolist()))
        for one, logprobs in zip(samples, reference, strict=True)
    ]


def describe(item: Sample | Lesson) -> Mapping[str, object]:
    """A sample as a batch that has to be saved shows it."""
    if isinstance(item, Lesson):
        return describe_lesson(item)
    return {
        "role": str(item.rollout.role),
        "id": item.example.id,
        "sql": item.rollout.sql,
        "reward": item.reward,
        "advantage": item.rollout.advantage,
        "logprobs": list(item.rollout.logprobs),
    }
