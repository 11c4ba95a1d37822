"""Signals say how sure an answer is."""

from __future__ import annotations

import math

import pytest
from systems.advanced.agents.candidate import Candidate
from systems.advanced.agents.selection import Weights, select
from systems.advanced.clarifier.uncertainty import LOWEST_LOGPROB, signals
from systems.advanced.codec.codec import Partial
from systems.advanced.task import Evidence, Linking

JUDGED = Weights(judgement=1.0, votes=0.0)


def candidate(result: str | None, logprob: float, rows: int = 1) -> Candidate:
    sql = f"SELECT {result}"
    return Candidate(Partial((1, 2, 3, 4), sql, logprob, True), Evidence(sql, result, rows=rows))


def test_agreement_is_sure_and_disagreement_is_not() -> None:
    alike = [candidate("a", -1.0)]
    split = [candidate("a", -1.0), candidate("b", -1.0)]
    sure, unsure = signals(alike, select(alike)), signals(split, select(split))
    assert (sure.share, sure.margin, sure.entropy) == (1.0, 1.0, 0.0)
    assert (unsure.share, unsure.margin) == (0.5, 0.0)
    assert unsure.entropy == pytest.approx(math.log(2))


def test_log_probabilities_are_whole_and_a_token() -> None:
    found = [candidate("a", -2.0)]
    one = signals(found, select(found))
    assert (one.logprob, one.mean_logprob) == (-2.0, -0.5)
    hopeless = [candidate("a", float("-inf"))]
    assert signals(hopeless, select(hopeless)).logprob == LOWEST_LOGPROB


def test_the_judgement_counts_with_its_lead_over_other_results_only() -> None:
    found = [candidate("a", -1.0), candidate("a", -2.0), candidate("b", -1.0)]
    one = signals(found, select(found, [3.0, 2.5, 1.0], JUDGED), [3.0, 2.5, 1.0])
    assert (one.logit, one.logit_margin) == (3.0, 2.0)
    unjudged = signals(found, select(found))
    assert (unjudged.logit, unjudged.logit_margin) == (0.0, 0.0)


def test_a_choice_against_the_votes_has_a_negative_margin() -> None:
    found = [candidate("a", -0.1), candidate("b", -4.0)]
    assert signals(found, select(found).led_by(1)).margin < 0
    judged = signals(found, select(found, [-3.0, 3.0], JUDGED), [-3.0, 3.0])
    assert judged.margin == pytest.approx(2 * judged.share - 1)
    assert judged.margin > 0.9


def test_an_undecided_linking_is_told_from_a_sure_one() -> None:
    found = [candidate("a", -1.0)]
    sure = signals(found, select(found), linking=Linking((1.0,), ((1.0, 0.0),)))
    unsure = signals(found, select(found), linking=Linking((0.5,), ((0.5, 0.5),)))
    assert sure.linking_entropy == 0.0
    assert unsure.linking_entropy == pytest.approx(math.log1p(2))


def test_failing_candidates_and_an_empty_answer_are_told() -> None:
    found = [candidate("a", -1.0, rows=0), candidate(None, -1.0)]
    one = signals(found, select(found))
    assert (one.running, one.empty) == (0.5, 1.0)
