"""Which result wins: the validator's pairwise judgement blended with the votes.

The judgement is Bradley and Terry's (1952): one result is preferred to another with the probability
σ(difference of their logits). A result's preference is the mean over all pairs with the others,
weighted by the others' votes: how likely it is to be preferred to what else was proposed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..calibration_file import number, read_section, write_section
from .candidate import Candidate, Group, grouped, votes

SECTION = "selection"
STEPS = 20


@dataclass(frozen=True)
class Blend:
    """The validator's weight against the votes' (0 to 1), and from which logit it accepts.

    The defaults are those of a checkpoint that was not calibrated. `accuracy` is that of the
    weight on the `questions` it was fitted on, beside `votes_alone` and `judge_alone`.
    """

    weight: float = 0.5
    accept_logit: float = 0.0
    questions: int = 0
    accuracy: float = 0.0
    votes_alone: float = 0.0
    judge_alone: float = 0.0

    @classmethod
    def fit(cls, cases: Sequence[Case]) -> Blend:
        """The weight of the best accuracy among 0, 0.05 … 1; among equals that nearest to 0.5.

        `accept_logit` separates right from wrong candidates with the least errors.
        """
        if not cases:
            return cls()
        scored = []
        for step in range(STEPS + 1):
            weight = step / STEPS
            right = sum(
                case.right[select(case.candidates, case.logits, weight).chosen] for case in cases
            )
            scored.append((right / len(cases), -abs(weight - 0.5), -weight))
        accuracy, _, negative = max(scored)
        return cls(
            -negative,
            _separator(cases),
            len(cases),
            accuracy,
            scored[0][0],
            scored[-1][0],
        )

    @classmethod
    def load(cls, folder: Path) -> Blend:
        """The checkpoint's blend, or the defaults."""
        found = read_section(folder, SECTION)
        if found is None:
            return cls()
        names = ("weight", "accept_logit", "questions", "accuracy", "votes_alone", "judge_alone")
        weight, accept, questions, *accuracies = (number(found, key, folder) for key in names)
        return cls(weight, accept, int(questions), *accuracies)

    def save(self, folder: Path) -> None:
        """Writes the blend into the checkpoint's calibration file."""
        write_section(folder, SECTION, dict(self.__dict__))


@dataclass(frozen=True)
class Case:
    """A validation question's candidates (at least one), their logits, and which are right."""

    candidates: tuple[Candidate, ...]
    logits: tuple[float, ...]
    right: tuple[bool, ...]


@dataclass(frozen=True)
class Selection:
    """The groups by result with their scores, best first, and the place of the chosen candidate.

    `votes` are the candidates' shares, `preferences` the groups' mean pairwise judgements.
    """

    groups: tuple[Group, ...]
    scores: tuple[float, ...]
    preferences: tuple[float, ...]
    votes: tuple[float, ...]

    @property
    def chosen(self) -> int:
        """The place of the candidate that answers."""
        return self.groups[0].first

    def led_by(self, place: int) -> Selection:
        """The same with a candidate's group first, and that candidate first in it."""
        at = next(n for n, group in enumerate(self.groups) if place in group.places)
        group = self.groups[at]
        others = tuple(other for other in group.places if other != place)
        order = [at, *(n for n in range(len(self.groups)) if n != at)]
        led = replace(group, places=(place, *others))
        return Selection(
            (led, *(self.groups[n] for n in order[1:])),
            tuple(self.scores[n] for n in order),
            tuple(self.preferences[n] for n in order),
            self.votes,
        )


def select(
    candidates: Sequence[Candidate],
    logits: Sequence[float] | None = None,
    weight: float = 0.0,
    shares: Sequence[float] | None = None,
) -> Selection:
    """Ranks the results of at least one candidate; without logits by votes alone.

    Within a group the best-judged candidate stands for it (without logits the most voted). What
    does not run comes last. `shares` replace the votes that follow from the candidates.
    """
    voted = list(votes(candidates) if shares is None else shares)
    groups = grouped(candidates, voted)
    if logits is None:
        preferences = [0.0] * len(groups)
        scores = [group.share for group in groups]
    else:
        groups = [
            Group(
                tuple(
                    sorted(group.places, key=lambda place: (-logits[place], -voted[place], place))
                ),
                group.share,
                group.runs,
            )
            for group in groups
        ]
        best = [logits[group.first] for group in groups]
        preferences = [
            _preference(best[place], best[:place] + best[place + 1 :], groups, place)
            for place in range(len(groups))
        ]
        scores = [
            weight * preference + (1 - weight) * group.share
            for preference, group in zip(preferences, groups, strict=True)
        ]
    order = sorted(
        range(len(groups)), key=lambda n: (not groups[n].runs, -scores[n], groups[n].first)
    )
    return Selection(
        tuple(groups[n] for n in order),
        tuple(scores[n] for n in order),
        tuple(preferences[n] for n in order),
        tuple(voted),
    )


def sigmoid(logit: float) -> float:
    """The probability of a logit; never overflows."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    return math.exp(logit) / (1 + math.exp(logit))


def _preference(
    logit: float, others: Sequence[float], groups: Sequence[Group], place: int
) -> float:
    """The mean over pairs, weighted by the others' votes (evenly where they have none)."""
    if not others:
        return 1.0
    weights = [group.share for n, group in enumerate(groups) if n != place]
    if not any(weights):
        weights = [1.0] * len(others)
    total = sum(weights)
    return (
        sum(share * sigmoid(logit - other) for other, share in zip(others, weights, strict=True))
        / total
    )


def _separator(cases: Sequence[Case]) -> float:
    """The logit from which on accepting makes the least errors over all candidates that run."""
    judged = sorted(
        (logit, right)
        for case in cases
        for one, logit, right in zip(case.candidates, case.logits, case.right, strict=True)
        if one.evidence.runs
    )
    if not judged:
        return 0.0
    # Accepting everything errs on every wrong one; each step up rejects one more.
    errors = sum(not right for _, right in judged)
    best, cut = errors, judged[0][0]
    for place, (logit, right) in enumerate(judged):
        errors += 1 if right else -1
        following = judged[place + 1][0] if place + 1 < len(judged) else logit + 1.0
        if errors < best and following > logit:
            best, cut = errors, (logit + following) / 2
    return cut
