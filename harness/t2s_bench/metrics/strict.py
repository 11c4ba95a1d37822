"""`strict`: the result a careful reader would accept, and no other.

The same rows, each as often, in the same columns; in the same order where the gold's outermost
query asks for one. Numbers with a fraction point may differ by 1e-6 of the larger one, to allow for
another order of adding up; whole numbers, texts and NULLs are compared exactly, and a text never
equals a number. This project's own.
"""

from __future__ import annotations

from t2s_bench.metrics.case import Case
from t2s_bench.metrics.close_numbers import Tolerance
from t2s_bench.metrics.close_rows import same_rows_close
from t2s_bench.metrics.metric import Metric
from t2s_bench.metrics.outer_order import orders_result

TOLERANCE = Tolerance(relative=1e-6)


def strict(case: Case, gold: str) -> float:
    """1.0 where the results are the same, else 0.0."""
    pair = case.results(gold)
    if pair is None:
        return 0.0
    predicted, expected = pair
    if len(predicted.columns) != len(expected.columns):
        return 0.0  # of two empty results too
    ordered = orders_result(gold)
    return float(same_rows_close(expected.rows, predicted.rows, TOLERANCE, ordered=ordered))


STRICT = Metric("strict", "same rows, columns and asked order", "t2s-bench", strict)
