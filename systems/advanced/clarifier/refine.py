"""The clarifier: where an answer is unsure, it settles what the best results disagree on.

Each round: the two best results → their differences that are not settled yet → a finding (the first
that the probes have; else on the first difference by a human) → shares of what contradicts it cut →
a new selection → where that changes the answer (and always for a human), statements written again
under the finding's constraint, and the selection with these. It ends when the answer is sure, when
nothing is left to settle, or after `iterations` rounds. A human is asked only what the probes do
not know, and what a human says outweighs everything. The validator is not asked: its judgement is
part of the selection already.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from t2s_bench.databases.value_words import fold

from ..agents.candidate import Candidate, grouped, votes
from ..agents.objections import weighed
from ..agents.selection import Blend, Selection
from ..agents.sql import SqlAgent
from ..agents.team import Deliberation
from ..codec.codec import Constraint
from ..evidence import Prober
from ..parts import take_apart
from ..task import Linking
from .calibration import Calibration, raw_confidence
from .difference import ClarifyingQuestion, Difference, differences
from .probes import Finding, Source, settle
from .trust import Observation, Trust
from .uncertainty import Signals, signals

# A human's answer to a question, or None where there is nobody to ask (any more).
Ask = Callable[[ClarifyingQuestion], str | None]

# Scores below this are all the same: hopeless.
LEAST_SCORE = 1e-6
# What a result that leads has more votes than the most voted one: any little more.
AHEAD = 1 + 1e-6


@dataclass(frozen=True)
class ClarifierSettings:
    """When to clarify, how often, how much to write again, and when to abstain.

    `uncertainty_threshold` is against 1 − confidence. `abstain_below` None never abstains.
    """

    uncertainty_threshold: float = 0.3
    clarification_iterations: int = 3
    rewrites: int = 4
    abstain_below: float | None = None


@dataclass(frozen=True)
class Round:
    """One round: what was unclear, who settled it and how, and what it did.

    `sides` are the best statements that said the one and the other, `odds` the logarithm of the
    first one's score against the second one's in the selection before. `finding` is None where
    nobody could settle it, or where a human answered with neither choice; their words then are the
    constraint's.
    """

    confidence: float
    difference: Difference
    sides: tuple[str, str]
    odds: float
    finding: Finding | None
    constraint: Constraint | None
    written: int
    before: str
    after: str


@dataclass(frozen=True)
class Clarified:
    """The answer with its confidence; `sql` is empty where it abstains.

    `signals` are those of the final answer (what a calibration is fitted on), `candidates` all that
    were considered.
    """

    sql: str
    confidence: float
    abstained: bool
    signals: Signals
    candidates: tuple[Candidate, ...]
    selection: Selection
    rounds: tuple[Round, ...] = ()

    def trace(self) -> list[dict[str, object]]:
        """The rounds as JSON can hold them."""
        return [
            {
                "confidence": one.confidence,
                "difference": one.difference.sentence,
                "settled_by": str(one.finding.source) if one.finding is not None else None,
                "reason": one.finding.reason if one.finding is not None else "",
                "constraint": one.constraint.sentence if one.constraint is not None else "",
                "written": one.written,
                "before": one.before,
                "after": one.after,
            }
            for one in self.rounds
        ]


@dataclass
class _State:
    """What changes from round to round."""

    candidates: list[Candidate]
    logits: list[float] | None
    trust: list[float]
    selection: Selection


class Clarifier:
    """Refines what agents (or one agent) came to; holds no state between tasks."""

    def __init__(
        self,
        sql: SqlAgent,
        prober: Prober,
        calibration: Calibration | None = None,
        settings: ClarifierSettings | None = None,
        blend: Blend | None = None,
        trust: Trust | None = None,
    ) -> None:
        self._sql = sql
        self._prober = prober
        self._calibration = calibration
        self._settings = settings or ClarifierSettings()
        self._blend = blend or Blend()
        self._trust = trust or Trust()

    def confidence(self, found: Signals) -> float:
        """The calibrated probability of being right; the raw share without a calibration."""
        if self._calibration is None:
            return raw_confidence(found)
        return self._calibration.confidence(found)

    def refine(self, start: Deliberation, ask: Ask | None = None, seed: int = 0) -> Clarified:
        """Settles differences until the answer is sure; deterministic given what `ask` answers."""
        linking = start.proposal.linking if start.proposal is not None else None
        logits = list(start.logits) if start.logits is not None else None
        trust = [1.0] * len(start.candidates)
        state = _State(list(start.candidates), logits, trust, start.selection)
        rounds: list[Round] = []
        settled: set[tuple[str | None, ...]] = set()
        held = Constraint()
        for number in range(self._settings.clarification_iterations):
            confidence = self.confidence(self._signals(state, linking))
            if 1 - confidence <= self._settings.uncertainty_threshold:
                break
            unsettled = self._unsettled(start, state, settled)
            if not unsettled:
                break
            difference, places, finding = self._probed(start, state, unsettled)
            settled.update(_keys(difference))
            sides = state.candidates[places[0]].sql, state.candidates[places[1]].sql
            odds = _odds(state.selection, places)
            if finding is not None:
                constraint: Constraint | None = difference.constraints[finding.side]
            else:
                finding, constraint = _asked(difference, ask)
            before = state.candidates[state.selection.chosen].sql
            written = 0
            if constraint is not None:
                held = _together(held, constraint)
                by_human = finding is None or finding.source is Source.HUMAN
                if by_human:
                    written = self._rewrite(start, state, held, seed + number + 1)
                self._believe(start, state, difference, finding)
                state.selection = self._select(start, state)
                if not by_human and state.candidates[state.selection.chosen].sql != before:
                    known = len(state.candidates)
                    written = self._rewrite(start, state, held, seed + number + 1)
                    self._believe(start, state, difference, finding, known)
                    state.selection = self._select(start, state)
            after = state.candidates[state.selection.chosen].sql
            rounds.append(
                Round(
                    confidence, difference, sides, odds, finding, constraint, written, before, after
                )
            )
        return self._result(state, linking, rounds)

    def _result(self, state: _State, linking: Linking | None, rounds: Sequence[Round]) -> Clarified:
        found = self._signals(state, linking)
        confidence = self.confidence(found)
        least = self._settings.abstain_below
        abstained = least is not None and confidence < least
        return Clarified(
            "" if abstained else state.candidates[state.selection.chosen].sql,
            confidence,
            abstained,
            found,
            tuple(state.candidates),
            state.selection,
            tuple(rounds),
        )

    def _signals(self, state: _State, linking: Linking | None) -> Signals:
        return signals(state.candidates, state.selection, state.logits, linking)

    def _select(self, start: Deliberation, state: _State) -> Selection:
        beliefs = list(state.trust)
        if state.logits is None:
            # Without judgement the answer to begin with was the search's own choice, not that of
            # the votes: it stays ahead until a finding speaks against it.
            leader = start.candidates[start.selection.chosen]
            shares = votes(state.candidates)
            top = max(group.share for group in grouped(state.candidates, shares))
            beliefs = [
                belief * max(1.0, top * AHEAD / share) if one is leader and share > 0 else belief
                for one, share, belief in zip(state.candidates, shares, beliefs, strict=True)
            ]
        return self._blend.select(state.candidates, state.logits, beliefs)

    def _unsettled(
        self, start: Deliberation, state: _State, settled: set[tuple[str | None, ...]]
    ) -> list[Difference]:
        """What the best result and the next that has anything unsettled differ in."""
        task = start.session.task
        groups = [group for group in state.selection.groups if group.runs]
        for group in groups[1:]:
            best, other = (state.candidates[one.first].sql for one in (groups[0], group))
            found = [
                one
                for one in differences(best, other, task.schema, task.database.dialect)
                if not settled.intersection(_keys(one))
            ]
            if found:
                return found
        return []

    def _probed(
        self, start: Deliberation, state: _State, unsettled: Sequence[Difference]
    ) -> tuple[Difference, tuple[int, int], Finding | None]:
        """The first difference that the probes settle; else the first, unsettled."""
        for difference in unsettled:
            places = self._sides(start, state, difference)
            one, other = (state.candidates[place].evidence for place in places)
            finding = settle(start.session.task, difference, (one, other), self._prober)
            if finding is not None:
                return difference, places, finding
        return unsettled[0], self._sides(start, state, unsettled[0]), None

    def _sides(self, start: Deliberation, state: _State, difference: Difference) -> tuple[int, int]:
        """The best candidates that say the one and the other."""
        found: list[int | None] = [None, None]
        for group in state.selection.groups:
            side = self._side(start, state.candidates[group.first].sql, difference)
            if side is not None and found[side] is None:
                found[side] = group.first
                if None not in found:
                    break
        assert found[0] is not None and found[1] is not None
        return found[0], found[1]

    def _side(self, start: Deliberation, sql: str, difference: Difference) -> int | None:
        task = start.session.task
        parts = take_apart(sql, task.schema, task.database.dialect)
        return difference.side(parts) if parts is not None else None

    def _rewrite(
        self, start: Deliberation, state: _State, constraint: Constraint, seed: int
    ) -> int:
        """Adds what is written under the constraint; returns how much is new."""
        new = self._sql.rewrite(
            start.session, constraint, self._settings.rewrites, state.candidates, seed
        )
        if state.logits is not None:
            new = weighed(start.session.task, new, self._prober)
        state.candidates += new
        state.trust += [1.0] * len(new)
        if state.logits is not None:
            state.logits += start.session.judge([one.evidence for one in new])
        return len(new)

    def _believe(
        self,
        start: Deliberation,
        state: _State,
        difference: Difference,
        finding: Finding | None,
        known: int = 0,
    ) -> None:
        """Cuts the shares of what contradicts a finding, or uses what a human ruled out.

        The first `known` candidates are as they shall be.
        """
        sides: list[int | None] = [None] * known
        sides += [self._side(start, one.sql, difference) for one in state.candidates[known:]]
        if finding is None:
            kept_share = self._trust.kept(Source.HUMAN)
            against = [side is not None for side in sides]
        else:
            kept_share = self._trust.kept(finding.source)
            against = [side == 1 - finding.side for side in sides]
        for place, contradicts in enumerate(against):
            if contradicts:
                state.trust[place] *= kept_share
        # The judgement must not bring back what a human has ruled out.
        by_human = finding is None or finding.source is Source.HUMAN
        if by_human and not all(against):
            kept = [place for place, contradicts in enumerate(against) if not contradicts]
            state.candidates = [state.candidates[place] for place in kept]
            state.trust = [state.trust[place] for place in kept]
            if state.logits is not None:
                state.logits = [state.logits[place] for place in kept]


def _asked(difference: Difference, ask: Ask | None) -> tuple[Finding | None, Constraint | None]:
    """What a human says; nothing where there is nobody or no answer."""
    said = ask(difference.question) if ask is not None else None
    if said is None:
        return None, None
    side = chosen_side(said, difference.question)
    if side is None:
        return None, _neither(difference, said)
    return Finding(side, Source.HUMAN, said), difference.constraints[side]


def chosen_side(answer: str, question: ClarifyingQuestion) -> int | None:
    """Which choice a human's answer means; None: neither, or other words.

    By number ("1", "the second"), by the choice's own words, or by the words that only one has.

    >>> chosen_side("the second one", ClarifyingQuestion("A or b?", ("a", "b")))
    1
    """
    said = fold(answer)
    for side, numbers in enumerate((("1", "first", "former"), ("2", "second", "latter"))):
        if set(said.split()) <= {*numbers, "the", "one"} and set(said.split()) & set(numbers):
            return side
    choices = [fold(choice) for choice in question.choices]
    if set(question.choices) == {"yes", "no"}:
        starts = {"y": "yes", "n": "no"}.get(said[:1], "") if said in ("y", "n") else said
        word = (starts.split() or [""])[0]
        return question.choices.index(word) if word in ("yes", "no") else None
    if said in choices:
        return choices.index(said)
    words = [set(choice.split()) for choice in choices]
    own = (words[0] - words[1], words[1] - words[0])
    hits = [len(set(re.findall(r"\w+", said)) & mine) for mine in own]
    if hits[0] == hits[1]:
        return None
    return 0 if hits[0] > hits[1] else 1


def observed(clarified: Clarified, is_right: Callable[[str], bool]) -> list[Observation]:
    """The findings that can be judged (one side right, the other wrong), for `Trust.fit`."""
    found = []
    for one in clarified.rounds:
        right = [is_right(sql) for sql in one.sides]
        if one.finding is not None and right[0] != right[1]:
            side = one.finding.side
            odds = one.odds if side == 0 else -one.odds
            found.append(Observation(one.finding.source, right[side], odds))
    return found


def _odds(selection: Selection, places: tuple[int, int]) -> float:
    """The logarithm of one candidate's result's score against the other's."""
    score = {
        place: score
        for group, score in zip(selection.groups, selection.scores, strict=True)
        for place in group.places
    }
    one, other = (max(score[place], LEAST_SCORE) for place in places)
    return math.log(one / other)


def _keys(difference: Difference) -> list[tuple[str | None, ...]]:
    """What identifies a difference, whichever side comes first."""
    texts = [part.text if part is not None else None for part in difference.parts]
    return [(difference.clause, *texts), (difference.clause, *texts[::-1])]


def _neither(difference: Difference, said: str) -> Constraint:
    """A human's own words: neither side's names, where these are not both sides'."""
    first, second = difference.constraints
    return Constraint(forbid=first.forbid | second.forbid, sentence=said)


def _together(one: Constraint, other: Constraint) -> Constraint:
    """Both constraints; of names that contradict each other the later wins."""
    sentences = [constraint.sentence for constraint in (one, other) if constraint.sentence]
    return replace(
        other,
        require=(one.require - other.forbid) | other.require,
        forbid=(one.forbid - other.require) | other.forbid,
        sentence="; ".join(sentences),
    )
