"""The SQL agent: proposes whole statements, and writes them again under a critique.

With a search it proposes what the search came to; without, the likeliest statements by beam search
and samples beside them. Everything it proposes was executed. It does not judge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..codec.codec import Constraint, Partial, Session
from ..evidence import Prober
from ..task import Evidence
from .candidate import Candidate, earned_visits
from .messages import Candidates

# What a model that finished no statement is taken to have said.
NOTHING = Candidate(Partial(finished=True), Evidence("", None, error="no SQL"))

# Finds executed candidates on an opened task with a seed, best first (the tree search).
Search = Callable[[Session, int], Sequence[Candidate]]


@dataclass(frozen=True)
class Drawing:
    """How candidates are drawn where there is no search: a beam, and samples beside it.

    A beam of 1 is greedy.
    """

    beam: int = 8
    samples: int = 0
    temperature: float = 0.8


class SqlAgent:
    """Writes statements on opened tasks."""

    def __init__(
        self, prober: Prober, drawing: Drawing | None = None, search: Search | None = None
    ) -> None:
        self._prober = prober
        self._drawing = drawing or Drawing()
        self._search = search

    @property
    def searches(self) -> bool:
        """Whether a search proposes, whose first candidate is its answer."""
        return self._search is not None

    def propose(self, session: Session, seed: int = 0) -> Candidates:
        """The first candidates of a task, at least one."""
        if self._search is not None:
            found = tuple(self._search(session, seed))
        else:
            drawing = self._drawing
            found = self._written(session, drawing.beam, drawing.samples, seed, None)
        return Candidates(found or (NOTHING,))

    def rewrite(
        self,
        session: Session,
        constraint: Constraint,
        n: int,
        known: Sequence[Candidate],
        seed: int = 0,
    ) -> tuple[Candidate, ...]:
        """Up to n statements under a constraint, those that are `known` left out.

        Their log-probabilities are those without the constraint, and beside visited candidates they
        have the visits that these earn, so that votes stay comparable.
        """
        sqls = {one.sql for one in known}
        written = self._written(session, n, 0, seed, constraint)
        new = [one for one in written if one.sql not in sqls]
        logprobs = session.logprobs([one.sql for one in new])
        return tuple(
            replace(
                one,
                partial=replace(one.partial, logprob=logprob),
                visits=earned_visits(logprob, known),
            )
            for one, logprob in zip(new, logprobs, strict=True)
        )

    def _written(
        self, session: Session, beam: int, samples: int, seed: int, constraint: Constraint | None
    ) -> tuple[Candidate, ...]:
        start = [Partial()]
        partials: list[Partial] = []
        if beam > 0:
            partials += session.extend(
                start, beam, temperature=0.0, to_end=True, constraint=constraint
            )[0]
        if samples > 0:
            temperature = self._drawing.temperature
            partials += session.extend(
                start,
                samples,
                temperature=temperature,
                seed=seed,
                to_end=True,
                constraint=constraint,
            )[0]
        best: dict[str, Partial] = {}
        for partial in partials:
            if partial.finished and partial.sql:
                known = best.get(partial.sql)
                if known is None or known.logprob < partial.logprob:
                    best[partial.sql] = partial
        seen = self._prober.run(session.task.database, list(best))
        return tuple(
            Candidate(partial, evidence)
            for partial, evidence in zip(best.values(), seen, strict=True)
        )
