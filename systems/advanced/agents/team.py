"""The loop of the agents, and the one agent that takes their place when the team is switched off.

proposal → candidates → judgement → verdict on the best → revision under its critique → …

A revision joins the candidates only where it is judged better than what it revises. The team stops
when the best candidate is accepted, when nothing is left to criticise, or when its budget is spent.
Switched off, candidates are proposed once and the votes select: nothing is linked, judged or
rewritten.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..codec.codec import Constraint, Policy, Session
from ..task import Task
from .candidate import Candidate
from .messages import Critique, Revision, SchemaProposal, Verdict
from .schema import SchemaAgent
from .selection import Blend, Selection, select
from .sql import SqlAgent
from .validation import ValidationAgent


@dataclass(frozen=True)
class TeamBudget:
    """How far a team may go: rounds of revision, statements written in each, tokens in all.

    `completion_tokens` counts everything that the session has written and scored; it is looked at
    before each step, so the last step may go over it. None: no such bound.
    """

    rounds: int = 2
    revisions: int = 4
    completion_tokens: int | None = None


@dataclass(frozen=True)
class Deliberation:
    """How an answer came about; `logits` is None where nothing was judged.

    `candidates` are those proposed and the revisions that joined, `verdicts` those on the best
    candidate of each round.
    """

    session: Session
    candidates: tuple[Candidate, ...]
    logits: tuple[float, ...] | None
    selection: Selection
    proposal: SchemaProposal | None = None
    verdicts: tuple[Verdict, ...] = ()
    revisions: tuple[Revision, ...] = ()

    @property
    def answer(self) -> Candidate:
        """The candidate that was selected."""
        return self.candidates[self.selection.chosen]

    def trace(self) -> dict[str, object]:
        """The deliberation as JSON can hold it."""
        said: dict[str, object] = {}
        if self.proposal is not None:
            said["schema"] = {
                "tables": list(self.proposal.tables),
                "connectors": list(self.proposal.connectors),
                "pruned": list(self.proposal.pruned),
            }
        said["groups"] = [
            {"sql": self.candidates[group.first].sql, "votes": group.share, "score": score}
            for group, score in zip(self.selection.groups, self.selection.scores, strict=True)
        ]
        said["verdicts"] = [
            {
                "sql": verdict.candidate.sql,
                "logit": verdict.logit,
                "accepted": verdict.accepted,
                "critiques": [[one.clause, one.reason] for one in verdict.critiques],
            }
            for verdict in self.verdicts
        ]
        said["revisions"] = [
            {
                "of": revision.of.sql,
                "clause": revision.critique.clause,
                "reason": revision.critique.reason,
                "written": [one.sql for one in revision.written],
                "kept": list(revision.kept),
            }
            for revision in self.revisions
        ]
        return said


class Team:
    """Schema, SQL and validation agent over one policy."""

    def __init__(
        self,
        policy: Policy,
        schema: SchemaAgent,
        sql: SqlAgent,
        validation: ValidationAgent,
        blend: Blend | None = None,
        budget: TeamBudget | None = None,
    ) -> None:
        self._policy = policy
        self._schema = schema
        self._sql = sql
        self._validation = validation
        self._blend = blend or Blend()
        self._budget = budget or TeamBudget()

    def answer(self, task: Task, seed: int = 0) -> Deliberation:
        """Deliberates on one task; deterministic given the seed."""
        proposal = self._schema.propose(task)
        session = self._policy.open(task, proposal.linking)
        proposed = self._sql.propose(session, seed).candidates
        candidates = list(self._validation.weigh(session, proposed))
        logits = self._validation.judge(session, candidates)
        verdicts: list[Verdict] = []
        revisions: list[Revision] = []
        tried: set[tuple[str, Constraint]] = set()
        chosen = self._blend.select(candidates, logits)
        for number in range(self._budget.rounds + 1):
            best = candidates[chosen.chosen]
            verdict = self._validation.verdict(session, best, logits[chosen.chosen])
            if not verdicts or verdicts[-1] != verdict:
                verdicts.append(verdict)
            critique = self._next(verdict, tried)
            if critique is None or number == self._budget.rounds or self._spent(session):
                break
            tried.add((best.sql, critique.constraint))
            revision = self._revise(session, verdict, critique, candidates, seed + number + 1)
            revisions.append(revision)
            for place in revision.kept:
                candidates.append(revision.written[place])
                logits.append(revision.logits[place])
            chosen = self._blend.select(candidates, logits)
        return Deliberation(
            session,
            tuple(candidates),
            tuple(logits),
            chosen,
            proposal,
            tuple(verdicts),
            tuple(revisions),
        )

    def _revise(
        self,
        session: Session,
        verdict: Verdict,
        critique: Critique,
        candidates: list[Candidate],
        seed: int,
    ) -> Revision:
        rewritten = self._sql.rewrite(
            session, critique.constraint, self._budget.revisions, candidates, seed
        )
        written = self._validation.weigh(session, rewritten)
        logits = self._validation.judge(session, written)
        kept = tuple(
            place
            for place, one in enumerate(written)
            if one.evidence.runs and logits[place] > verdict.logit
        )
        return Revision(verdict.candidate, critique, written, tuple(logits), kept)

    def _next(self, verdict: Verdict, tried: set[tuple[str, Constraint]]) -> Critique | None:
        """The first critique of a rejected candidate that was not followed yet."""
        for critique in verdict.critiques if not verdict.accepted else ():
            if (verdict.candidate.sql, critique.constraint) not in tried:
                return critique
        return None

    def _spent(self, session: Session) -> bool:
        most = self._budget.completion_tokens
        return most is not None and session.cost.completion_tokens >= most


class Solo:
    """One agent that answers in one go: the team switched off."""

    def __init__(self, policy: Policy, sql: SqlAgent) -> None:
        self._policy = policy
        self._sql = sql

    def answer(self, task: Task, seed: int = 0) -> Deliberation:
        """Proposes once and takes the most voted result; with a search, the search's answer."""
        session = self._policy.open(task, None)
        candidates = self._sql.propose(session, seed).candidates
        voted = select(candidates)
        return Deliberation(
            session, candidates, None, voted.led_by(0) if self._sql.searches else voted
        )
