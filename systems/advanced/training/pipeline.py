"""Calibration: what is fitted on databases that nothing was trained on, and for whom.

The calibration questions are answered as the system answers: by search, agents and clarifier, each
as far as its component is on. In this order, each with what was fitted before it:

    recall_guard       how much of a schema may be left out
    selection          how judgement, votes and likelihood are blended, which logit accepts
    trust              how far each source that settles a difference is believed
    confidence         which signals of the clarified answer speak for it
    trust_solo, confidence_solo    the same for answers without the team

Settings of the search are those of the training's options, the others the system's defaults.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from t2s_bench.errors import BadInput
from t2s_bench.system import Setup
from t2s_bench.types import Example

from ..agents.recall_guard import RecallGuard
from ..agents.selection import Blend, Case
from ..agents.team import Deliberation
from ..clarifier.calibration import Calibration
from ..clarifier.refine import Clarified, observed
from ..clarifier.trust import SECTION, SOLO, Observation, Trust
from ..codec.codec import Policy
from ..models import Opened
from ..options import AdvancedOptions
from ..system import Advanced
from ..task import Linking
from .options import COMPONENTS
from .roles import used
from .work import Work

TEAM = "multi-agent"


@dataclass(frozen=True)
class Answered:
    """A calibration question, what was deliberated on it, and which candidates are right."""

    example: Example
    said: Deliberation
    right: tuple[bool, ...]

    @property
    def case(self) -> Case:
        """As the blend is fitted on it."""
        candidates = self.said.candidates
        logits = self.said.logits or (0.0,) * len(candidates)
        return Case(candidates, logits, self.right, self.example.question.database)

    def selected(self, blend: Blend) -> Answered:
        """The same with the selection that a blend makes."""
        selection = blend.select(self.said.candidates, self.said.logits)
        return replace(self, said=replace(self.said, selection=selection))


def calibrate(work: Work, folder: Path) -> None:
    """Fits everything on the calibration slice and writes calibration.json into `folder`."""
    work.learner.module.eval()
    policy = work.learner.policy()
    linkings = [(policy.link(work.task(one)), one) for one in work.data.calibration]
    RecallGuard.fit([(linking, relevances(linking, one, work)) for linking, one in linkings]).save(
        folder
    )
    off = frozenset(
        name for name, option in COMPONENTS.items() if not getattr(work.options, option)
    )
    if TEAM in off:
        Blend().save(folder)
    else:
        fit_confidence(work, policy, folder, off)
    fit_confidence(work, policy, folder, off | {TEAM})


def fit_confidence(work: Work, policy: Policy, folder: Path, off: frozenset[str]) -> None:
    """Blend (the team's), trust and confidence of one way to answer."""
    team = TEAM not in off
    with system(work, policy, folder, off) as answering:
        answered = _answered(work, policy, answering)
    if not answered:
        work.run.log("nothing is calibrated: no calibration question could be judged")
        return
    if team:
        blend = Blend.fit([one.case for one in answered])
        blend.save(folder)
        answered = [one.selected(blend) for one in answered]
    clarified = _clarified(work, policy, folder, off, answered)
    Trust.fit(_observed(work, answered, clarified)).save(folder, SECTION if team else SOLO)
    final = _clarified(work, policy, folder, off, answered)
    asked = [(one.example, said.sql) for one, said in zip(answered, final, strict=True)]
    right = [bool(one) for one in work.right(asked)]
    databases = [one.example.question.database for one in answered]
    section = "confidence" if team else "confidence_solo"
    try:
        fitted = Calibration.fit([one.signals for one in final], right, groups=databases)
    except BadInput as error:
        work.run.log(f"{section} is not calibrated: {error}")
        return
    fitted.save(folder, section)
    if fitted.report is not None:
        values = {name: float(value) for name, value in fitted.report.__dict__.items()}
        kind = "calibration" if team else "calibration_solo"
        work.run.record(4, work.phase_steps(4), kind, values)


@contextmanager
def system(work: Work, policy: Policy, folder: Path, off: frozenset[str]) -> Iterator[Advanced]:
    """The system that answers with the model in training and with what `folder` holds by now."""
    options = work.options
    chosen = AdvancedOptions(
        mcts_simulations=options.mcts_simulations,
        mcts_exploration=options.mcts_exploration,
        policy_temperature=options.policy_temperature,
    )
    made = Advanced(chosen, Setup(folder, work.seed, off), Opened(policy, folder, {}))
    try:
        yield made
    finally:
        made.close()


def _answered(work: Work, policy: Policy, answering: Advanced) -> list[Answered]:
    """What the system comes to before the clarifier; questions with a broken gold are left out."""
    said = [
        (example, _reopened(policy, answering.deliberate(work.task(example))))
        for example in work.data.calibration
    ]
    # What a candidate's own small budget did not suffice for would take the scorer's whole one.
    asked = [(e, c.sql) for e, one in said for c in one.candidates if c.evidence.runs]
    right = iter(work.right(asked))
    found = []
    for example, one in said:
        hits = [next(right) if c.evidence.runs else False for c in one.candidates]
        if None not in hits:
            found.append(Answered(example, one, tuple(map(bool, hits))))
    return found


def _clarified(
    work: Work, policy: Policy, folder: Path, off: frozenset[str], answered: Sequence[Answered]
) -> list[Clarified]:
    """What the clarifier makes of each, with what is fitted by now but for the confidence."""
    with system(work, policy, folder, off) as answering:
        clarifier = answering.clarifier
        assert clarifier is not None, "phase 4 is left out without the clarifier"
        return [clarifier.refine(_reopened(policy, one.said), None, work.seed) for one in answered]


def _reopened(policy: Policy, said: Deliberation) -> Deliberation:
    """The same on a new session: those of all questions would hold on to what they have read."""
    linking = said.proposal.linking if said.proposal is not None else None
    return replace(said, session=policy.open(said.session.task, linking))


def _observed(
    work: Work, answered: Sequence[Answered], clarified: Sequence[Clarified]
) -> list[Observation]:
    """All findings that can be judged, by source."""
    found: list[Observation] = []
    for one, said in zip(answered, clarified, strict=True):
        sides = [sql for round_ in said.rounds for sql in round_.sides]
        hits = work.right([(one.example, sql) for sql in sides])
        right = {sql: bool(hit) for sql, hit in zip(sides, hits, strict=True)}
        found += observed(said, right.__getitem__)
    return found


def relevances(linking: Linking, example: Example, work: Work) -> list[float]:
    """The relevance of each table and column that the gold uses."""
    task = work.task(example)
    wanted = used(example.golds[0], task)
    found = []
    for place, table in enumerate(task.schema.tables):
        if table.name in wanted:
            found.append(linking.tables[place])
        found += [
            linking.columns[place][n]
            for n, column in enumerate(table.columns)
            if f"{table.name}.{column.name}" in wanted
        ]
    return found
