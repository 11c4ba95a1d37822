"""The conditional logit (McFadden 1974): which of several is chosen, by the sum of weighted terms.

p(c) ∝ exp(Σ weight · term(c)), fitted by maximum likelihood where more than one choice of a case
may be right: the right ones share what they explain (a step of expectation maximisation), then the
weights take a Newton step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# In units of the terms' standard deviations, a case: keeps weights finite where terms part all.
RIDGE = 1e-3
STEPS = 60
TOLERANCE = 1e-8
# Stands for minus infinity, where a difference of two must be a number.
NEVER = -1e9


def fit_choice(
    cases: Sequence[tuple[Sequence[Sequence[float]], Sequence[bool]]],
    signs: Sequence[int],
) -> tuple[float, ...]:
    """The weights of the terms, from cases of (rows of terms, which rows are right).

    Cases where nothing or all is right teach nothing. A weight whose sign is not the one of `signs`
    is 0, and the others are fitted without it; all are 0 where no case teaches.
    """
    taught = [(rows, right) for rows, right in cases if any(right) and not all(right)]
    if not taught:
        return (0.0,) * len(signs)
    most = max(len(rows) for rows, _ in taught)
    terms = np.zeros((len(taught), most, len(signs)))
    bias = np.full((len(taught), most), NEVER)
    good = np.full((len(taught), most), NEVER)
    for n, (rows, right) in enumerate(taught):
        terms[n, : len(rows)] = rows
        bias[n, : len(rows)] = 0.0
        good[n, : len(rows)] = np.where(right, 0.0, NEVER)
    real = bias == 0.0
    scales = terms[real].std(0)
    used = [place for place, scale in enumerate(scales) if scale > 1e-12]
    while used:
        weights = _newton(terms[:, :, used] / scales[used], bias, good)
        wrong = [place for place, w in zip(used, weights, strict=True) if w * signs[place] < 0]
        if not wrong:
            break
        worst = min(wrong, key=lambda place: signs[place] * weights[used.index(place)])
        used.remove(worst)
    found = [0.0] * len(signs)
    for place, weight in zip(used, weights if used else (), strict=True):
        found[place] = float(weight / scales[place])
    return tuple(found)


def _newton(terms: np.ndarray, bias: np.ndarray, good: np.ndarray) -> np.ndarray:
    """Weights of scaled terms (cases, choices, terms); `bias`, `good`: NEVER for what is none."""
    count = terms.shape[2]
    weights = np.zeros(count)
    ridge = RIDGE * len(terms)
    for _ in range(STEPS):
        scores = terms @ weights
        shares = _softmax(scores + bias)
        explained = _softmax(scores + good)
        mean = np.einsum("nc,ncf->nf", shares, terms)
        gradient = np.einsum("nc,ncf->f", explained - shares, terms) - ridge * weights
        spread = np.einsum("nc,ncf,ncg->fg", shares, terms, terms) - mean.T @ mean
        step = np.linalg.solve(spread + ridge * np.eye(count), gradient)
        weights = weights + step * min(1.0, 1.0 / max(1e-12, float(np.abs(step).max())))
        if np.abs(step).max() < TOLERANCE:
            break
    return weights


def _softmax(scores: np.ndarray) -> np.ndarray:
    odds = np.exp(scores - scores.max(1, keepdims=True))
    return odds / odds.sum(1, keepdims=True)  # type: ignore[no-any-return]
