"""Two systems on the same questions: how far apart they are, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from t2s_bench.analysis.statistics import (
    detectable_difference,
    detectable_mean_difference,
    mcnemar,
    paired_interval,
)

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class PairedDifference:
    """The second system's mean minus the first's, over `questions`; all are fractions.

    `won` counts the questions on which the second is better, `lost` those on which it is worse.
    `low` and `high` bound the difference at 95 %. `p` tests that there is none. `detectable` is the
    least true difference that this comparison would have shown with 80 % power.
    """

    questions: int
    first: float
    second: float
    low: float
    high: float
    p: float
    won: int
    lost: int
    detectable: float

    @property
    def difference(self) -> float:
        """Second minus first."""
        return self.second - self.first


def paired_difference(first: Sequence[float], second: Sequence[float]) -> PairedDifference:
    """Compares two systems' values on the same questions.

    Where all values are 0 or 1: Tango's interval and McNemar's exact test. Else: the percentile
    bootstrap of the mean difference and the sign-flip test, both with 10,000 draws and a fixed
    seed. ValueError for different lengths.

    >>> pair = paired_difference([1, 1, 0, 0, 1, 0], [1, 0, 1, 1, 1, 0])
    >>> pair.won, pair.lost, pair.p
    (2, 1, 1.0)
    """
    pairs = list(zip(first, second, strict=True))
    total = len(pairs)
    if total == 0:
        return PairedDifference(0, 0.0, 0.0, -1.0, 1.0, 1.0, 0, 0, 1.0)
    won = sum(b > a for a, b in pairs)
    lost = sum(b < a for a, b in pairs)
    means = sum(first) / total, sum(second) / total
    if all(value in (0, 1) for pair in pairs for value in pair):
        low, high = paired_interval(won, lost, total)
        p = mcnemar(won, lost)
        detectable = detectable_difference(total, (won + lost) / total)
    else:
        from t2s_bench.analysis.bootstrap import mean_interval, sign_flip_test

        gains = [b - a for a, b in pairs]
        low, high = mean_interval(gains)
        p = sign_flip_test(gains)
        mean = sum(gains) / total
        deviation = sqrt(sum((gain - mean) ** 2 for gain in gains) / max(1, total - 1))
        detectable = detectable_mean_difference(deviation, total)
    return PairedDifference(total, *means, low, high, p, won, lost, detectable)


def verdict(pair: PairedDifference, p: float | None = None) -> str:
    """In words; `p` is the adjusted p-value where several pairs are tested.

    >>> verdict(paired_difference([0] * 30 + [1] * 70, [1] * 100))
    'better'
    >>> verdict(paired_difference([1] * 50 + [0] * 50, [0] * 2 + [1] * 49 + [0] * 49))
    'no difference shown: could have seen 8.7 points'
    """
    if (pair.p if p is None else p) < SIGNIFICANT:
        return "better" if pair.difference > 0 else "worse"
    return f"no difference shown: could have seen {100 * pair.detectable:.1f} points"
