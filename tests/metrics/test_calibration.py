"""ECE, Brier, AURC and the risk–coverage curve against values computed by hand."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2s_bench.metrics.calibration import (
    area_under_risk_coverage,
    brier,
    calibration,
    expected_calibration_error,
    reliability,
    risk_coverage,
)

PAIRS = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=1, max_size=30)


def test_ece_weighs_each_bin_by_its_answers() -> None:
    # Bins (0.8667, 0.9333] with 0.9, 0.9 and one right; (0.2, 0.2667] with 0.25 and none right.
    pairs = [(0.9, 1), (0.9, 0), (0.25, 0)]
    assert expected_calibration_error(pairs) == pytest.approx((2 * 0.4 + 0.25) / 3)
    assert brier(pairs) == pytest.approx((0.01 + 0.81 + 0.0625) / 3)


def test_bins_include_their_upper_edge() -> None:
    assert [b.questions for b in reliability([(0.0, 0), (1.0, 1), (0.999, 1)])] == [1, 2]
    with pytest.raises(ValueError, match="between 0 and 1"):
        reliability([(1.5, 1)])


def test_perfect_and_reversed_order() -> None:
    # Right, right, wrong: risks 0, 0, 1/3; the other way round 1, 1/2, 1/3.
    assert area_under_risk_coverage([(0.9, 1), (0.8, 1), (0.1, 0)]) == pytest.approx(1 / 9)
    reverse = area_under_risk_coverage([(0.1, 1), (0.2, 1), (0.9, 0)])
    assert reverse == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


def test_equal_confidences_count_by_expectation() -> None:
    rights = [1.0, 1.0, 0.0, 0.0]
    orders = [
        area_under_risk_coverage([(1 - place / 10, right) for place, right in enumerate(order)])
        for order in permutations(rights)
    ]
    tied = area_under_risk_coverage([(0.5, right) for right in rights])
    assert tied == pytest.approx(sum(orders) / len(orders)) == pytest.approx(0.5)


@given(PAIRS)
def test_figures_are_shares_and_do_not_depend_on_the_order(
    pairs: list[tuple[float, float]],
) -> None:
    found = calibration(pairs)
    again = calibration(pairs[::-1])
    for name in ("ece", "brier", "aurc"):
        value = found[name]
        assert isinstance(value, float) and -1e-9 <= value <= 1 + 1e-9
        assert value == pytest.approx(again[name])
    coverage, risk = risk_coverage(pairs)[-1]
    assert coverage == 1.0
    assert risk == pytest.approx(sum(1 - right for _, right in pairs) / len(pairs))
    assert sum(b.questions for b in reliability(pairs)) == len(pairs)
