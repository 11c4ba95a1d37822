"""Executing candidates: every distinct SQL once, read-only and within a small budget.

The same workers and locks as the scorer's; a system gets no gold, so nothing is judged here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from types import TracebackType

from t2s_bench.execution.pool import Pool
from t2s_bench.types import Budget, Database, Execution, Row, Status

from .task import Evidence

# A candidate needs no more patience than this; one beyond it counts as failing.
BUDGET = Budget(steps=100_000_000, seconds=10.0, rows=100_000, bytes=100_000_000)
SHOWN_ROWS = 5


class Prober:
    """Runs candidates of one database after another; keeps what it has seen of the latest ones."""

    def __init__(self, workers: int = 1, budget: Budget = BUDGET) -> None:
        self._pool = Pool(workers, cache=False)
        self._budget = budget
        self._database = ""
        self._seen: dict[str, Evidence] = {}

    def run(self, database: Database, sqls: Sequence[str]) -> list[Evidence]:
        """The evidence of each SQL, in order; an empty SQL does not run."""
        if database.digest != self._database:
            self._database, self._seen = database.digest, {}
        todo = [sql for sql in dict.fromkeys(sqls) if sql and sql not in self._seen]
        executions = self._pool.execute(((database.path, sql) for sql in todo), self._budget)
        for sql, execution in zip(todo, executions, strict=True):
            self._seen[sql] = evidence(sql, execution)
        return [self._seen[sql] if sql else Evidence("", None, error="no SQL") for sql in sqls]

    def close(self) -> None:
        """Ends the workers."""
        self._pool.close()

    def __enter__(self) -> Prober:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()


def evidence(sql: str, execution: Execution) -> Evidence:
    """What an execution shows of its SQL."""
    if execution.status is not Status.OK:
        return Evidence(sql, None, steps=execution.steps, error=execution.error)
    rows = execution.rows
    return Evidence(
        sql,
        fingerprint(rows),
        rows=len(rows),
        columns=len(execution.columns),
        all_null=bool(rows) and all(cell is None for row in rows for cell in row),
        steps=execution.steps,
        shown=tuple(tuple(row) for row in rows[:SHOWN_ROWS]),
    )


def fingerprint(rows: Iterable[Row]) -> Hashable:
    """Equal for equal bags of rows; the order of rows does not count, that of columns does.

    >>> fingerprint([(1, "a"), (2, "b")]) == fingerprint([(2, "b"), (1.0, "a")])
    True
    >>> fingerprint([(1,), (1,)]) == fingerprint([(1,)])
    False
    """
    return frozenset(Counter(tuple(_cell(cell) for cell in row) for row in rows).items())


def _cell(cell: object) -> object:
    """A float up to its tenth digit, since sums depend on the order of rows in the last ones."""
    if isinstance(cell, float) and math.isfinite(cell):
        return float(f"{cell:.10g}")
    return cell
