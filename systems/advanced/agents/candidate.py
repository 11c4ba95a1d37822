"""One executed candidate, and candidates with one result put together.

Votes: each candidate counts its visits in the search (none where there was no search) and its share
of the policy's probability among the candidates, worth one visit. So without a search the votes are
the probability mass of each result, and with one the visits decide and probability breaks ties.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..codec.codec import Partial
from ..task import Evidence


@dataclass(frozen=True)
class Candidate:
    """A whole statement, what its execution showed, and how often the search came to it.

    `objections` is how many kinds of them there are (see `objections.py`), `cues` how many words of
    the question and choices of the statement do not answer each other (see `cues.py`); 0 where
    nobody looked.
    """

    partial: Partial
    evidence: Evidence
    visits: int = 0
    objections: int = 0
    cues: int = 0

    @property
    def sql(self) -> str:
        """The statement."""
        return self.partial.sql

    @property
    def logprob(self) -> float:
        """The policy's log-probability of the whole statement."""
        return self.partial.logprob

    @property
    def mean_logprob(self) -> float:
        """The log-probability a token."""
        return self.partial.logprob / max(1, len(self.partial.tokens))


@dataclass(frozen=True)
class Group:
    """Places of the candidates with one result, the most voted first; `share` of all votes.

    Candidates that do not run have no result: each is a group of its own without a vote.
    """

    places: tuple[int, ...]
    share: float
    runs: bool

    @property
    def first(self) -> int:
        """The place of the candidate that stands for the group."""
        return self.places[0]


def votes(candidates: Sequence[Candidate]) -> list[float]:
    """Each candidate's share of all votes (they add up to 1), whether or not it runs."""
    if not candidates:
        return []
    top = max(one.logprob for one in candidates)
    if top == -math.inf:
        odds = [1.0] * len(candidates)
    else:
        odds = [math.exp(one.logprob - top) for one in candidates]
    mass = sum(odds)
    weights = [one.visits + odd / mass for one, odd in zip(candidates, odds, strict=True)]
    total = sum(weights)
    return [weight / total for weight in weights]


def earned_visits(logprob: float, known: Sequence[Candidate]) -> int:
    """How many visits a statement that no search came to may claim beside those that it did.

    Its probability's share of all visits: as many as a search by the policy's priors alone would
    have spent on it. 0 where nothing was visited.
    """
    visits = sum(one.visits for one in known)
    logprobs = [one.logprob for one in known] + [logprob]
    top = max(logprobs)
    if not visits or top == -math.inf:
        return 0
    mass = sum(math.exp(one - top) for one in logprobs)
    return round(visits * math.exp(logprob - top) / mass)


def grouped(candidates: Sequence[Candidate], shares: Sequence[float] | None = None) -> list[Group]:
    """The groups by result, the most voted first, ties to the one seen first.

    `shares` replace the votes that follow from the candidates. Those of candidates that do not run
    are taken out, and the rest add up to 1 again.
    """
    if shares is None:
        shares = votes(candidates)
    members: dict[object, list[int]] = {}
    for place, one in enumerate(candidates):
        key = one.evidence.result if one.evidence.runs else ("does not run", place)
        members.setdefault(key, []).append(place)
    running = sum(share for one, share in zip(candidates, shares, strict=True) if one.evidence.runs)
    groups = []
    for places in members.values():
        runs = candidates[places[0]].evidence.runs
        share = sum(shares[place] for place in places) / running if runs and running else 0.0
        places.sort(key=lambda place: (-shares[place], place))
        groups.append(Group(tuple(places), share, runs))
    return sorted(groups, key=lambda group: (not group.runs, -group.share, min(group.places)))
