"""Statistics of a rate: no score is shown without its uncertainty."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson_interval(successes: float, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a rate, as fractions; (0, 1) of nothing.

    Also for the mean of scores between 0 and 1, where it is conservative (a bounded variable has
    at most the variance of a coin with its mean). Source: E. B. Wilson, JASA 22 (1927).

    >>> low, high = wilson_interval(807, 972)
    >>> round(low, 4), round(high, 4)
    (0.8054, 0.8525)
    """
    if total == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = successes / total
    centre = (rate + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(rate * (1 - rate) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, centre - half), min(1.0, centre + half)
