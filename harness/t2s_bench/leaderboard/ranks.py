"""Intervals of ranks: where a system stands, as far as the questions can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from t2s_bench.analysis.bootstrap import RESAMPLES, bootstrap_means

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# Sums of real-valued scores that differ by less are the same sum in another order of addition.
_ROUNDING = 1e-9


def rank_intervals(
    scores: ArrayLike, slices: ArrayLike | None = None, *, resamples: int = RESAMPLES
) -> list[list[tuple[int, int]]]:
    """For every slice the 95 % interval of every system's rank, 1 being the best.

    `scores` has the shape (systems, questions), `slices` (slices, questions) says which questions a
    slice has; without it there is one slice of all. The ranks come from the paired bootstrap: all
    systems are ranked on the same resample of the questions. Equal systems share all the ranks that
    they take together, so two copies of one system are 1–2 and not both 1.

    >>> rank_intervals([[1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]], resamples=200)
    [[(1, 2), (1, 2), (3, 3)]]
    """
    import numpy as np

    table = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    systems, questions = table.shape
    masks = np.ones((1, questions)) if slices is None else np.asarray(slices, dtype=np.float64)
    # Within a slice all systems have the same questions in a resample: sums rank as means do.
    stacked = (masks[:, None, :] * table[None, :, :]).reshape(-1, questions)
    sums = bootstrap_means(stacked, resamples=resamples).reshape(resamples, -1, systems)
    intervals: list[list[tuple[int, int]]] = []
    for number in range(len(masks)):
        of_slice = sums[:, number, :]
        found = []
        for system in range(systems):
            lead = of_slice - of_slice[:, [system]]
            best = 1 + (lead > _ROUNDING).sum(axis=1)
            worst = systems - (lead < -_ROUNDING).sum(axis=1)
            found.append(
                (
                    int(np.percentile(best, 2.5, method="lower")),
                    int(np.percentile(worst, 97.5, method="higher")),
                )
            )
        intervals.append(found)
    return intervals
