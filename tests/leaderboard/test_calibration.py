"""Calibration against values worked out by hand."""

from __future__ import annotations

import pytest

from t2s_bench.leaderboard.calibration import calibration


def test_a_perfectly_calibrated_system_has_no_error() -> None:
    found = calibration([0.75] * 4 + [0.25] * 4, [1, 1, 1, 0, 1, 0, 0, 0])
    assert found is not None and found.error == 0.0
    assert found.brier == pytest.approx(0.75 * 0.25)


def test_bins_weigh_by_their_questions() -> None:
    found = calibration([0.95] * 9 + [0.05], [1] * 9 + [1])
    assert found is not None
    assert found.error == pytest.approx(0.9 * 0.05 + 0.1 * 0.95)
    assert [b.questions for b in found.bins] == [1, 9]


def test_full_confidence_is_in_the_last_bin_and_gaps_are_left_out() -> None:
    found = calibration([1.0, None, 0.5], [1, 1, None])
    assert found is not None and len(found.bins) == 1 and found.bins[0].score == 1.0
    assert calibration([None], [1]) is None
