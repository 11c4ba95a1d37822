"""Statistics agree with reference implementations and keep the error rates they promise."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from t2s_bench.analysis.paired import paired_difference
from t2s_bench.analysis.statistics import (
    detectable_difference,
    detectable_mean_difference,
    holm,
    mcnemar,
    paired_interval,
    wilson_interval,
)

EXPERIMENTS = 2_000


def counts(
    questions: int, discordance: float, difference: float, seed: int = 0
) -> list[tuple[int, int]]:
    """Questions won and lost in simulated experiments with this true difference."""
    shares = [(discordance + difference) / 2, (discordance - difference) / 2, 1 - discordance]
    drawn = np.random.default_rng(seed).multinomial(questions, shares, size=EXPERIMENTS)
    return [(int(won), int(lost)) for won, lost, _ in drawn]


@pytest.mark.parametrize(
    ("won", "lost"), [(0, 0), (0, 1), (6, 0), (5, 5), (10, 20), (83, 60), (400, 330)]
)
def test_mcnemar_is_scipys_and_statsmodels_exact_test(won: int, lost: int) -> None:
    scipy = pytest.importorskip("scipy.stats")
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    expected = scipy.binomtest(won, won + lost).pvalue if won + lost else 1.0
    assert mcnemar(won, lost) == pytest.approx(expected, rel=1e-9)
    if won + lost:
        table = tables.mcnemar([[50, lost], [won, 50]], exact=True)
        assert mcnemar(won, lost) == pytest.approx(table.pvalue, rel=1e-9)


def test_holm_is_statsmodels() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p_values = [0.04, 0.001, 0.2, 0.03, 0.03, 0.9, 0.011]
    _, expected, _, _ = multitest.multipletests(p_values, method="holm")
    assert holm(p_values) == pytest.approx(list(expected))
    assert holm([]) == []


@pytest.mark.parametrize(("right", "total"), [(0, 10), (7, 10), (809, 972), (972, 972)])
def test_wilson_is_statsmodels(right: int, total: int) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    expected = proportion.proportion_confint(right, total, method="wilson")
    assert wilson_interval(right, total) == pytest.approx(expected, abs=1e-12)


def test_the_paired_interval_has_published_and_known_values() -> None:
    # Tango (1998) and Newcombe (1998): 12 against 2 of 50.
    assert paired_interval(12, 2, 50) == pytest.approx((0.0611, 0.3447), abs=5e-5)
    # Without any discordance the score equation is n d² = z² (1 − d²) in closed form.
    low, high = paired_interval(0, 0, 44)
    square = 1.959963984540054**2
    assert (low, high) == pytest.approx((-square / (44 + square), square / (44 + square)))
    assert paired_interval(0, 0, 0) == (-1, 1)


@pytest.mark.parametrize(("won", "lost", "total"), [(12, 2, 50), (0, 9, 9), (83, 60, 972)])
def test_the_paired_interval_mirrors_and_holds_the_difference(
    won: int, lost: int, total: int
) -> None:
    low, high = paired_interval(won, lost, total)
    mirrored = paired_interval(lost, won, total)
    assert mirrored == pytest.approx((-high, -low), abs=1e-12)
    assert -1 <= low <= (won - lost) / total <= high <= 1


@pytest.mark.parametrize("discordance", [0.02, 0.05, 0.1, 0.2, 0.4])
@pytest.mark.parametrize("share", [0.0, 0.4, 0.8])
def test_paired_intervals_cover_what_they_promise(discordance: float, share: float) -> None:
    truth = share * discordance
    found = [paired_interval(won, lost, 500) for won, lost in counts(500, discordance, truth)]
    covered = sum(low <= truth <= high for low, high in found) / EXPERIMENTS
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize("discordance", [0.01, 0.05, 0.1, 0.3])
def test_mcnemar_rejects_less_than_one_true_null_in_twenty(discordance: float) -> None:
    rejected = sum(mcnemar(won, lost) < 0.05 for won, lost in counts(500, discordance, 0.0))
    assert rejected / EXPERIMENTS < 0.05


@pytest.mark.parametrize("questions", [100, 276, 500, 1034])
@pytest.mark.parametrize("discordance", [0.0, 0.02, 0.1, 0.3])
def test_a_detectable_difference_is_detected_four_times_in_five(
    questions: int, discordance: float
) -> None:
    truth = detectable_difference(questions, discordance)
    experiments = counts(questions, max(discordance, truth), truth)
    power = sum(mcnemar(won, lost) < 0.05 for won, lost in experiments) / EXPERIMENTS
    # Few discordant questions make the exact test's steps coarse: power is then above its promise.
    assert 0.77 <= power <= 0.94


def test_a_detectable_mean_difference_is_detected_four_times_in_five() -> None:
    truth = detectable_mean_difference(0.3, 500)
    generator = np.random.default_rng(0)
    drawn = truth + 0.3 * generator.uniform(-sqrt(3), sqrt(3), size=(EXPERIMENTS, 500))
    shown = np.abs(drawn.mean(axis=1)) > 1.96 * drawn.std(axis=1, ddof=1) / sqrt(500)
    assert 0.77 <= shown.mean() <= 0.83


def test_real_valued_scores_are_compared_by_bootstrap_and_sign_flips() -> None:
    generator = np.random.default_rng(3)
    first = generator.random(300)
    second = np.clip(first + generator.normal(0.03, 0.1, 300), 0, 1)
    pair = paired_difference(first.tolist(), second.tolist())
    gains = second - first
    half = 1.96 * gains.std(ddof=1) / sqrt(300)
    assert pair.low == pytest.approx(gains.mean() - half, abs=0.1 * half)
    assert pair.high == pytest.approx(gains.mean() + half, abs=0.1 * half)
    assert pair.p < 0.001
    assert pair.won > pair.lost
