"""`subset`: Spider 2.0's comparison: every gold column is among the predicted ones.

Each gold column must equal some predicted column as a whole, numbers to an absolute tolerance of
1e-2 and NULLs to NULLs; further predicted columns are free, and columns are compared one by one.
Officially each question says whether order counts; here it does where the gold's outermost query
orders. Source: Spider 2.0, `evaluate.py` (also OmniSQL's `evaluate_spider2.py`).
"""

from __future__ import annotations

from t2s_bench.metrics.case import Case
from t2s_bench.metrics.close_numbers import Tolerance
from t2s_bench.metrics.close_rows import holds_columns
from t2s_bench.metrics.metric import Metric
from t2s_bench.metrics.outer_order import orders_result

TOLERANCE = Tolerance(relative=1e-9, absolute=1e-2)


def subset(case: Case, gold: str) -> float:
    """1.0 where all gold columns are there, else 0.0."""
    pair = case.results(gold)
    if pair is None:
        return 0.0
    predicted, expected = pair
    if not (predicted.columns and expected.columns):
        return 0.0
    ordered = orders_result(gold)
    return float(holds_columns(expected.rows, predicted.rows, TOLERANCE, ordered=ordered))


SUBSET = Metric("subset", "gold columns among the predicted", "Spider 2.0 evaluate.py", subset)
