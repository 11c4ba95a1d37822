"""Which result wins: judgement, likelihood, votes, emptiness, objections and the question's cues.

Each candidate that runs has a share of belief, a product of experts:

    exp(judgement · logit + likelihood · log-probability + votes · log(share)
        + empty · [no rows] + objections · how many kinds + cues · how many disagree)

A result has the sum of its candidates. So several statements with one result add up, a sure writer
counts for more than an unsure one, and between two statements the judgement speaks as a pairwise
preference (Bradley and Terry 1952): the difference of their logits. Without a judgement the votes
alone are the shares.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

from ..calibration_file import number, read_section, write_section
from .candidate import Candidate, Group, grouped, votes
from .choice import fit_choice

SECTION = "selection"
FOLDS = 5
# The least share of votes, before its logarithm: what no search came to is not impossible.
LEAST_SHARE = 1e-3


@dataclass(frozen=True)
class Weights:
    """How much each term counts; the defaults are those of a checkpoint that was not calibrated."""

    judgement: float = 1.0
    likelihood: float = 0.0
    votes: float = 1.0
    empty: float = 0.0
    objections: float = -1.0
    cues: float = -0.5


# Nobody gains from being judged worse, less likely, empty, or spoken against.
SIGNS = Weights(1, 1, 1, -1, -1, -1)
ALONE = {
    "judgement_alone": Weights(1, 0, 0, 0, 0, 0),
    "likelihood_alone": Weights(0, 1, 0, 0, 0, 0),
    "votes_alone": Weights(0, 0, 1, 0, 0, 0),
}


@dataclass(frozen=True)
class Blend:
    """The weights; from `accept_logit` on the validator accepts.

    `accuracy` is that on the `questions` it was fitted on, of weights fitted on other databases
    than the question's, beside that of each term alone.
    """

    weights: Weights = Weights()  # noqa: RUF009 (frozen)
    accept_logit: float = 0.0
    questions: int = 0
    accuracy: float = 0.0
    judgement_alone: float = 0.0
    likelihood_alone: float = 0.0
    votes_alone: float = 0.0

    def select(
        self,
        candidates: Sequence[Candidate],
        logits: Sequence[float] | None,
        beliefs: Sequence[float] | None = None,
    ) -> Selection:
        """See `select`."""
        return select(candidates, logits, self.weights, beliefs)

    @classmethod
    def fit(cls, cases: Sequence[Case]) -> Blend:
        """The weights of the greatest likelihood of right results, see `choice.fit_choice`.

        Databases (`Case.database`) are dealt into up to `FOLDS` folds for `accuracy`; with one
        database it is that on the cases themselves. `accept_logit` separates right from wrong
        candidates with the least errors.
        """
        if not cases:
            return cls()
        weights = _fitted(cases)
        hits = 0
        for fit, tried in _folds(cases):
            held_out = _fitted([cases[n] for n in fit])
            hits += sum(_is_right(cases[n], held_out) for n in tried)
        count = len(cases)
        alone = {
            name: sum(_is_right(case, one) for case in cases) / count for name, one in ALONE.items()
        }
        return cls(weights, _separator(cases), count, hits / count, **alone)

    @classmethod
    def load(cls, folder: Path) -> Blend:
        """The checkpoint's blend, or the defaults."""
        found = read_section(folder, SECTION)
        if found is None:
            return cls()
        weights = Weights(*(number(found, one.name, folder) for one in fields(Weights)))
        said = {
            one.name: number(found, one.name, folder)
            for one in fields(cls)
            if one.name not in ("weights", "questions")
        }
        return cls(weights, questions=int(number(found, "questions", folder)), **said)

    def save(self, folder: Path) -> None:
        """Writes the blend into the checkpoint's calibration file."""
        said = {name: value for name, value in self.__dict__.items() if name != "weights"}
        write_section(folder, SECTION, {**self.weights.__dict__, **said})


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

    Scores are the results' shares of belief (what runs adds up to 1), `votes` the candidates'
    shares of the votes.
    """

    groups: tuple[Group, ...]
    scores: tuple[float, ...]
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
            self.votes,
        )


def select(
    candidates: Sequence[Candidate],
    logits: Sequence[float] | None = None,
    weights: Weights = Weights(),  # noqa: B008 (frozen)
    beliefs: Sequence[float] | None = None,
) -> Selection:
    """Ranks the results of at least one candidate; without logits by votes alone.

    The candidate with the greatest share stands for its result. What does not run comes last.
    `beliefs` are factors of the candidates' shares (and of their votes): 0 rules one out.
    """
    voted = votes(candidates)
    shares = voted if logits is None else _odds(candidates, logits, voted, weights)
    if beliefs is not None:
        voted, shares = (
            [share * belief for share, belief in zip(one, beliefs, strict=True)]
            for one in (voted, shares)
        )
    groups = grouped(candidates, voted)
    if logits is not None:
        groups = [
            replace(
                group, places=tuple(sorted(group.places, key=lambda n: (-shares[n], -voted[n], n)))
            )
            for group in groups
        ]
    total = sum(shares[n] for group in groups if group.runs for n in group.places)
    scores = [
        sum(shares[n] for n in group.places) / total if group.runs and total > 0 else 0.0
        for group in groups
    ]
    order = sorted(
        range(len(groups)), key=lambda n: (not groups[n].runs, -scores[n], groups[n].first)
    )
    return Selection(tuple(groups[n] for n in order), tuple(scores[n] for n in order), tuple(voted))


def _odds(
    candidates: Sequence[Candidate],
    logits: Sequence[float],
    voted: Sequence[float],
    weights: Weights,
) -> list[float]:
    """Odds of each candidate, of those that run the greatest 1."""
    scores = [
        sum(w * x for w, x in zip(astuple(weights), row, strict=True))
        for row in _terms(candidates, logits, voted)
    ]
    running = [score for score, one in zip(scores, candidates, strict=True) if one.evidence.runs]
    top = max(running, default=0.0)
    return [math.exp(min(score - top, 0.0)) for score in scores]


def _terms(
    candidates: Sequence[Candidate], logits: Sequence[float], voted: Sequence[float]
) -> list[tuple[float, ...]]:
    """Each candidate's terms in the order of `Weights`; likelihoods against the likeliest."""
    top = max(one.logprob for one in candidates)
    return [
        (
            logit,
            one.logprob - top if top > -math.inf else 0.0,
            math.log(share + LEAST_SHARE),
            float(one.evidence.empty),
            float(one.objections),
            float(one.cues),
        )
        for one, logit, share in zip(candidates, logits, voted, strict=True)
    ]


def _fitted(cases: Sequence[Case]) -> Weights:
    """Weights of what runs; of a likelihood of 0 the logarithm is left out."""
    taught = []
    for case in cases:
        rows = _terms(case.candidates, case.logits, votes(case.candidates))
        runs = [
            n
            for n, one in enumerate(case.candidates)
            if one.evidence.runs and math.isfinite(sum(rows[n]))
        ]
        taught.append(([rows[n] for n in runs], [case.right[n] for n in runs]))
    return Weights(*fit_choice(taught, [int(sign) for sign in astuple(SIGNS)]))


def _is_right(case: Case, weights: Weights) -> bool:
    return case.right[select(case.candidates, case.logits, weights).chosen]


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
