"""Judging one prediction: the function that scores a run and that rewards a policy in training.

Runs in a worker process (`judge` is called by `execution.pool` with a Session), so it imports
nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from t2s_bench.metrics.case import Case, ScoreTask
from t2s_bench.metrics.catalog import METRICS
from t2s_bench.metrics.metric import Metric
from t2s_bench.types import Outcome, Score, Status

if TYPE_CHECKING:
    from t2s_bench.execution.session import Session


@dataclass(frozen=True)
class Judgement:
    """A score, with what the executions behind it cost.

    Steps repeat exactly; seconds do not, so they are kept out of the score. Row counts and steps
    are None where that SQL was not run or failed.
    """

    score: Score
    predicted_rows: int | None = None
    predicted_steps: int | None = None
    predicted_seconds: float | None = None
    gold_rows: int | None = None
    gold_steps: int | None = None


_FAILURES = {
    Status.ERROR: Outcome.PRED_ERROR,
    Status.TOO_LARGE: Outcome.PRED_ERROR,
    Status.TIMEOUT: Outcome.PRED_TIMEOUT,
    Status.REFUSED: Outcome.REFUSED,
    Status.INFRA: Outcome.INFRA,
}


def judge(session: Session, task: ScoreTask) -> Judgement:
    """Scores one prediction by every metric of the task and says why it won or lost."""
    if not task.sql.strip() and task.profile != "official":
        zeros = {name: 0.0 for name in task.metrics}
        return Judgement(Score(task.id, Outcome.NO_SQL, zeros, "no SQL was predicted"))
    case = Case(task, session)
    values: dict[str, float | None] = {}
    session.watch(task.budget.seconds, "compare")
    single = task.golds[0] if len(task.golds) == 1 else None
    for name in task.metrics:
        metric = METRICS[name]
        values[name] = metric.function(case, single) if single else _best(metric, case)
    predicted = case.prediction()
    outcome, error = _outcome(case, values[task.metrics[0]])
    gold = case.gold(task.golds[0])
    return Judgement(
        Score(task.id, outcome, values, error),
        predicted_rows=len(predicted.rows) if predicted.ok else None,
        predicted_steps=predicted.steps if predicted.ok else None,
        predicted_seconds=predicted.seconds,
        gold_rows=len(gold.rows) if gold.ok else None,
        gold_steps=gold.steps if gold.ok else None,
    )


def _best(metric: Metric, case: Case) -> float | None:
    best: float | None = None
    for gold in case.task.golds:
        value = metric.function(case, gold)
        if value is not None and (best is None or value > best):
            best = value
        if best == metric.best:
            break
    return best


def _outcome(case: Case, primary: float | None) -> tuple[Outcome, str]:
    """Why the question was won or lost, by the first metric; a broken gold is named as such."""
    metric = METRICS[case.task.metrics[0]]
    if primary == metric.best or (primary and metric.efficiency):
        return Outcome.MATCH, ""
    golds = [case.gold(gold) for gold in case.task.golds]
    if not any(gold.ok for gold in golds):
        statuses = {gold.status for gold in golds}
        if Status.INFRA in statuses:
            return Outcome.INFRA, golds[0].error
        timed_out = statuses == {Status.TIMEOUT}
        return (Outcome.GOLD_TIMEOUT if timed_out else Outcome.GOLD_ERROR), golds[0].error
    if not case.sql.strip():
        return Outcome.NO_SQL, "no SQL was predicted"
    predicted = case.prediction()
    if not predicted.ok:
        return _FAILURES[predicted.status], predicted.error
    if case.gave_up:
        return Outcome.PRED_TIMEOUT, case.gave_up
    return Outcome.MISMATCH, ""
