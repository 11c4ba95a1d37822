"""Which result wins: the validator's pairwise judgement, the votes and the writer's own likelihood.

The judgement is Bradley and Terry's (1952): one result is preferred to another with the probability
σ(difference of their logits). A result's preference is the mean over all pairs with the others,
weighted by the others' votes: how likely it is to be preferred to what else was proposed. The
likelihood is that of its statement a token, against the likeliest: among the many near-identical
statements of a beam, votes say how many there are of a kind, and this says how sure each is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from ..calibration_file import number, read_section, write_section
from .candidate import Candidate, Group, grouped, votes

SECTION = "selection"
STEPS = 20
FOLDS = 5


@dataclass(frozen=True)
class Blend:
    """The weights of judgement (`weight`) and likelihood; what is left to 1 is the votes'.

    From `accept_logit` on the validator accepts. The defaults are those of a checkpoint that was
    not calibrated. `accuracy` is that on the `questions` it was fitted on, of weights fitted on
    other databases than the question's, beside each term alone.
    """

    weight: float = 0.5
    likelihood: float = 0.0
    accept_logit: float = 0.0
    questions: int = 0
    accuracy: float = 0.0
    votes_alone: float = 0.0
    judge_alone: float = 0.0
    likelihood_alone: float = 0.0

    def select(
        self,
        candidates: Sequence[Candidate],
        logits: Sequence[float] | None,
        shares: Sequence[float] | None = None,
    ) -> Selection:
        """See `select`."""
        return select(candidates, logits, self.weight, shares, self.likelihood)

    @classmethod
    def fit(cls, cases: Sequence[Case]) -> Blend:
        """The weights of the best accuracy, in steps of 0.05; among equals those nearest to even.

        The likelihood is used where that is better on databases that the weights were not fitted
        on (`Case.database`, in up to `FOLDS` folds); with one database it is not, and `accuracy` is
        that on the cases themselves. `accept_logit` separates right from wrong candidates with the
        least errors.
        """
        if not cases:
            return cls()
        mixtures = _mixtures()
        by_case = [_right(case, mixtures) for case in cases]
        right = {one: [row[n] for row in by_case] for n, one in enumerate(mixtures)}
        folds = _folds(cases)
        families = [[one for one in mixtures if one[1] == 0], mixtures]
        held_out = [_held_out(right, family, folds) for family in families]
        better = int(len(folds) > 1 and held_out[1] > held_out[0])
        weight, likelihood = _best(right, families[better], range(len(cases)))
        alone = [sum(right[one]) / len(cases) for one in ((0, 0), (STEPS, 0), (0, STEPS))]
        return cls(
            weight / STEPS,
            likelihood / STEPS,
            _separator(cases),
            len(cases),
            held_out[better] / len(cases),
            *alone,
        )

    @classmethod
    def load(cls, folder: Path) -> Blend:
        """The checkpoint's blend, or the defaults; an older file gives likelihoods no weight."""
        found = read_section(folder, SECTION)
        if found is None:
            return cls()
        found = {"likelihood": 0.0, "likelihood_alone": 0.0, **found}
        said = {one.name: number(found, one.name, folder) for one in fields(cls)}
        questions = int(said.pop("questions"))
        return cls(**said, questions=questions)

    def save(self, folder: Path) -> None:
        """Writes the blend into the checkpoint's calibration file."""
        write_section(folder, SECTION, dict(self.__dict__))


@dataclass(frozen=True)
class Case:
    """A validation question's candidates (at least one), their logits, and which are right.

    `database` names its database, for fitting on some and trying on others.
    """

    candidates: tuple[Candidate, ...]
    logits: tuple[float, ...]
    right: tuple[bool, ...]
    database: str = ""


@dataclass(frozen=True)
class Selection:
    """The groups by result with their scores, best first, and the place of the chosen candidate.

    `votes` are the candidates' shares, `preferences` the groups' mean pairwise judgements and
    `likelihoods` their statements' likelihoods a token, against the likeliest (1).
    """

    groups: tuple[Group, ...]
    scores: tuple[float, ...]
    preferences: tuple[float, ...]
    likelihoods: tuple[float, ...]
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
            tuple(self.likelihoods[n] for n in order),
            self.votes,
        )


