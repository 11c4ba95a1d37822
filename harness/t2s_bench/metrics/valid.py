"""`valid`: the prediction runs, whatever it returns. It says nothing of right or wrong."""

from __future__ import annotations

from t2s_bench.metrics.case import Case
from t2s_bench.metrics.metric import Metric


def valid(case: Case, gold: str) -> float:
    """1.0 where there is a prediction and it runs within its budget, else 0.0."""
    return float(bool(case.sql.strip()) and case.prediction().ok)


VALID = Metric("valid", "predictions that run", "t2s-bench", valid)
