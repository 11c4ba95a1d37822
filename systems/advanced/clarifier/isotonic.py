"""Isotonic regression by pooling adjacent violators, in numpy.

Source: R. E. Barlow et al., Statistical Inference under Order Restrictions, 1972. Of all rising
functions it has the least squared error; it needs hundreds of pairs and knows nothing beyond them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Isotonic:
    """A rising function through knots, straight between them and level beyond the last ones."""

    scores: tuple[float, ...]
    shares: tuple[float, ...]

    @classmethod
    def fit(cls, scores: Sequence[float], right: Sequence[float]) -> Isotonic:
        """From at least one pair; equal scores are one point of their mean."""
        order = np.argsort(np.asarray(scores, dtype=float), kind="stable")
        points: list[list[float]] = []  # lowest score, highest score, sum, count
        for place in order:
            score, share = float(scores[place]), float(right[place])
            if points and points[-1][1] == score:
                points[-1][2] += share
                points[-1][3] += 1
            else:
                points.append([score, score, share, 1.0])
        blocks: list[list[float]] = []
        for point in points:
            blocks.append(point)
            while len(blocks) > 1 and _mean(blocks[-2]) >= _mean(blocks[-1]):
                low = blocks.pop()
                blocks[-1] = [blocks[-1][0], low[1], blocks[-1][2] + low[2], blocks[-1][3] + low[3]]
        knots: dict[float, float] = {}
        for block in blocks:
            knots[block[0]] = knots[block[1]] = _mean(block)
        return cls(tuple(knots), tuple(knots.values()))

    def predict(self, scores: Sequence[float]) -> list[float]:
        """The share at each score."""
        found = np.interp(np.asarray(scores, dtype=float), self.scores, self.shares)
        return [float(share) for share in found]


def _mean(block: Sequence[float]) -> float:
    return block[2] / block[3]
