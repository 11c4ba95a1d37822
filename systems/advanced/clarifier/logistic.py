"""Logistic regression by Newton's steps (IRLS), in numpy: Platt's scaling of one or more signals.

Source: J. Platt, Probabilistic Outputs for Support Vector Machines, 1999, whose smoothed targets
keep the weights finite where the classes can be parted; the ridge does the same for signals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RIDGE = 1.0
STEPS = 100
TOLERANCE = 1e-10


@dataclass(frozen=True)
class Logistic:
    """Weights of standardised signals: σ(bias + Σ weight · (x − mean) / scale)."""

    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    @classmethod
    def fit(cls, rows: Sequence[Sequence[float]], right: Sequence[bool]) -> Logistic:
        """From at least one row; the ridge is one pseudo-observation a signal, the bias has none.

        A signal that never changes gets no weight.
        """
        signals = np.asarray(rows, dtype=float)
        said = np.asarray(right, dtype=float)
        means, scales = signals.mean(0), signals.std(0)
        scales[scales < 1e-12] = np.inf
        design = np.hstack([(signals - means) / scales, np.ones((len(signals), 1))])
        positive, negative = said.sum(), len(said) - said.sum()
        high, low = (positive + 1) / (positive + 2), 1 / (negative + 2)
        targets = np.where(said > 0.5, high, low)
        ridge = np.full(design.shape[1], RIDGE)
        ridge[-1] = 1e-9
        weights = np.zeros(design.shape[1])
        for _ in range(STEPS):
            shares = _sigmoid(design @ weights)
            gradient = design.T @ (targets - shares) - ridge * weights
            curvature = (design * (shares * (1 - shares))[:, None]).T @ design + np.diag(ridge)
            step = np.linalg.solve(curvature, gradient)
            # A full step may overshoot far from the optimum.
            weights += step * min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
            if np.abs(step).max() < TOLERANCE:
                break
        finite = np.where(np.isinf(scales), 1.0, scales)
        return cls(
            tuple(map(float, means)),
            tuple(map(float, finite)),
            tuple(
                float(w) if np.isfinite(s) else 0.0 for w, s in zip(weights, scales, strict=False)
            ),
            float(weights[-1]),
        )

    def predict(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """The probability of each row."""
        signals = (np.asarray(rows, dtype=float) - self.means) / self.scales
        return [float(share) for share in _sigmoid(signals @ np.asarray(self.weights) + self.bias)]


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * logits))
