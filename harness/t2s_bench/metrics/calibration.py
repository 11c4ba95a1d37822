"""Whether a confidence means what it says, and whether it tells right answers from wrong ones.

ECE and the Brier score ask the first; the risk–coverage curve and its area ask the second: they
depend on the order of the confidences alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

BINS = 15

# confidence between 0 and 1, and whether the answer was right (or its score between 0 and 1)
Pair = tuple[float, float]


@dataclass(frozen=True)
class Bin:
    """Answers of similar confidence: how many, their mean confidence, the share that is right."""

    questions: int
    confidence: float
    accuracy: float


def reliability(pairs: Sequence[Pair], bins: int = BINS) -> list[Bin]:
    """The answers in bins of equal width, empty ones left out; a bin includes its upper edge.

    Raises ValueError for a confidence outside 0 to 1. Source: C. Guo et al., ICML 2017.

    >>> [(b.questions, b.accuracy) for b in reliability([(0.5, 1), (0.51, 0), (0.1, 0)], 2)]
    [(2, 0.5), (1, 0.0)]
    """
    groups: dict[int, list[Pair]] = {}
    for pair in pairs:
        confidence = pair[0]
        if not 0 <= confidence <= 1:
            raise ValueError(f"a confidence lies between 0 and 1, not at {confidence}")
        place = int(confidence * bins)
        groups.setdefault(place - (place > 0 and place == confidence * bins), []).append(pair)
    return [
        Bin(len(g), sum(c for c, _ in g) / len(g), sum(right for _, right in g) / len(g))
        for _, g in sorted(groups.items())
    ]


def expected_calibration_error(pairs: Sequence[Pair], bins: int = BINS) -> float:
    """The bins' gaps between confidence and accuracy, weighted by their answers.

    >>> expected_calibration_error([(0.75, 1), (0.75, 1), (0.75, 1), (0.75, 0)])
    0.0
    """
    found = reliability(pairs, bins)
    return sum(b.questions * abs(b.confidence - b.accuracy) for b in found) / len(pairs)


def brier(pairs: Sequence[Pair]) -> float:
    """The mean squared gap of single answers; always saying one half gets 0.25.

    >>> brier([(1.0, 1), (0.5, 0)])
    0.125
    """
    return sum((confidence - right) ** 2 for confidence, right in pairs) / len(pairs)


def risk_coverage(pairs: Sequence[Pair]) -> list[tuple[float, float]]:
    """(coverage, risk) when only the most confident answers are given, for each possible threshold.

    Coverage is the share of questions answered, risk the share of these that is wrong. Answers of
    one confidence are given together: no threshold could part them.

    >>> risk_coverage([(0.9, 1), (0.5, 0), (0.5, 1), (0.1, 0)])
    [(0.25, 0.0), (0.75, 0.3333333333333333), (1.0, 0.5)]
    """
    points = []
    answered, wrong = 0, 0.0
    for _, group in groupby(sorted(pairs, key=lambda p: -p[0]), key=lambda p: p[0]):
        members = list(group)
        answered += len(members)
        wrong += sum(1 - right for _, right in members)
        points.append((answered / len(pairs), wrong / answered))
    return points


def area_under_risk_coverage(pairs: Sequence[Pair]) -> float:
    """AURC: the mean risk over the coverages 1/n, 2/n, …, 1; lower is better.

    Answers of one confidence count in random order, by expectation, so the order in which they
    come does not matter: one confidence for all gives the plain error rate. Source: Y. Geifman,
    G. Uziel, R. El-Yaniv, ICLR 2019.

    >>> area_under_risk_coverage([(0.9, 1), (0.1, 0)]), area_under_risk_coverage([(1, 1), (1, 0)])
    (0.25, 0.5)
    """
    total = 0.0
    answered, wrong = 0, 0.0
    for _, group in groupby(sorted(pairs, key=lambda p: -p[0]), key=lambda p: p[0]):
        members = list(group)
        share = sum(1 - right for _, right in members) / len(members)
        for _ in members:
            answered += 1
            wrong += share
            total += wrong / answered
    return total / len(pairs)


def calibration(pairs: Sequence[Pair]) -> dict[str, object]:
    """Everything above as a report shows it; `pairs` holds at least one."""
    curve = risk_coverage(pairs)
    return {
        "n": len(pairs),
        "ece": expected_calibration_error(pairs),
        "ece_bins": BINS,
        "brier": brier(pairs),
        "aurc": area_under_risk_coverage(pairs),
        "bins": [[b.questions, b.confidence, b.accuracy] for b in reliability(pairs)],
        "risk_coverage": [list(point) for point in curve],
    }
