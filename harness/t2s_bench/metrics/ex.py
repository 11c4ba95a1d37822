"""`ex`: BIRD's execution accuracy.

The sets of rows are equal: duplicates and row order do not count, column order and count do, and
values are equal as in Python (1 == 1.0). A failing prediction or gold, and text that is not valid
UTF-8, score 0. Source: bird-bench/mini_dev, evaluation_ex.py.

Differs from the official script on purpose, in both profiles: prediction and gold never share a
connection, so a prediction cannot change what the gold returns (officially `DELETE FROM t` can
score 1). In profile `safe`, a prediction without any SQL scores 0 even where the gold is empty.
"""

from __future__ import annotations

from t2s_bench.metrics.case import Case
from t2s_bench.metrics.metric import Metric
from t2s_bench.metrics.rows import same_set


def ex(case: Case, gold: str) -> float:
    """1.0 where the sets of rows are equal, else 0.0."""
    key = "ex", gold
    verdict: float | None = case.memo.get(key)
    if verdict is None:
        pair = case.results(gold)
        verdict = 0.0 if pair is None else float(same_set(pair[0].rows, pair[1].rows))
        case.memo[key] = verdict
    return verdict


EX = Metric("ex", "execution accuracy (BIRD)", "bird-bench/mini_dev evaluation_ex.py", ex)
