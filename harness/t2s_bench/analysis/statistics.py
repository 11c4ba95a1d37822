"""Statistics of a rate and of a paired difference: no score is shown without its uncertainty.

Everything here is closed form or exact and imports nothing; what needs resampling is in
`analysis.bootstrap`. Rates and differences are fractions, not percentages. Two systems answered the
same questions: `won` counts those that only the second got right, `lost` those that only the first
did, and only these questions tell the systems apart. See docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
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
    z = _quantile((1 + confidence) / 2)
    rate = successes / total
    centre = (rate + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(rate * (1 - rate) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, centre - half), min(1.0, centre + half)


@lru_cache(maxsize=4096)
def mcnemar(won: int, lost: int) -> float:
    """The exact two-sided p-value of McNemar's test: a fair coin thrown `won + lost` times.

    Not the mid-p variant: its promised error rate holds for every count. Source: Q. McNemar,
    Psychometrika 12 (1947), in the exact binomial form.

    >>> round(mcnemar(0, 6), 4), round(mcnemar(10, 20), 4), mcnemar(3, 3)
    (0.0312, 0.0987, 1.0)
    """
    thrown = won + lost
    if won == lost:
        return 1.0
    ways = tail = 1
    for heads in range(min(won, lost)):
        ways = ways * (thrown - heads) // (heads + 1)
        tail += ways
    return min(1.0, tail / (1 << (thrown - 1)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given: their smallest one holds for the family.

    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979).

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    ranked = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(ranked):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = least
    return adjusted


@lru_cache(maxsize=4096)
def paired_interval(
    won: int, lost: int, total: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Tango's score interval of the difference of two rates on the same questions.

    It holds those differences d that the score test does not reject; the end points are found by
    bisection. It covers what it promises also where few questions tell the systems apart, where
    the percentile bootstrap and Wald's interval do not: bench/paired_statistics.py measures them.
    Source: T. Tango, Statistics in Medicine 17 (1998).

    >>> low, high = paired_interval(12, 2, 50)
    >>> round(low, 4), round(high, 4)
    (0.0611, 0.3447)
    """
    if total == 0:
        return -1.0, 1.0
    z = _quantile((1 + confidence) / 2)
    difference = (won - lost) / total

    def accepted(d: float) -> bool:
        # The maximum likelihood estimate of the rate of losses, given the difference d.
        b = (2 * total - won + lost) * d - won - lost
        c = -lost * d * (1 - d)
        rate = (sqrt(max(0.0, b * b - 8 * total * c)) - b) / (4 * total)
        variance = total * max(0.0, 2 * rate + d * (1 - d))
        return (won - lost - total * d) ** 2 <= z * z * variance

    def bound(outside: float) -> float:
        inside = difference
        for _ in range(60):
            middle = (inside + outside) / 2
            if accepted(middle):
                inside = middle
            else:
                outside = middle
        return inside

    return bound(-1.0), bound(1.0)


def detectable_difference(total: int, discordance: float, power: float = 0.8) -> float:
    """The least true difference that McNemar's test at 5 % would show with this power.

    `discordance` is the share of questions that only one of the two systems gets right. Connor's
    formula for the number of questions, n d² = (z₁ √ψ + z₂ √(ψ − d²))², solved for d, plus the
    exact test's continuity, 1/n. A difference cannot exceed the discordance: where the formula says
    so, the systems must first differ on more questions, and ψ = d is put in. Source: R. J. Connor,
    Biometrics 43 (1987); the power it promises is checked by simulation in the tests.

    >>> round(detectable_difference(500, 0.10), 4)
    0.0415
    """
    if total == 0:
        return 1.0
    z1, z2 = _quantile(0.975), _quantile(power)
    a = z1 * sqrt(discordance)
    root = sqrt(max(0.0, a * a * total - (total + z2 * z2) * (a * a - z2 * z2 * discordance)))
    difference = (a * sqrt(total) + root) / (total + z2 * z2)
    if difference >= discordance:
        difference = 1.0
        for _ in range(60):
            difference = min(1.0, (z1 + z2 * sqrt(1 - difference)) ** 2 / total)
    return min(1.0, difference + 1 / total)


def detectable_mean_difference(deviation: float, total: int, power: float = 0.8) -> float:
    """The same for scores that are not 0 or 1: (z₁ + z₂) s / √n.

    `deviation` is the standard deviation of the questions' differences.

    >>> round(detectable_mean_difference(0.3, 500), 4)
    0.0376
    """
    if total == 0:
        return 1.0
    return (_quantile(0.975) + _quantile(power)) * deviation / sqrt(total)


@lru_cache(maxsize=64)
def _quantile(probability: float) -> float:
    return NormalDist().inv_cdf(probability)
