"""`steps`: how much work a right answer does against the gold, by VM steps.

0 for a wrong answer (by `ex`), else gold steps ÷ predicted steps, at most 1. Steps are counted in
whole periods of the executor (1,000), both rounded up, so two short queries score 1. Unlike a time,
the figure is the same on every machine with the same SQLite version. This project's own.
"""

from __future__ import annotations

from t2s_bench.execution.sqlite import PERIOD
from t2s_bench.metrics.case import Case
from t2s_bench.metrics.ex import ex
from t2s_bench.metrics.metric import Metric


def steps(case: Case, gold: str) -> float | None:
    """The ratio between 0 and 1; None on a server, which counts no steps."""
    if case.task.database.url:
        return None
    pair = case.results(gold)
    if pair is None or not ex(case, gold):
        return 0.0
    predicted, expected = pair
    return min(1.0, (expected.steps + PERIOD) / (predicted.steps + PERIOD))


STEPS = Metric("steps", "gold steps by predicted steps", "t2s-bench", steps, efficiency=True)
