"""Self-consistency: of several SQLs, the one whose result most of them share.

Results are equal when their sets of rows are (the order of rows and duplicates do not count, the
order of columns does). SQL that fails, or is empty, never wins over SQL that runs; ties go to the
one seen first (Wang et al., "Self-Consistency Improves Chain of Thought Reasoning", 2022, with
execution results as the answers).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from t2s_bench.types import Budget, Execution, Row

# A vote needs no more patience than this; SQL beyond it counts as failing.
BUDGET = Budget(steps=500_000_000, seconds=30.0, rows=200_000, bytes=200_000_000)


@dataclass(frozen=True)
class Vote:
    """The place of the winner, and for each SQL the share of all SQLs that have its result."""

    winner: int
    shares: tuple[float, ...]


def vote(sqls: Sequence[str], executions: Mapping[str, Execution]) -> Vote:
    """Counts the votes; `executions` holds one for each distinct SQL that is not empty.

    Where none runs, the winner is the first SQL that is not empty, with a share of 0.
    """
    results: list[frozenset[Row] | None] = []
    for sql in sqls:
        execution = executions.get(sql)
        runs = execution is not None and execution.ok
        results.append(frozenset(execution.rows) if execution is not None and runs else None)
    counts = Counter(result for result in results if result is not None)
    shares = tuple(counts[result] / len(sqls) if result is not None else 0.0 for result in results)
    if counts:
        return Vote(shares.index(max(shares)), shares)
    return Vote(next((place for place, sql in enumerate(sqls) if sql), 0), shares)
