"""Resampling: the paired bootstrap over questions, and the sign-flip test of a mean difference.

Systems are compared on the same resampled questions, so the difficulty that they share cancels.
Scores are arrays of shape (systems, questions) of 0/1 or real values, without gaps. Results depend
on the seed only, not on how the work is cut into chunks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

RESAMPLES = 10_000
# Numbers drawn at once: 8 MB an array, however many resamples there are.
_CHUNK = 1_000_000


def bootstrap_means(scores: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Means of every system on resampled questions, of shape (resamples, systems).

    Row r holds all systems' means on the r-th resample, so that differences and ranks within a row
    are paired. Instead of gathering scores, each question's multiplicity is counted and the counts
    are multiplied with the scores: one matrix product for all systems.

    >>> means = bootstrap_means([[1, 0, 1, 1], [1, 0, 1, 1]], resamples=100)
    >>> means.shape, bool((means[:, 0] == means[:, 1]).all())
    ((100, 2), True)
    """
    import numpy as np

    table = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    questions = table.shape[1]
    if questions == 0:
        raise ValueError("there are no questions to resample")
    generator = np.random.default_rng(seed)
    means = np.empty((resamples, table.shape[0]))
    chunk = max(1, _CHUNK // questions)
    for start in range(0, resamples, chunk):
        size = min(chunk, resamples - start)
        drawn = generator.integers(0, questions, size=(size, questions))
        drawn += np.arange(size)[:, None] * questions
        counts = np.bincount(drawn.ravel(), minlength=size * questions).reshape(size, questions)
        means[start : start + size] = counts @ table.T
    means /= questions
    return means


def percentile_interval(sample: ArrayLike, confidence: float = 0.95) -> tuple[float, float]:
    """The percentile interval of a bootstrap sample of one quantity.

    >>> percentile_interval(range(101), 0.5)
    (25.0, 75.0)
    """
    import numpy as np

    tail = 50 * (1 - confidence)
    low, high = np.percentile(np.asarray(sample, dtype=np.float64), (tail, 100 - tail))
    return float(low), float(high)


def mean_interval(
    values: ArrayLike, *, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """The percentile bootstrap interval of a mean, say of the questions' differences."""
    sample = bootstrap_means(values, resamples=resamples, seed=seed)
    return percentile_interval(sample[:, 0], confidence)


def sign_flip_test(differences: ArrayLike, *, flips: int = RESAMPLES, seed: int = 0) -> float:
    """The two-sided p-value of a mean difference of 0: under it, every sign is a fair coin.

    For differences of -1, 0 and 1 this is McNemar's exact test by chance instead of by sum. The
    observed signs count as one of the flips, so the p-value is never 0. Source: R. A. Fisher, The
    Design of Experiments (1935), §21.
    """
    import numpy as np

    values = np.asarray(differences, dtype=np.float64)
    values = values[values != 0]
    if not len(values):
        return 1.0
    generator = np.random.default_rng(seed)
    observed = abs(values.sum())
    # Sums that differ only by rounding are the same sum.
    least = observed - 1e-9 * np.abs(values).sum()
    extreme = 0
    chunk = max(1, _CHUNK // len(values))
    for start in range(0, flips, chunk):
        signs = generator.integers(0, 2, size=(min(chunk, flips - start), len(values)), dtype=bool)
        sums = 2 * (signs @ values) - values.sum()
        extreme += int((np.abs(sums) >= least).sum())
    return (extreme + 1) / (flips + 1)
