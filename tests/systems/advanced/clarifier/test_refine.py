"""The clarifier asks when it is unsure, obeys what it finds or is told, and abstains on request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from systems.advanced.agents.selection import Blend, Weights, select
from systems.advanced.agents.sql import Drawing, SqlAgent
from systems.advanced.agents.team import Deliberation, Solo
from systems.advanced.clarifier.difference import ClarifyingQuestion, Kind
from systems.advanced.clarifier.probes import Source
from systems.advanced.clarifier.refine import (
    Ask,
    Clarified,
    Clarifier,
    ClarifierSettings,
    chosen_side,
    observed,
)
from systems.advanced.clarifier.trust import Trust
from systems.advanced.evidence import Prober
from systems.advanced.task import Evidence
from tests.systems.advanced.stage import StagePolicy, make_task

COUNTRY = "SELECT name FROM singer WHERE country = 'France'"
HOME = "SELECT name FROM singer WHERE home = 'France'"
AGES = "SELECT name FROM singer WHERE age = 30"
SPAIN = "SELECT name FROM singer WHERE country = 'Spain'"
NOTHING_BELIEVED = Trust.fit([])


def refined(
    folder: Path,
    prober: Prober,
    repertoire: list[tuple[str, float]],
    *,
    question: str = "Wer?",
    ask: Ask | None = None,
    hidden: list[tuple[str, float]] | None = None,
    judged: Callable[[Evidence], float] | None = None,
    trust: Trust | None = None,
    evidence: str = "",
    **settings: float | int | None,
) -> tuple[Clarified, StagePolicy]:
    policy = StagePolicy(repertoire, judged or (lambda one: 0.0), hidden=hidden or [])
    sql = SqlAgent(prober, Drawing(beam=4))
    start = Solo(policy, sql).answer(make_task(folder, question, evidence))
    weights = Weights()
    if judged is not None:
        logits = tuple(judged(one.evidence) for one in start.candidates)
        weights = Weights(judgement=0.5)
        start = Deliberation(
            start.session, start.candidates, logits, select(start.candidates, logits, weights)
        )
    clarifier = Clarifier(
        sql,
        prober,
        settings=ClarifierSettings(**settings),  # type: ignore[arg-type]
        blend=Blend(weights),
        trust=trust,
    )
    return clarifier.refine(start, ask), policy


TIE = [(COUNTRY, -1.0), (HOME, -1.1)]


def test_a_sure_answer_is_left_alone(tmp_path: Path, prober: Prober) -> None:
    said, policy = refined(tmp_path, prober, [(COUNTRY, -0.1), (HOME, -5.0)], ask=lambda q: "2")
    assert (said.sql, said.rounds, said.abstained) == (COUNTRY, (), False)
    assert said.confidence > 0.9
    assert policy.sessions[0].constraints == []


def test_the_threshold_decides_whether_a_human_is_asked(tmp_path: Path, prober: Prober) -> None:
    asked: list[ClarifyingQuestion] = []

    def ask(question: ClarifyingQuestion) -> str:
        asked.append(question)
        return "2"

    refined(tmp_path, prober, TIE, ask=ask, uncertainty_threshold=0.6)
    assert asked == []
    refined(tmp_path, prober, TIE, ask=ask, uncertainty_threshold=0.3)
    assert [one.text for one in asked] == [
        "Which is meant: country of singer is 'France', or home of singer is 'France'?"
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("1", COUNTRY), ("the second", HOME), ("home of singer", HOME), ("their country", COUNTRY)],
)
def test_a_humans_answer_decides(
    tmp_path: Path, prober: Prober, answer: str, expected: str
) -> None:
    said, policy = refined(tmp_path, prober, TIE, ask=lambda question: answer)
    assert said.sql == expected
    assert said.confidence == 1.0
    finding = said.rounds[0].finding
    assert finding is not None and finding.source is Source.HUMAN
    wanted = "singer.home" if expected == HOME else "singer.country"
    assert wanted in policy.sessions[0].constraints[0].require


def test_a_humans_answer_outweighs_the_validator(tmp_path: Path, prober: Prober) -> None:
    def judged(one: Evidence) -> float:
        return 0.6 if one.sql == COUNTRY else 0.0

    said, _ = refined(tmp_path, prober, TIE, judged=judged)
    assert said.sql == COUNTRY
    said, _ = refined(tmp_path, prober, TIE, judged=judged, ask=lambda question: "2")
    assert said.sql == HOME


def test_neither_rules_both_out_and_brings_what_was_not_thought_of(
    tmp_path: Path, prober: Prober
) -> None:
    said, policy = refined(
        tmp_path, prober, TIE, hidden=[(AGES, -8.0)], ask=lambda question: "by years, I mean"
    )
    assert said.sql == AGES
    assert policy.sessions[0].constraints[0].sentence == "by years, I mean"
    assert said.rounds[0].finding is None


def test_where_nobody_answers_and_nothing_speaks_nothing_changes(
    tmp_path: Path, prober: Prober
) -> None:
    for ask in (None, lambda question: None):
        said, policy = refined(tmp_path, prober, TIE, ask=ask)
        assert said.sql == COUNTRY
        assert policy.sessions[0].constraints == []
        assert said.rounds[0].finding is None
        assert said.rounds[0].written == 0


def test_probes_settle_before_a_human_is_asked(tmp_path: Path, prober: Prober) -> None:
    asked: list[ClarifyingQuestion] = []

    def ask(question: ClarifyingQuestion) -> None:
        asked.append(question)

    said, _ = refined(tmp_path, prober, TIE, question="Whose home is France?", ask=ask)
    assert said.sql == HOME
    assert asked == []
    assert said.rounds[0].finding is not None
    assert said.rounds[0].finding.source is Source.SCHEMA
    assert said.confidence > 0.9


def test_a_difference_that_the_probes_know_comes_before_one_that_they_do_not(
    tmp_path: Path, prober: Prober
) -> None:
    french = "SELECT age FROM singer WHERE country = 'France'"
    spanish = "SELECT id FROM singer WHERE country = 'Spain'"
    asked: list[ClarifyingQuestion] = []

    def ask(question: ClarifyingQuestion) -> None:
        asked.append(question)

    said, _ = refined(
        tmp_path, prober, [(french, -1.0), (spanish, -1.1)], question="Wer ist aus Spain?", ask=ask
    )
    assert said.sql == spanish
    assert said.rounds[0].difference.kind is Kind.VALUE
    assert asked == []


def test_evidence_text_settles(tmp_path: Path, prober: Prober) -> None:
    said, _ = refined(tmp_path, prober, TIE, evidence="French means home = 'France'")
    assert said.sql == HOME


def test_a_source_that_is_not_believed_changes_no_votes(tmp_path: Path, prober: Prober) -> None:
    said, policy = refined(
        tmp_path, prober, TIE, question="Whose home is France?", trust=NOTHING_BELIEVED
    )
    assert said.sql == COUNTRY
    assert said.rounds[0].constraint is not None
    assert "singer.home" in said.rounds[0].constraint.require
    # Nothing is written again where the answer stays.
    assert not policy.sessions[0].constraints


def test_the_searchs_choice_stays_ahead_of_the_votes_where_nothing_speaks_against_it(
    tmp_path: Path, prober: Prober
) -> None:
    sql = SqlAgent(prober, Drawing(beam=4))
    voted = Solo(StagePolicy([(COUNTRY, -0.3), (HOME, -1.5)], lambda one: 0.0), sql).answer(
        make_task(tmp_path, "Whose home is France?", "")
    )
    place = next(n for n, one in enumerate(voted.candidates) if one.sql == HOME)
    assert voted.selection.chosen != place
    start = replace(voted, selection=voted.selection.led_by(place))
    believes = ClarifierSettings(uncertainty_threshold=0.0)
    said = Clarifier(sql, prober, settings=believes, trust=NOTHING_BELIEVED).refine(start)
    assert said.rounds and said.rounds[0].constraint is not None
    assert said.sql == HOME


def test_the_judgement_in_the_selection_is_not_asked_again(tmp_path: Path, prober: Prober) -> None:
    def judged(one: Evidence) -> float:
        return {COUNTRY: 2.0, HOME: -2.0}.get(one.sql, 0.0)

    said, policy = refined(tmp_path, prober, TIE, judged=judged, uncertainty_threshold=0.01)
    assert said.rounds and all(one.finding is None for one in said.rounds)
    assert policy.sessions[0].constraints == []


def test_only_what_contradicts_the_answer_has_statements_written_again(
    tmp_path: Path, prober: Prober
) -> None:
    for question, sql, again in (
        ("Whose country is France?", COUNTRY, False),
        ("Whose home is France?", HOME, True),
    ):
        said, policy = refined(tmp_path, prober, TIE, question=question)
        assert said.sql == sql and said.confidence > 0.9
        assert bool(policy.sessions[0].constraints) is again


def test_iterations_bound_the_rounds(tmp_path: Path, prober: Prober) -> None:
    wide = [(COUNTRY, -1.0), (HOME, -1.0), (SPAIN, -1.0), (AGES, -1.0)]
    counts = []
    for iterations in (0, 1, 2, 3):
        asked: list[ClarifyingQuestion] = []

        def ask(question: ClarifyingQuestion, asked: list[ClarifyingQuestion] = asked) -> None:
            asked.append(question)

        said, _ = refined(tmp_path, prober, wide, ask=ask, clarification_iterations=iterations)
        assert len(said.rounds) == len(asked) == iterations
        assert len({one.text for one in asked}) == len(asked)
        counts.append(len(asked))
    assert counts == [0, 1, 2, 3]


def test_constraints_of_earlier_rounds_are_held(tmp_path: Path, prober: Prober) -> None:
    wide = [(COUNTRY, -1.0), (HOME, -1.0), (SPAIN, -1.0)]
    answers = iter(["1", "2"])
    said, policy = refined(
        tmp_path, prober, wide, ask=lambda question: next(answers), uncertainty_threshold=0.1
    )
    assert said.sql == SPAIN
    assert "singer.country" in policy.sessions[0].constraints[1].require
    assert "'Spain'" in policy.sessions[0].constraints[1].require
    assert ";" in policy.sessions[0].constraints[1].sentence


def test_it_abstains_below_the_confidence_and_only_on_request(
    tmp_path: Path, prober: Prober
) -> None:
    said, _ = refined(tmp_path, prober, TIE, abstain_below=0.8)
    assert (said.sql, said.abstained) == ("", True)
    assert said.confidence < 0.8
    said, _ = refined(tmp_path, prober, TIE, abstain_below=0.2)
    assert (said.sql, said.abstained) == (COUNTRY, False)
    assert not refined(tmp_path, prober, TIE)[0].abstained
    said, _ = refined(tmp_path, prober, TIE, abstain_below=0.8, ask=lambda question: "2")
    assert (said.sql, said.abstained) == (HOME, False)


def test_one_result_has_nothing_to_clarify(tmp_path: Path, prober: Prober) -> None:
    said, _ = refined(tmp_path, prober, [(COUNTRY, -1.0)], uncertainty_threshold=-1.0)
    assert said.rounds == ()
    said, _ = refined(tmp_path, prober, [])
    assert (said.sql, said.rounds) == ("", ())


def test_findings_are_observed_where_one_side_is_right(tmp_path: Path, prober: Prober) -> None:
    said, _ = refined(tmp_path, prober, TIE, question="Whose home is France?")
    (one,) = observed(said, lambda sql: sql == HOME)
    # The other side is the likelier one by 0.1.
    assert (one.source, one.right) == (Source.SCHEMA, True)
    assert one.odds == pytest.approx(-0.1)
    (one,) = observed(said, lambda sql: sql == COUNTRY)
    assert not one.right
    assert observed(said, lambda sql: False) == []


def test_refining_repeats_and_its_trace_is_json(tmp_path: Path, prober: Prober) -> None:
    def once() -> str:
        said, _ = refined(tmp_path, prober, TIE, ask=lambda question: "2")
        return json.dumps(said.trace(), allow_nan=False)

    assert once() == once()
    assert json.loads(once())[0]["settled_by"] == "human"


@pytest.mark.parametrize(
    ("answer", "side"),
    [("yes", 1), ("Y", 1), ("No, thanks", 0), ("1", 0), ("both", None), ("", None)],
)
def test_yes_and_no_are_understood(answer: str, side: int | None) -> None:
    assert chosen_side(answer, ClarifyingQuestion("?", ("no", "yes"))) == side
