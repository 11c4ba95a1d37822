"""Votes and groups of executed candidates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems.advanced.agents.candidate import Candidate, grouped, votes
from systems.advanced.codec.codec import Partial
from systems.advanced.task import Evidence


def candidate(result: object, logprob: float = -1.0, visits: int = 0) -> Candidate:
    return Candidate(
        Partial((1, 2), f"SELECT {result}", logprob, True),
        Evidence(f"SELECT {result}", result, rows=1),
        visits,
    )


@given(st.lists(st.tuples(st.floats(-40, 0), st.integers(0, 50)), min_size=1, max_size=8))
def test_votes_add_up_to_one(drawn: list[tuple[float, int]]) -> None:
    shares = votes([candidate(n, *one) for n, one in enumerate(drawn)])
    assert sum(shares) == pytest.approx(1.0)
    assert min(shares) >= 0


def test_without_visits_votes_are_the_mass_of_probability() -> None:
    shares = votes([candidate(1, 0.0), candidate(2, -1000.0)])
    assert shares == pytest.approx([1.0, 0.0])


def test_visits_outweigh_probability_and_probability_breaks_their_ties() -> None:
    assert votes([candidate(1, -9.0, 5), candidate(2, -0.1, 2)])[0] > 0.6
    tied = votes([candidate(1, -9.0, 3), candidate(2, -0.1, 3)])
    assert tied[1] > tied[0]


def test_candidates_of_one_result_are_one_group_and_broken_ones_have_no_vote() -> None:
    found = [candidate("a"), candidate("b"), candidate("a"), candidate(None), candidate(None)]
    groups = grouped(found, votes(found))
    assert [group.places for group in groups] == [(0, 2), (1,), (3,), (4,)]
    assert [group.runs for group in groups] == [True, True, False, False]
    assert groups[0].share == pytest.approx(2 / 3)
    assert groups[2].share == 0.0


def test_no_log_probability_at_all_gives_equal_votes() -> None:
    infinite = float("-inf")
    assert votes([candidate(1, infinite), candidate(2, infinite)]) == [0.5, 0.5]
