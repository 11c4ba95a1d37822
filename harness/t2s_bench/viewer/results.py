"""Results as a page shows them, made in a worker: the first rows, and why a question was lost.

The worker cuts what is long before it is sent, so that a page of ten thousand questions costs no
more memory than what it shows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from t2s_bench.execution.session import Session
from t2s_bench.reports.question import explain
from t2s_bench.types import Budget, Execution, Outcome, Row

ROWS_SHOWN = 20
COLUMNS_SHOWN = 40
CELL_LENGTH = 160
# Integers beyond this are not exact in JavaScript.
_EXACT = 2**53


@dataclass(frozen=True)
class ResultsTask:
    """One question: where its SQL runs, its first gold, and every run's SQL with its verdict."""

    place: str
    gold: str
    golds: int
    predictions: tuple[tuple[str, Outcome, str], ...]
    budget: Budget


def results(session: Session, payload: object) -> list[dict[str, object]]:
    """The gold's result, then each prediction's with its `reason`; called in a worker."""
    task = cast("ResultsTask", payload)
    gold = session.execute(task.place, task.gold, task.budget)
    shown = [shown_result(gold)]
    missing: set[int] = set()
    for sql, outcome, error in task.predictions:
        if sql:
            predicted = session.execute(task.place, sql, task.budget)
            result = shown_result(predicted)
            if gold.ok and predicted.ok and len(gold.columns) == len(predicted.columns):
                result["apart"] = _apart(predicted.rows, gold.rows)
                missing.update(_apart(gold.rows, predicted.rows))
        else:
            predicted, result = gold, {"status": "none"}
        result["reason"] = explain(outcome, error, gold, predicted, task.golds)
        shown.append(result)
    shown[0]["apart"] = sorted(missing)
    return shown


def shown_result(execution: Execution) -> dict[str, object]:
    """The JSON of a result: its first rows and columns, and how many there are."""
    if not execution.ok:
        return {"status": str(execution.status), "error": execution.error[:500]}
    return {
        "status": "ok",
        "columns": [name[:CELL_LENGTH] for name in execution.columns[:COLUMNS_SHOWN]],
        "column_count": len(execution.columns),
        "rows": [
            [shown_value(value) for value in row[:COLUMNS_SHOWN]]
            for row in execution.rows[:ROWS_SHOWN]
        ],
        "row_count": len(execution.rows),
        "steps": execution.steps,
    }


def shown_value(value: object) -> object:
    r"""A cell as JSON that JavaScript reads without loss: what is not exact there becomes text.

    >>> shown_value(2**60), shown_value(b"\x01"), shown_value(float("inf")), shown_value(None)
    ('1152921504606846976', "x'01'", 'Infinity', None)
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {math.inf: "Infinity"}.get(value, "-Infinity")
    if isinstance(value, bytes):
        value = f"x'{value[:CELL_LENGTH].hex()}'"
    text = str(value)
    return text if len(text) <= CELL_LENGTH else f"{text[: CELL_LENGTH - 1]}…"


def _apart(rows: Sequence[Row], others: Sequence[Row]) -> list[int]:
    """Which of the shown rows the other result lacks."""
    known = set(others)
    return [place for place, row in enumerate(rows[:ROWS_SHOWN]) if row not in known]