def select(
    candidates: Sequence[Candidate],
    logits: Sequence[float] | None = None,
    weight: float = 0.0,
    shares: Sequence[float] | None = None,
    likelihood: float = 0.0,
) -> Selection:
    """Ranks the results of at least one candidate; without logits by votes alone.

    `weight` is the judgement's and `likelihood` the writer's, the rest is the votes'. Within a
    group the best-judged candidate stands for it (without logits the most voted). What does not run
    comes last. `shares` replace the votes that follow from the candidates.
    """
    voted = list(votes(candidates) if shares is None else shares)
    groups, terms = _terms(candidates, logits, voted)
    if logits is None:
        scores = [group.share for group in groups]
    else:
        scores = [_score(term, weight, likelihood) for term in terms]
    order = sorted(
        range(len(groups)), key=lambda n: (not groups[n].runs, -scores[n], groups[n].first)
    )
    return Selection(
        tuple(groups[n] for n in order),
        tuple(scores[n] for n in order),
        tuple(terms[n][0] for n in order),
        tuple(terms[n][1] for n in order),
        tuple(voted),
    )


def _terms(
    candidates: Sequence[Candidate], logits: Sequence[float] | None, voted: Sequence[float]
) -> tuple[list[Group], list[tuple[float, float, float]]]:
    """The groups, and of each its preference (0 without logits), likelihood and share."""
    groups = grouped(candidates, voted)
    preferences = [0.0] * len(groups)
    if logits is not None:
        groups = [
            replace(
                group,
                places=tuple(
                    sorted(group.places, key=lambda place: (-logits[place], -voted[place], place))
                ),
            )
            for group in groups
        ]
        best = [logits[group.first] for group in groups]
        preferences = [
            _preference(best[place], best[:place] + best[place + 1 :], groups, place)
            for place in range(len(groups))
        ]
    means = [max(candidates[place].mean_logprob for place in group.places) for group in groups]
    top = max(means)
    likelihoods = [math.exp(mean - top) if top > -math.inf else 1.0 for mean in means]
    shares = [group.share for group in groups]
    return groups, list(zip(preferences, likelihoods, shares, strict=True))


def _score(terms: tuple[float, float, float], weight: float, likelihood: float) -> float:
    preference, likely, share = terms
    return weight * preference + likelihood * likely + (1 - weight - likelihood) * share


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


def _mixtures() -> list[tuple[int, int]]:
    """Weights of judgement and likelihood in steps, the rest for the votes."""
    return [(one, other) for one in range(STEPS + 1) for other in range(STEPS + 1 - one)]


def _right(case: Case, mixtures: Sequence[tuple[int, int]]) -> list[bool]:
    """Whether each mixture selects a right candidate."""
    groups, terms = _terms(case.candidates, case.logits, votes(case.candidates))
    chosen = []
    for weight, likelihood in mixtures:
        best = min(
            range(len(groups)),
            key=lambda n: (
                not groups[n].runs,
                -_score(terms[n], weight / STEPS, likelihood / STEPS),
                groups[n].first,
            ),
        )
        chosen.append(case.right[groups[best].first])
    return chosen


def _best(
    right: Mapping[tuple[int, int], Sequence[bool]],
    family: Sequence[tuple[int, int]],
    cases: Sequence[int],
) -> tuple[int, int]:
    """The mixture of a family with the most right cases; the nearest to even of equals."""
    even = STEPS / 2

    def merit(one: tuple[int, int]) -> tuple[int, float, int]:
        return sum(right[one][n] for n in cases), -abs(one[0] - even) - one[1], -one[0]

    return max(family, key=merit)


def _folds(cases: Sequence[Case]) -> list[tuple[list[int], list[int]]]:
    """Cases to fit on and to try on, by database; all on themselves where there is one only."""
    names = sorted({case.database for case in cases})
    whole = list(range(len(cases)))
    if len(names) < 2:
        return [(whole, whole)]
    fold_of = {name: number % FOLDS for number, name in enumerate(names)}
    return [
        (
            [n for n in whole if fold_of[cases[n].database] != fold],
            [n for n in whole if fold_of[cases[n].database] == fold],
        )
        for fold in range(min(FOLDS, len(names)))
    ]


def _held_out(
    right: Mapping[tuple[int, int], Sequence[bool]],
    family: Sequence[tuple[int, int]],
    folds: Sequence[tuple[Sequence[int], Sequence[int]]],
) -> int:
    """Right cases when each fold is answered by the mixture that is best on the others."""
    return sum(sum(right[_best(right, family, fit)][n] for n in tried) for fit, tried in folds)
