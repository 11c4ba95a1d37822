"""Whether a confidence means what it says: reliability in ten bins, ECE and Brier score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Questions of similar confidence: how many, their mean confidence and their mean score."""

    questions: int
    confidence: float
    score: float


@dataclass(frozen=True)
class Calibration:
    """The expected calibration error weighs each bin's gap by its questions.

    The Brier score is the mean squared gap of single questions: 0 is perfect, 0.25 is what always
    saying 50 % gets. Source: M. P. Naeini, G. Cooper, M. Hauskrecht, AAAI 2015; G. W. Brier,
    Monthly Weather Review 78 (1950).
    """

    bins: tuple[Bin, ...]
    error: float
    brier: float


def calibration(
    confidences: Sequence[float | None], scores: Sequence[float | None]
) -> Calibration | None:
    """Over the questions that have both; None without any. Bins are of equal width.

    >>> found = calibration([0.9, 0.9, 0.2], [1, 1, 0])
    >>> round(found.error, 3), round(found.brier, 3), len(found.bins)
    (0.133, 0.02, 2)
    """
    pairs = [
        (c, s) for c, s in zip(confidences, scores, strict=True) if c is not None and s is not None
    ]
    if not pairs:
        return None
    groups: dict[int, list[tuple[float, float]]] = {}
    for pair in pairs:
        groups.setdefault(min(int(pair[0] * BINS), BINS - 1), []).append(pair)
    bins = [
        Bin(len(g), sum(c for c, _ in g) / len(g), sum(s for _, s in g) / len(g))
        for _, g in sorted(groups.items())
    ]
    return Calibration(
        tuple(bins),
        error=sum(b.questions * abs(b.confidence - b.score) for b in bins) / len(pairs),
        brier=sum((c - s) ** 2 for c, s in pairs) / len(pairs),
    )
