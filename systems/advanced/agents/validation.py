"""The validation agent: accepts a candidate, or rejects it with located critiques.

Accepted is what runs, shows no fault in its execution and is judged right by at least the accepted
logit. The judgement is the session's (the validation role's head or adapter).
"""

from __future__ import annotations

from collections.abc import Sequence

from ..codec.codec import Constraint, Session
from ..evidence import Prober
from ..parts import take_apart
from ..task import Task
from .candidate import Candidate
from .faults import faults
from .messages import Critique, Verdict
from .objections import weighed


class ValidationAgent:
    """Judges executed candidates of opened tasks."""

    def __init__(self, prober: Prober, accept_logit: float = 0.0) -> None:
        self._prober = prober
        self._accept_logit = accept_logit

    def judge(self, session: Session, candidates: Sequence[Candidate]) -> list[float]:
        """The logit of each candidate."""
        return session.judge([one.evidence for one in candidates])

    def weigh(self, session: Session, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """The candidates with what their own text speaks against them."""
        return weighed(session.task, candidates, self._prober)

    def verdict(self, session: Session, candidate: Candidate, logit: float) -> Verdict:
        """The verdict on one judged candidate; only a rejected one is criticised."""
        found = faults(session.task, candidate.evidence, self._prober)
        if not found and logit >= self._accept_logit:
            return Verdict(candidate, logit, True)
        said = session.critique(candidate.evidence) if candidate.evidence.runs else None
        if said is not None:
            clause = _located(session.task, candidate.sql, said)
            found = (*found, Critique(clause, said.sentence or "judged wrong", said))
        # What names something can be held fixed by every codec; a mere sentence only by some.
        named = [one for one in found if one.constraint.require or one.constraint.forbid]
        others = [one for one in found if one not in named]
        return Verdict(candidate, logit, False, (*named, *others))


def _located(task: Task, sql: str, constraint: Constraint) -> str:
    """The clause that uses a forbidden name, or that a required one most likely belongs to."""
    parts = take_apart(sql, task.schema, task.database.dialect)
    for part in parts.parts if parts is not None else ():
        if part.names & constraint.forbid:
            return part.clause
    for name in sorted(constraint.require):
        if name.startswith("'") or name[:1].isdigit():
            return "WHERE"
        if task.schema.table(name) is not None:
            return "FROM"
    return "SELECT"
