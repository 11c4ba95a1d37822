"""Reinforcement of the validation role: verdicts are drawn, and earn by what they lead to.

For each question there are as many rounds as rollouts; in a round every candidate of the question
gets a verdict, drawn by its logit (a Bernoulli choice, one token). A verdict earns the role's own
reward, 1 where it agrees with the execution, and the team's: what the team's answer of that round
earns, which is the likeliest candidate that was accepted (of all, where none was). The rounds'
verdicts on one candidate are a group.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from ..task import Role
from .lessons import Learner, Lesson, Rollout
from .loop import mean_of
from .roles import Group, team_rewards
from .work import Work


def verdict_groups(work: Work, written: Group, lessons: Sequence[Lesson], seed: int) -> list[Group]:
    """Verdicts on a question's candidates (`lessons`), which the SQL role has `written`."""
    with torch.no_grad():
        found = work.learner.verdict_logits(lessons)
    pairs = [(one, float(x)) for one, x in zip(lessons, found, strict=True) if x is not None]
    if not pairs:
        return []
    rounds = work.options.grpo_rollouts
    chance = torch.Generator().manual_seed(seed)
    odds = torch.sigmoid(torch.tensor([logit for _, logit in pairs]))
    drawn = (torch.rand(rounds, len(pairs), generator=chance) < odds).long().tolist()
    earned = {
        one.sql: reward.value for one, reward in zip(written.rollouts, written.known, strict=True)
    }
    teams = [earned[_answer([one for one, _ in pairs], verdicts)] for verdicts in drawn]
    groups = []
    for place, (lesson, logit) in enumerate(pairs):
        verdicts = [round_[place] for round_ in drawn]
        own = [float(bool(verdict) == lesson.right) for verdict in verdicts]
        rewards = team_rewards(own, teams, work.options.team_weight)
        rollouts = tuple(_rollout(lesson, verdict, logit) for verdict in verdicts)
        groups.append(Group(written.example, rollouts, tuple(rewards), ()))
    return groups


def verdict_logprobs(
    learner: Learner, verdicts: Sequence[Rollout], *, reference: bool = False
) -> list[torch.Tensor]:
    """The log-probability of each verdict, (1,); each candidate is judged once."""
    lessons = {id(one.judged): one.judged for one in verdicts if one.judged is not None}
    logits = learner.verdict_logits(list(lessons.values()), reference=reference)
    by_lesson = dict(zip(lessons, logits, strict=True))
    found = []
    for one in verdicts:
        logit = by_lesson[id(one.judged)]
        assert logit is not None  # or no verdict would have been drawn
        found.append(F.logsigmoid(logit if one.tokens == (1,) else -logit)[None])
    return found


def agreement(groups: Sequence[Group]) -> float:
    """The share of verdicts that agree with execution."""
    verdicts = [one for group in groups for one in group.rollouts]
    return mean_of(
        [float(v.judged is not None and v.tokens == (int(v.judged.right),)) for v in verdicts]
    )


def _answer(candidates: Sequence[Lesson], verdicts: Sequence[int]) -> str:
    """What the team answers in a round."""
    accepted = [one for one, verdict in zip(candidates, verdicts, strict=True) if verdict]
    best = max(accepted or candidates, key=lambda one: one.logprob)
    assert best.evidence is not None
    return best.evidence.sql


def _rollout(lesson: Lesson, verdict: int, logit: float) -> Rollout:
    logprob = float(F.logsigmoid(torch.tensor(logit if verdict else -logit)))
    assert lesson.evidence is not None
    sql = lesson.evidence.sql
    return Rollout(Role.VALIDATION, lesson.task, (verdict,), (logprob,), sql, judged=lesson)
