"""The SQL agent proposes executed statements, and rewrites them under a constraint."""

from __future__ import annotations

from pathlib import Path

from systems.advanced.agents.candidate import Candidate
from systems.advanced.agents.sql import NOTHING, Drawing, SqlAgent
from systems.advanced.codec.codec import Constraint, Partial, Session
from systems.advanced.evidence import Prober
from systems.advanced.task import Evidence
from tests.systems.advanced.stage import StagePolicy, make_task

FRENCH = "SELECT name FROM singer WHERE country = 'France'"
COUNT = "SELECT count(*) FROM singer"
BROKEN = "SELECT nme FROM singer"


def test_proposals_are_executed_and_the_likeliest_come_first(
    tmp_path: Path, prober: Prober
) -> None:
    session = StagePolicy([(FRENCH, -3.0), (COUNT, -1.0), (BROKEN, -2.0)]).open(make_task(tmp_path))
    found = SqlAgent(prober, Drawing(beam=3)).propose(session).candidates
    assert [one.sql for one in found] == [COUNT, BROKEN, FRENCH]
    assert [one.evidence.runs for one in found] == [True, False, True]
    assert found[0].evidence.shown == ((4,),)


def test_a_statement_that_beam_and_samples_share_is_proposed_once(
    tmp_path: Path, prober: Prober
) -> None:
    session = StagePolicy([(COUNT, -1.0)]).open(make_task(tmp_path))
    assert len(SqlAgent(prober, Drawing(beam=2, samples=2)).propose(session).candidates) == 1


def test_a_model_that_finishes_nothing_proposes_a_candidate_that_does_not_run(
    tmp_path: Path, prober: Prober
) -> None:
    session = StagePolicy([]).open(make_task(tmp_path))
    assert SqlAgent(prober).propose(session).candidates == (NOTHING,)


def test_with_a_search_its_candidates_are_proposed(tmp_path: Path, prober: Prober) -> None:
    found = Candidate(Partial((1,), COUNT, -1.0, True), Evidence(COUNT, "x", rows=1), visits=7)
    seeds = []

    def search(session: Session, seed: int) -> tuple[Candidate, ...]:
        seeds.append(seed)
        return (found,)

    session = StagePolicy([(FRENCH, -1.0)]).open(make_task(tmp_path))
    assert SqlAgent(prober, search=search).propose(session, 5).candidates == (found,)
    assert seeds == [5]


def test_rewriting_obeys_the_constraint_leaves_out_the_known_and_keeps_plain_probabilities(
    tmp_path: Path, prober: Prober
) -> None:
    other = "SELECT name FROM singer WHERE home = 'France'"
    policy = StagePolicy([(FRENCH, -1.0), (COUNT, -0.5)], hidden=[(other, -9.0)])
    session = policy.open(make_task(tmp_path))
    forbid = Constraint(forbid=frozenset({"COUNT(*)"}))
    known = Candidate(Partial((1,), FRENCH, -1.0, True), Evidence(FRENCH, "x", rows=2))
    found = SqlAgent(prober).rewrite(session, forbid, 4, [known])
    assert [one.sql for one in found] == [other]
    assert found[0].logprob == -9.0
    assert found[0].evidence.shown == (("Dee",),)
    assert found[0].visits == 0


def test_beside_a_search_a_rewritten_statement_has_the_visits_that_it_earns(
    tmp_path: Path, prober: Prober
) -> None:
    session = StagePolicy([], hidden=[(COUNT, -1.0)]).open(make_task(tmp_path))
    known = Candidate(Partial((1,), FRENCH, -1.0, True), Evidence(FRENCH, "x", rows=2), visits=40)
    (found,) = SqlAgent(prober).rewrite(session, Constraint(), 4, [known])
    assert found.visits == 20
