"""The team's loop: verdicts, revisions that must be judged better, its budget, and its absence."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from systems.advanced.agents.candidate import Candidate
from systems.advanced.agents.schema import SchemaAgent
from systems.advanced.agents.selection import Blend, Weights
from systems.advanced.agents.sql import Drawing, SqlAgent
from systems.advanced.agents.team import Solo, Team, TeamBudget
from systems.advanced.agents.validation import ValidationAgent
from systems.advanced.codec.codec import Constraint, Partial, Session
from systems.advanced.evidence import Prober
from systems.advanced.task import Evidence
from tests.systems.advanced.stage import StagePolicy, make_task

GOLD = "SELECT name FROM singer WHERE country = 'France'"
HOME = "SELECT name FROM singer WHERE home = 'France'"
ALL = "SELECT name FROM singer"
BROKEN = "SELECT nme FROM singer"
MISSPELT = "SELECT name FROM singer WHERE country = 'france'"
NOT_HOME = Constraint(forbid=frozenset({"singer.home"}), sentence="not home")


def judged_by(logits: dict[str, float], otherwise: float = -2.0) -> object:
    return lambda one: logits.get(one.sql, otherwise) if one.runs else -12.0


def make_team(
    policy: StagePolicy,
    prober: Prober,
    *,
    weights: Weights = Weights(judgement=1.0, votes=0.0),  # noqa: B008 (frozen)
    accept: float = 0.0,
    budget: TeamBudget | None = None,
) -> Team:
    return Team(
        policy,
        SchemaAgent(policy),
        SqlAgent(prober, Drawing(beam=4)),
        ValidationAgent(prober, accept),
        Blend(weights, accept),
        budget,
    )


def policy_of(
    repertoire: list[tuple[str, float]],
    logits: dict[str, float],
    criticism: dict[str, Constraint] | None = None,
    hidden: list[tuple[str, float]] | None = None,
) -> StagePolicy:
    return StagePolicy(repertoire, judged_by(logits), criticism, hidden or [])  # type: ignore[arg-type]


def test_a_good_answer_is_accepted_without_a_revision(tmp_path: Path, prober: Prober) -> None:
    policy = policy_of([(ALL, -0.5), (GOLD, -2.0)], {GOLD: 2.0})
    said = make_team(policy, prober).answer(make_task(tmp_path))
    assert said.answer.sql == GOLD
    assert [one.accepted for one in said.verdicts] == [True]
    assert said.revisions == ()
    assert policy.sessions[0].constraints == []
    assert said.proposal is not None and policy.opened_with == [said.proposal.linking]


def test_between_equals_the_one_that_nothing_speaks_against_is_chosen(
    tmp_path: Path, prober: Prober
) -> None:
    crossed = "SELECT name FROM singer JOIN concert"
    policy = policy_of([(crossed, -0.5), (GOLD, -2.0)], {crossed: 1.0, GOLD: 1.0})
    said = make_team(policy, prober).answer(make_task(tmp_path))
    assert said.answer.sql == GOLD
    assert {one.sql: one.objections for one in said.candidates} == {crossed: 1, GOLD: 0}


def test_a_critique_leads_to_a_revision_that_wins_when_judged_better(
    tmp_path: Path, prober: Prober
) -> None:
    policy = policy_of([(HOME, -0.5)], {HOME: -1.0, GOLD: 2.0}, {HOME: NOT_HOME}, [(GOLD, -6.0)])
    said = make_team(policy, prober).answer(make_task(tmp_path))
    assert policy.sessions[0].constraints[0] == NOT_HOME
    assert said.verdicts[0].critiques[0].clause == "WHERE"
    assert said.answer.sql == GOLD
    assert said.revisions[0].kept == (0,)
    assert said.verdicts[-1].accepted


def test_a_revision_that_is_judged_worse_does_not_join(tmp_path: Path, prober: Prober) -> None:
    policy = policy_of([(HOME, -0.5)], {HOME: -1.0, GOLD: -3.0}, {HOME: NOT_HOME}, [(GOLD, -6.0)])
    said = make_team(policy, prober).answer(make_task(tmp_path))
    assert said.answer.sql == HOME
    assert said.revisions[0].written[0].sql == GOLD
    assert said.revisions[0].kept == ()
    assert GOLD not in [one.sql for one in said.candidates]


def test_execution_alone_criticises_and_is_followed(tmp_path: Path, prober: Prober) -> None:
    policy = policy_of([(MISSPELT, -0.5)], {MISSPELT: 1.0, GOLD: 2.0}, hidden=[(GOLD, -6.0)])
    said = make_team(policy, prober).answer(make_task(tmp_path))
    assert not said.verdicts[0].accepted
    assert said.answer.sql == GOLD


def test_rounds_bound_the_revisions(tmp_path: Path, prober: Prober) -> None:
    ladder = [f"SELECT name FROM singer WHERE age > {n}" for n in range(5)]
    logits = {sql: -9.0 + n for n, sql in enumerate(ladder)}
    criticism = {
        sql: Constraint(forbid=frozenset({str(n)}), require=frozenset({str(n + 1)}))
        for n, sql in enumerate(ladder)
    }
    for rounds in (0, 1, 3):
        policy = policy_of(
            [(ladder[0], -0.5)], logits, criticism, [(sql, -1.0) for sql in ladder[1:]]
        )
        budget = TeamBudget(rounds=rounds)
        said = make_team(policy, prober, budget=budget).answer(make_task(tmp_path))
        assert len(said.revisions) == rounds
        assert said.answer.sql == ladder[rounds]


def test_a_spent_budget_of_tokens_ends_the_team(tmp_path: Path, prober: Prober) -> None:
    def answer(tokens: int | None) -> int:
        policy = policy_of(
            [(HOME, -0.5)], {HOME: -1.0, GOLD: 2.0}, {HOME: NOT_HOME}, [(GOLD, -6.0)]
        )
        budget = TeamBudget(completion_tokens=tokens)
        return len(make_team(policy, prober, budget=budget).answer(make_task(tmp_path)).revisions)

    assert (answer(2), answer(3), answer(None)) == (0, 1, 1)


def test_the_same_critique_is_followed_once(tmp_path: Path, prober: Prober) -> None:
    policy = policy_of([(HOME, -0.5)], {HOME: -1.0}, {HOME: NOT_HOME})
    said = make_team(policy, prober, budget=TeamBudget(rounds=5)).answer(make_task(tmp_path))
    assert len(said.revisions) == 1
    assert said.answer.sql == HOME


def test_a_judge_that_mostly_knows_accepts_golds_and_the_validator_rejects_the_broken(
    tmp_path: Path, prober: Prober
) -> None:
    """With logits that are right about two in three times, golds are accepted above chance."""
    task = make_task(tmp_path, "Which singers?")
    generator = random.Random(4)
    agent = ValidationAgent(prober)
    accepted = {GOLD: 0, ALL: 0, BROKEN: 0}
    for _ in range(200):
        for sql in accepted:
            truth = 1.0 if sql == GOLD else -1.0
            logit = truth + generator.gauss(0, 2.0)
            policy = StagePolicy([], lambda one, logit=logit: logit)  # type: ignore[misc]
            session = policy.open(task)
            (shown,) = prober.run(task.database, [sql])
            candidate = Candidate(Partial((1,), sql, -1.0, True), shown)
            accepted[sql] += agent.verdict(
                session, candidate, agent.judge(session, [candidate])[0]
            ).accepted
    assert accepted[BROKEN] == 0
    assert accepted[GOLD] > 120 > 80 > accepted[ALL]


def test_switched_off_nothing_is_linked_judged_or_rewritten(tmp_path: Path, prober: Prober) -> None:
    policy = policy_of([(HOME, -0.5), (GOLD, -2.0)], {GOLD: 9.0}, {HOME: NOT_HOME})
    said = Solo(policy, SqlAgent(prober, Drawing(beam=4))).answer(make_task(tmp_path))
    assert said.answer.sql == HOME
    assert (policy.linked, policy.opened_with) == (0, [None])
    assert (policy.sessions[0].judgements, policy.sessions[0].constraints) == (0, [])
    assert (said.proposal, said.logits, said.verdicts, said.revisions) == (None, None, (), ())
    assert make_team(policy, prober).answer(make_task(tmp_path)).answer.sql == GOLD


def test_switched_off_with_a_search_its_own_answer_stands(tmp_path: Path, prober: Prober) -> None:
    found = [
        Candidate(Partial((1,), sql, -1.0, True), Evidence(sql, sql, rows=1), visits)
        for sql, visits in ((GOLD, 3), (HOME, 9))
    ]

    def search(session: Session, seed: int) -> list[Candidate]:
        return found

    said = Solo(StagePolicy([]), SqlAgent(prober, search=search)).answer(make_task(tmp_path))
    assert said.answer.sql == GOLD


def test_a_model_without_an_answer_ends_in_an_empty_one(tmp_path: Path, prober: Prober) -> None:
    said = make_team(StagePolicy([]), prober).answer(make_task(tmp_path))
    assert said.answer.sql == ""
    assert not said.verdicts[0].accepted


@pytest.mark.parametrize("seed", [0, 7])
def test_deliberations_repeat_and_their_trace_is_json(
    tmp_path: Path, prober: Prober, seed: int
) -> None:
    import json

    def once() -> str:
        policy = policy_of(
            [(HOME, -0.5), (BROKEN, -1.0)],
            {HOME: -1.0, GOLD: 2.0},
            {HOME: NOT_HOME},
            [(GOLD, -6.0)],
        )
        said = make_team(policy, prober).answer(make_task(tmp_path), seed)
        return json.dumps(said.trace(), allow_nan=False)

    assert once() == once()
    assert "not home" in once()
