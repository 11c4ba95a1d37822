"""Candidates put together by execution result, the choice between results, and plain voting.

`sample_and_vote` is self-consistency (Wang et al. 2023): the control that a search has to beat at
equal tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from math import exp, inf

from t2s_bench.errors import BadInput

from ..agents.candidate import Candidate
from ..codec.codec import Partial, Session
from ..evidence import Prober
from .canonical import canonical
from .cost import Meter, Spent


class Ballot(str, Enum):
    """What decides between results: visits (or draws), distinct statements, or probability."""

    VISITS = "visits"
    VOTES = "votes"
    PROBABILITY = "probability"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Cluster:
    """The candidates with one result, as places in their list, the likeliest first.

    A candidate that does not run is a cluster of its own. `probability` is the share of all
    candidates' probability.
    """

    places: tuple[int, ...]
    runs: bool
    visits: int
    probability: float

    @property
    def votes(self) -> int:
        """How many distinct statements it holds."""
        return len(self.places)


def cluster(candidates: Sequence[Candidate], ballot: Ballot = Ballot.VISITS) -> list[Cluster]:
    """The clusters, the one to choose first: those that run, by ballot, then by probability.

    What is equal in all that stands in the order of its likeliest candidate, then of its first.
    """
    top = max((one.logprob for one in candidates), default=-inf)
    odds = [exp(one.logprob - top) if top > -inf else 1.0 for one in candidates]
    mass = sum(odds)
    places: dict[object, list[int]] = {}
    for place, one in enumerate(candidates):
        key = one.evidence.result if one.evidence.runs else ("does not run", place)
        places.setdefault(key, []).append(place)
    clusters = [
        Cluster(
            tuple(sorted(members, key=lambda place: (-candidates[place].logprob, place))),
            candidates[members[0]].evidence.runs,
            sum(candidates[place].visits for place in members),
            sum(odds[place] for place in members) / mass,
        )
        for members in places.values()
    ]
    weight: Callable[[Cluster], float] = {
        Ballot.VISITS: lambda one: float(one.visits),
        Ballot.VOTES: lambda one: float(one.votes),
        Ballot.PROBABILITY: lambda one: one.probability,
    }[ballot]

    def rank(one: Cluster) -> tuple[bool, float, float, float, int]:
        first = one.places[0]
        return (
            not one.runs,
            -weight(one),
            -one.probability,
            -candidates[first].logprob,
            min(one.places),
        )

    return sorted(clusters, key=rank)


@dataclass(frozen=True)
class Vote:
    """What was drawn, best first; `visits` of a candidate is how often. None: nothing finished."""

    answer: Candidate | None
    candidates: tuple[Candidate, ...]
    draws: int
    spent: Spent


def sample_and_vote(
    session: Session,
    prober: Prober,
    n: int,
    *,
    temperature: float = 0.8,
    seed: int = 0,
    tokens: int | None = None,
    ballot: Ballot = Ballot.VISITS,
) -> Vote:
    """Draws n whole statements and takes the likeliest one of the most drawn result.

    With `tokens` it stops before n once that many completion tokens are spent, for a comparison at
    equal cost. Each draw is a call of its own: `extend` gives equal samples of one call only once.
    Raises BadInput for n below 1 or a temperature that is not above 0.
    """
    if n < 1 or temperature <= 0:
        raise BadInput(
            f"cannot vote with {n} samples at temperature {temperature}: give at least 1 sample "
            "and a temperature above 0"
        )
    meter = Meter(session)
    drawn: dict[str, Partial] = {}
    counts: dict[str, int] = {}
    draws = 0
    while draws < n and (tokens is None or meter.spent.completion_tokens < tokens):
        written = meter.extend(
            [Partial()], 1, temperature=temperature, seed=seed * n + draws, to_end=True
        )
        draws += 1
        for partial in written[0]:
            if partial.finished:
                key = canonical(partial.sql)
                counts[key] = counts.get(key, 0) + 1
                if key not in drawn or drawn[key].logprob < partial.logprob:
                    drawn[key] = partial
    evidence = prober.run(session.task.database, [partial.sql for partial in drawn.values()])
    meter.executed(len(evidence))
    found = [
        Candidate(partial, shown, counts[key])
        for (key, partial), shown in zip(drawn.items(), evidence, strict=True)
    ]
    ranked = [found[place] for one in cluster(found, ballot) for place in one.places]
    return Vote(ranked[0] if ranked else None, tuple(ranked), draws, meter.spent)
