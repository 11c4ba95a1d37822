"""Shapley values: a fair share of the whole gain for every component.

A component's value is its mean gain over all orders in which the components could be switched on,
so that synergies are shared and the values add up to full minus base. They are linear in the
scores, so every question has its own values, and their mean is bootstrapped over questions. Source:
L. S. Shapley, Contributions to the Theory of Games II (1953).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial


@dataclass(frozen=True)
class Contribution:
    """A component's share of the gain, as a fraction, with its 95 % interval."""

    component: str
    value: float
    low: float
    high: float


def shapley_values(
    components: Sequence[str], scores: Mapping[frozenset[str], Sequence[float]]
) -> tuple[Contribution, ...]:
    """The contributions, from every question's score with each subset of components switched on.

    KeyError where a subset is missing.

    >>> on = {frozenset(): [0, 0], frozenset("a"): [1, 0],
    ...       frozenset("b"): [0, 0], frozenset("ab"): [1, 1]}
    >>> [(share.component, share.value) for share in shapley_values(["a", "b"], on)]
    [('a', 0.75), ('b', 0.25)]
    """
    import numpy as np

    from t2s_bench.analysis.bootstrap import bootstrap_means, percentile_interval

    count = len(components)
    rows = []
    for component in components:
        values = np.zeros(len(scores[frozenset()]))
        for subset, without in scores.items():
            if component not in subset:
                weight = factorial(len(subset)) * factorial(count - len(subset) - 1)
                gains = np.asarray(scores[subset | {component}]) - np.asarray(without)
                values += weight / factorial(count) * gains
        rows.append(values)
    samples = bootstrap_means(np.array(rows))
    return tuple(
        Contribution(component, float(rows[place].mean()), *percentile_interval(samples[:, place]))
        for place, component in enumerate(components)
    )
