"""Which result wins: votes, pairwise judgement, and their blend."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems.advanced.agents.candidate import Candidate
from systems.advanced.agents.selection import Blend, Case, select, sigmoid
from systems.advanced.codec.codec import Partial
from systems.advanced.task import Evidence

from t2s_bench.errors import BadInput


def candidate(result: str | None, logprob: float = -1.0, sql: str = "") -> Candidate:
    sql = sql or f"SELECT {result}"
    return Candidate(Partial((1,), sql, logprob, True), Evidence(sql, result, rows=1))


def test_without_a_judgement_votes_decide() -> None:
    found = [candidate("a", -2.0), candidate("b", -1.5), candidate("a", -2.0, "SELECT 'a'")]
    assert select(found).chosen in (0, 2)
    assert select(found[:2]).chosen == 1


def test_the_weight_moves_the_choice_from_votes_to_judgement() -> None:
    found, logits = [candidate("a", -0.1), candidate("b", -3.0)], [-1.0, 1.0]
    assert select(found, logits, 0.0).chosen == 0
    assert select(found, logits, 1.0).chosen == 1


def test_preferences_are_bradley_terry_weighted_by_the_others_votes() -> None:
    found = [candidate("a", 0.0), candidate("b", 0.0), candidate("c", -100.0)]
    ranked = select(found, [1.0, 0.0, -5.0], 1.0)
    assert ranked.preferences[0] == pytest.approx(sigmoid(1.0), abs=1e-9)
    assert ranked.preferences[1] == pytest.approx(sigmoid(-1.0), abs=1e-9)


def test_what_does_not_run_never_wins_over_what_runs() -> None:
    found = [candidate(None, 0.0), candidate("a", -30.0)]
    assert select(found).chosen == 1
    assert select(found, [9.0, -9.0], 1.0).chosen == 1


def test_the_best_judged_statement_stands_for_its_result() -> None:
    found = [candidate("a", -0.1), candidate("a", -2.0, "SELECT 'a'")]
    assert select(found).chosen == 0
    assert select(found, [0.0, 1.0], 0.5).chosen == 1


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", None]), st.floats(-20, 0), st.floats(-9, 9)),
        min_size=1,
        max_size=7,
    ),
    st.floats(0, 1),
)
def test_a_selection_holds_every_candidate_once_and_orders_by_score(
    drawn: list[tuple[str | None, float, float]], weight: float
) -> None:
    found = [candidate(result, logprob) for result, logprob, _ in drawn]
    ranked = select(found, [logit for _, _, logit in drawn], weight)
    places = [place for group in ranked.groups for place in group.places]
    assert sorted(places) == list(range(len(found)))
    running = [
        score for group, score in zip(ranked.groups, ranked.scores, strict=True) if group.runs
    ]
    assert running == sorted(running, reverse=True)


def test_a_selection_can_be_led_by_a_given_candidate() -> None:
    found = [candidate("a", -3.0), candidate("b", -0.1), candidate("a", -1.0, "SELECT 'a'")]
    led = select(found).led_by(0)
    assert led.chosen == 0
    assert sorted(place for group in led.groups for place in group.places) == [0, 1, 2]
    assert len(led.scores) == len(led.groups) == 2


def judged_case(right_place: int) -> Case:
    """The votes are for place 0, the judgement is for the right one."""
    found = (candidate("a", -0.5), candidate("b", -1.0))
    right = tuple(place == right_place for place in (0, 1))
    return Case(found, tuple(3.0 if one else -3.0 for one in right), right)


def test_the_fitted_weight_trusts_a_judge_that_is_right() -> None:
    blend = Blend.fit([judged_case(1)] * 6 + [judged_case(0)] * 4)
    assert blend.accuracy == 1.0
    assert (blend.votes_alone, blend.judge_alone) == (0.4, 1.0)
    assert 0.0 < blend.weight <= 0.5 + 1e-9
    assert -3.0 < blend.accept_logit < 3.0


def test_the_fitted_weight_does_not_trust_a_judge_that_is_wrong() -> None:
    liar = [
        Case(one.candidates, tuple(-logit for logit in one.logits), one.right)
        for one in [judged_case(0)] * 5
    ]
    blend = Blend.fit(liar)
    assert blend.accuracy == 1.0
    assert select(liar[0].candidates, liar[0].logits, blend.weight).chosen == 0


def written(result: str, mean: float, tokens: int) -> Candidate:
    """A statement of so many tokens with a log-probability a token."""
    sql = f"SELECT {result}"
    partial = Partial((1,) * tokens, sql, mean * tokens, True)
    return Candidate(partial, Evidence(sql, result, rows=1))


def test_the_likelihood_is_the_writers_own_a_token_against_the_likeliest() -> None:
    # The longer statement is less likely, and the writer surer of it.
    found = [written("short", -0.5, 4), written("long", -0.2, 20)]
    ranked = select(found, [0.0, 0.0], 0.0)
    assert found[ranked.chosen].sql == "SELECT short"
    ranked = select(found, [0.0, 0.0], 0.0, likelihood=1.0)
    assert found[ranked.chosen].sql == "SELECT long"
    assert ranked.likelihoods == pytest.approx((1.0, 2.718281828**-0.3))
    assert ranked.scores == ranked.likelihoods


def sure_case(database: str, right: int) -> Case:
    """Votes and judgement say nothing, the writer is surer of the right one."""
    means = [-0.2 if place == right else -0.4 for place in (0, 1)]
    tokens = [10, 5] if right == 0 else [5, 10]
    found = tuple(
        written(name, mean, count) for name, mean, count in zip("ab", means, tokens, strict=True)
    )
    return Case(found, (0.0, 0.0), (right == 0, right == 1), database)


def test_the_likelihood_gets_weight_where_it_is_right_on_other_databases() -> None:
    noise = [Case(one.candidates, (1.0, -1.0), one.right, one.database) for one in
             (sure_case("d9", 0), sure_case("d9", 1))]  # fmt: skip
    cases = [sure_case(f"d{n}", n % 2) for n in range(8)] + noise
    blend = Blend.fit(cases)
    assert blend.likelihood > 0
    assert blend.accuracy > max(blend.votes_alone, blend.judge_alone)
    right = [one.right[blend.select(one.candidates, one.logits).chosen] for one in cases]
    assert sum(right) / len(right) >= blend.accuracy


def test_the_likelihood_gets_none_where_it_only_fits_its_own_database() -> None:
    # In one database the surer statement is right, in all others the judged one.
    odd = [sure_case("odd", n % 2) for n in range(2)]
    others = [
        Case(
            one.candidates,
            (2.0, -2.0) if one.right[1] else (-2.0, 2.0),
            one.right[::-1],
            one.database,
        )
        for one in (sure_case(f"d{n}", n % 2) for n in range(8))
    ]
    blend = Blend.fit([*others, *odd])
    assert blend.likelihood == 0
    assert blend.weight > 0


def test_with_one_database_the_likelihood_cannot_be_tried_elsewhere() -> None:
    assert Blend.fit([sure_case("d", n % 2) for n in range(6)]).likelihood == 0


def test_a_blend_of_before_there_was_a_likelihood_is_read(tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text(
        '{"selection": {"weight": 0.25, "accept_logit": 1.5, "questions": 360, "accuracy": 0.6,'
        ' "votes_alone": 0.5, "judge_alone": 0.5}}'
    )
    blend = Blend.load(tmp_path)
    assert (blend.weight, blend.likelihood, blend.questions) == (0.25, 0.0, 360)


def test_a_blend_is_kept_with_the_checkpoint(tmp_path: Path) -> None:
    assert Blend.load(tmp_path) == Blend()
    blend = Blend.fit([judged_case(1), judged_case(0)])
    blend.save(tmp_path)
    assert Blend.load(tmp_path) == blend


def test_a_damaged_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text('{"selection": {"weight": "much"}}')
    with pytest.raises(BadInput, match="'weight' is 'much', no number"):
        Blend.load(tmp_path)
    (tmp_path / "calibration.json").write_text("{")
    with pytest.raises(BadInput, match="no JSON"):
        Blend.load(tmp_path)
