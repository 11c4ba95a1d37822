"""Which result wins: votes, judgement, likelihood and emptiness, and the weights of each."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems.advanced.agents.candidate import Candidate
from systems.advanced.agents.selection import Blend, Case, Weights, select
from systems.advanced.codec.codec import Partial
from systems.advanced.task import Evidence

from t2s_bench.errors import BadInput


def candidate(result: str | None, logprob: float = -1.0, sql: str = "") -> Candidate:
    sql = sql or f"SELECT {result}"
    return Candidate(Partial((1,), sql, logprob, True), Evidence(sql, result, rows=1))


JUDGED = Weights(judgement=1.0, votes=0.0)
VOTED = Weights(judgement=0.0, votes=1.0)


def test_without_a_judgement_votes_decide() -> None:
    found = [candidate("a", -2.0), candidate("b", -1.5), candidate("a", -2.0, "SELECT 'a'")]
    assert select(found).chosen in (0, 2)
    assert select(found[:2]).chosen == 1


def test_the_weights_move_the_choice_from_votes_to_judgement() -> None:
    found, logits = [candidate("a", -0.1), candidate("b", -3.0)], [-1.0, 1.0]
    assert select(found, logits, VOTED).chosen == 0
    assert select(found, logits, JUDGED).chosen == 1


def test_between_two_the_judgement_is_bradley_and_terry_s() -> None:
    ranked = select([candidate("a"), candidate("b")], [2.0, 0.5], JUDGED)
    assert ranked.scores[0] == pytest.approx(1 / (1 + math.exp(-1.5)))


def test_statements_with_one_result_add_up() -> None:
    found = [candidate("a"), candidate("b"), candidate("b", sql="SELECT 'b'")]
    ranked = select(found, [0.4, 0.0, 0.0], JUDGED)
    assert ranked.chosen in (1, 2)
    assert ranked.scores[0] == pytest.approx(2 / (2 + math.exp(0.4)))


def test_an_empty_result_counts_as_much_as_its_weight() -> None:
    empty = Candidate(Partial((1,), "SELECT 1", 0.0, True), Evidence("SELECT 1", "none", rows=0))
    ranked = select([empty, candidate("a")], [0.0, 0.0], Weights(1.0, 0.0, 0.0, -1.5))
    assert ranked.chosen == 1
    assert ranked.scores[1] == pytest.approx(1 / (1 + math.exp(1.5)))


def test_an_objection_counts_as_much_as_its_weight() -> None:
    objected = replace(candidate("a"), objections=2)
    ranked = select([objected, candidate("b")], [1.0, 0.0], Weights(1.0, 0.0, 0.0, 0.0, -1.5))
    assert ranked.chosen == 1
    assert ranked.scores[1] == pytest.approx(1 / (1 + math.exp(2.0)))


def test_a_cue_counts_as_much_as_its_weight() -> None:
    deaf = replace(candidate("a"), cues=2)
    ranked = select([deaf, candidate("b")], [1.0, 0.0], Weights(1.0, 0.0, 0.0, 0.0, 0.0, -1.5))
    assert ranked.chosen == 1
    assert ranked.scores[1] == pytest.approx(1 / (1 + math.exp(2.0)))


def test_objections_weigh_what_they_are_worth_on_other_questions() -> None:
    bad, good = replace(candidate("a"), objections=1), candidate("b")
    telling = [Case((bad, good), (0.0, 0.0), (n == 0, n > 0)) for n in range(10)]
    silent = [Case((bad, good), (0.0, 0.0), (n % 2 == 0, n % 2 > 0)) for n in range(10)]
    assert Blend.fit(telling).weights.objections < -1.5
    assert abs(Blend.fit(silent).weights.objections) < 0.01


def test_what_does_not_run_never_wins_over_what_runs() -> None:
    found = [candidate(None, 0.0), candidate("a", -30.0)]
    assert select(found).chosen == 1
    assert select(found, [9.0, -9.0], JUDGED).chosen == 1
    assert select(found, [9.0, -900.0], JUDGED).scores == (1.0, 0.0)


def test_a_belief_of_none_rules_a_candidate_out_whatever_is_judged() -> None:
    found, logits = [candidate("a", -0.1), candidate("b", -3.0)], [5.0, -5.0]
    assert select(found, logits, JUDGED, [0.0, 1.0]).chosen == 1
    assert select(found, None, JUDGED, [0.0, 1.0]).chosen == 1
    assert select(found, [0.1, 0.0], JUDGED, [0.5, 1.0]).chosen == 1


def test_the_best_statement_stands_for_its_result() -> None:
    found = [candidate("a", -0.1), candidate("a", -2.0, "SELECT 'a'")]
    assert select(found).chosen == 0
    assert select(found, [0.0, 1.0], JUDGED).chosen == 1


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", None]), st.floats(-20, 0), st.floats(-9, 9)),
        min_size=1,
        max_size=7,
    ),
    st.floats(0, 3),
    st.floats(0, 3),
)
def test_a_selection_holds_every_candidate_once_and_what_runs_adds_up_to_one(
    drawn: list[tuple[str | None, float, float]], judgement: float, likelihood: float
) -> None:
    found = [candidate(result, logprob) for result, logprob, _ in drawn]
    ranked = select(found, [logit for _, _, logit in drawn], Weights(judgement, likelihood))
    places = [place for group in ranked.groups for place in group.places]
    assert sorted(places) == list(range(len(found)))
    running = [
        score for group, score in zip(ranked.groups, ranked.scores, strict=True) if group.runs
    ]
    assert running == sorted(running, reverse=True)
    assert sum(running) == pytest.approx(1.0 if running else 0.0)


def test_a_selection_can_be_led_by_a_given_candidate() -> None:
    found = [candidate("a", -3.0), candidate("b", -0.1), candidate("a", -1.0, "SELECT 'a'")]
    led = select(found).led_by(0)
    assert led.chosen == 0
    assert sorted(place for group in led.groups for place in group.places) == [0, 1, 2]
    assert len(led.scores) == len(led.groups) == 2


def judged_case(right_place: int, database: str = "") -> Case:
    """The votes are for place 0, the judgement is for the right one."""
    found = (candidate("a", -0.5), candidate("b", -1.0))
    right = tuple(place == right_place for place in (0, 1))
    return Case(found, tuple(3.0 if one else -3.0 for one in right), right, database)


def test_the_fitted_weights_trust_a_judge_that_is_right() -> None:
    blend = Blend.fit([judged_case(1)] * 6 + [judged_case(0)] * 4)
    assert blend.accuracy == 1.0
    assert (blend.votes_alone, blend.judgement_alone) == (0.4, 1.0)
    assert blend.weights.judgement > 0.5
    assert -3.0 < blend.accept_logit < 3.0


def test_the_fitted_weights_do_not_trust_a_judge_that_is_wrong() -> None:
    liar = [
        Case(one.candidates, tuple(-logit for logit in one.logits), one.right)
        for one in [judged_case(0)] * 5
    ]
    blend = Blend.fit(liar)
    assert blend.accuracy == 1.0
    assert blend.weights.judgement == 0.0
    assert blend.weights.likelihood > 0


def test_the_fit_recovers_the_weights_that_choices_were_drawn_by() -> None:
    chance = Random(3)
    truth = Weights(0.8, 0.5, 0.0, 0.0)
    cases = []
    for n in range(1500):
        found = tuple(candidate(str(k), -3 * chance.random()) for k in range(4))
        logits = tuple(chance.gauss(0, 1.5) for _ in range(4))
        scores = select(found, logits, truth)
        odds = {group.first: s for group, s in zip(scores.groups, scores.scores, strict=True)}
        chosen = chance.choices(list(odds), list(odds.values()))[0]
        right = tuple(place == chosen for place in range(4))
        cases.append(Case(found, logits, right, f"d{n % 7}"))
    weights = Blend.fit(cases).weights
    assert weights.judgement == pytest.approx(0.8, abs=0.1)
    # Votes without a search are a function of the likelihood: together they have its weight.
    assert weights.likelihood + weights.votes == pytest.approx(0.5, abs=0.12)


def test_the_accuracy_is_that_on_databases_that_nothing_was_fitted_on() -> None:
    # In each database the judge is right or wrong throughout, as often the one as the other.
    cases = [
        Case(one.candidates, tuple(sign * x for x in one.logits), one.right, one.database)
        for number, sign in enumerate([1, -1] * 3)
        for one in [judged_case(n % 2, f"d{number}") for n in range(4)]
    ]
    assert Blend.fit(cases).accuracy <= 0.5 < Blend.fit(cases[:4]).accuracy


def test_nothing_to_choose_from_teaches_nothing() -> None:
    never = Case((candidate("a"), candidate("b")), (1.0, 0.0), (False, False))
    blend = Blend.fit([never, never])
    assert blend.weights == Weights(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert Blend.fit([]) == Blend()


def test_a_blend_is_kept_with_the_checkpoint(tmp_path: Path) -> None:
    assert Blend.load(tmp_path) == Blend()
    blend = Blend.fit([judged_case(1), judged_case(0)])
    blend.save(tmp_path)
    assert Blend.load(tmp_path) == blend


def test_a_damaged_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text('{"selection": {"judgement": "much"}}')
    with pytest.raises(BadInput, match="'judgement' is 'much', no number"):
        Blend.load(tmp_path)
    (tmp_path / "calibration.json").write_text("{")
    with pytest.raises(BadInput, match="no JSON"):
        Blend.load(tmp_path)
