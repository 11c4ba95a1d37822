"""The fast bootstrap is the plain one, and its intervals cover what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from t2s_bench.analysis import bootstrap
from t2s_bench.analysis.bootstrap import bootstrap_means, mean_interval, sign_flip_test
from t2s_bench.analysis.statistics import mcnemar


def outcomes(systems: int, questions: int, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random((systems, questions)) < 0.7).astype(float)


def test_counting_multiplicities_is_gathering_scores() -> None:
    """The reference is the paired bootstrap as sacrebleu has it: draw indices, average."""
    scores = np.random.default_rng(1).random((3, 50))
    generator = np.random.default_rng(5)
    drawn = generator.integers(0, 50, size=(200, 50))
    expected = np.stack([scores[:, indices].mean(axis=1) for indices in drawn])
    assert bootstrap_means(scores, resamples=200, seed=5) == pytest.approx(expected)


def test_chunks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bootstrap_means(outcomes(4, 100), resamples=500)
    monkeypatch.setattr(bootstrap, "_CHUNK", 777)
    assert np.array_equal(whole, bootstrap_means(outcomes(4, 100), resamples=500))


def test_systems_are_resampled_together() -> None:
    scores = outcomes(1, 200)
    means = bootstrap_means(np.vstack([scores, 1 - scores]), resamples=300)
    assert means.sum(axis=1) == pytest.approx(np.ones(300))


def test_the_interval_is_scipys() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = np.random.default_rng(2).exponential(size=400)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=10_000, method="percentile", random_state=0
    ).confidence_interval
    assert mean_interval(values) == pytest.approx(tuple(expected), abs=0.01)


@pytest.mark.parametrize("changed", [0.05, 0.2, 0.6])
def test_intervals_of_real_valued_differences_cover_what_they_promise(changed: float) -> None:
    """Soft scores: most questions give both systems the same, some a little, a few all or none."""
    generator = np.random.default_rng(0)
    shape = (2_000, 500)
    differences = np.where(generator.random(shape) < changed, generator.uniform(-1, 1, shape), 0)
    differences += generator.random(shape) < 0.02
    sample = bootstrap_means(differences, resamples=1_000)
    low, high = np.percentile(sample, (2.5, 97.5), axis=0)
    covered = ((low <= 0.02) & (high >= 0.02)).mean()
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize(("won", "lost"), [(3, 3), (12, 2), (30, 20), (40, 18)])
def test_flipping_signs_of_zero_one_scores_is_mcnemars_test(won: int, lost: int) -> None:
    p = sign_flip_test([1] * won + [-1] * lost + [0] * 50)
    assert p == pytest.approx(mcnemar(won, lost), abs=0.015)


def test_no_difference_at_all_is_no_evidence() -> None:
    assert sign_flip_test([0.0] * 10) == 1.0
    assert mean_interval([0.0] * 10) == (0.0, 0.0)


def test_nothing_to_resample_is_an_error() -> None:
    with pytest.raises(ValueError, match="no questions"):
        bootstrap_means(np.empty((2, 0)))
