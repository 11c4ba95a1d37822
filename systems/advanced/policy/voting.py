"""Plain voting: self-consistency (Wang et al. 2023), the control that a search has to beat.

Whole statements are drawn one by one, and the result that was drawn most often wins.
"""

from __future__ import annotations

from dataclasses import dataclass

from t2s_bench.errors import BadInput

from ..agents.candidate import Candidate, grouped
from ..codec.codec import Partial, Session
from ..evidence import Prober
from .canonical import canonical
from .cost import Meter, Spent


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
) -> Vote:
    """Draws n whole statements and takes the most drawn one of the most drawn result.

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
    ranked = [found[place] for one in grouped(found) for place in one.places]
    return Vote(ranked[0] if ranked else None, tuple(ranked), draws, meter.spent)
