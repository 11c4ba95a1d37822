"""The isotonic fit rises, pools violators to their mean, and is the best rising fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems.advanced.clarifier.isotonic import Isotonic

pairs = st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 1)), min_size=1, max_size=40)


@given(pairs, st.lists(st.floats(-9, 9), min_size=2, max_size=10))
def test_it_never_falls_and_stays_within_zero_and_one(
    drawn: list[tuple[float, int]], asked: list[float]
) -> None:
    fitted = Isotonic.fit([score for score, _ in drawn], [float(right) for _, right in drawn])
    shares = fitted.predict(sorted(asked))
    assert all(0 <= share <= 1 for share in shares)
    assert all(a <= b + 1e-12 for a, b in zip(shares, shares[1:], strict=False))


@given(pairs)
def test_it_keeps_the_mean(drawn: list[tuple[float, int]]) -> None:
    scores = [score for score, _ in drawn]
    fitted = Isotonic.fit(scores, [float(right) for _, right in drawn])
    mean = sum(right for _, right in drawn) / len(drawn)
    assert sum(fitted.predict(scores)) / len(drawn) == pytest.approx(mean)


@given(pairs, st.integers(1, 3))
def test_no_step_function_that_rises_fits_better(drawn: list[tuple[float, int]], cut: int) -> None:
    scores = [score for score, _ in drawn]
    right = [float(hit) for _, hit in drawn]
    found = Isotonic.fit(scores, right).predict(scores)
    error = sum((a - b) ** 2 for a, b in zip(found, right, strict=True))
    edge = sorted(scores)[min(cut, len(scores) - 1)]
    low = [hit for score, hit in zip(scores, right, strict=True) if score < edge] or [0.0]
    high = [hit for score, hit in zip(scores, right, strict=True) if score >= edge]
    means = sorted((sum(low) / len(low), sum(high) / len(high)))
    other = sum((means[score >= edge] - hit) ** 2 for score, hit in zip(scores, right, strict=True))
    assert error <= other + 1e-9


def test_violators_are_pooled() -> None:
    fitted = Isotonic.fit([1, 2, 3, 4], [0, 1, 0, 1])
    assert fitted.predict([1, 2, 2.5, 3, 4]) == [0, 0.5, 0.5, 0.5, 1]
    assert fitted.predict([-9, 9]) == [0, 1]
