"""A prediction to be judged and its verdict, as they travel between a scorer and its workers.

Plain tuples: one process serves all workers, and dataclasses cost it a quarter more to pickle and
unpickle. What all predictions for a database share is one object, which a batch then holds once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from t2s_bench.execution.spelling import one_case, one_spelling
from t2s_bench.metrics.case import ScoreTask
from t2s_bench.metrics.em import EM, EM_VALUES, prediction_tokens
from t2s_bench.metrics.ex_spider import TEST_SUITE
from t2s_bench.metrics.judge import Judgement, judge
from t2s_bench.types import Budget, Database, Outcome, Score

if TYPE_CHECKING:
    from t2s_bench.execution.session import Session

# Databases, each with the metrics it was asked for, that a worker knows by their first object.
_MOST_OBJECTS = 1024

_EXACT = {EM.name, EM_VALUES.name}

# database, metrics, budget, profile
Shared = tuple[Database, tuple[str, ...], Budget, str]
# golds, predicted SQL, what it shares with others
Parcel = tuple[tuple[str, ...], str, Shared]
# outcome, a value for each metric, error; then the costs in the order of `Judgement`
Verdict = tuple[
    Outcome,
    tuple[float | None, ...],
    str,
    int | None,
    int | None,
    float | None,
    int | None,
    int | None,
]


def judge_parcel(session: Session, parcel: Parcel) -> Verdict:
    """`judge`, in a worker; predictions that differ in case or spaces alone get one verdict.

    These say nothing outside literals, but for error messages, which are no verdict to share; for
    exact match, whose tokens some spaces change; and for profile `official`, which replaces the
    lower-case word `value`.
    """
    golds, sql, common = parcel
    common = _one_object(common)
    database, metrics, budget, profile = common
    of_one_file = len(database.files) == 1 or TEST_SUITE.name not in metrics
    if database.url or not of_one_file or profile == "official":
        return _judged(session, (golds, sql, common))
    path = str(database.path)
    tokens = prediction_tokens(sql) if _EXACT.intersection(metrics) else None
    key = golds, one_spelling(one_case(sql)), tokens, metrics, budget
    known = session.noted(path, key)
    if known is not None:
        return cast(Verdict, known)
    chances = session.chances
    verdict = _judged(session, (golds, sql, common))
    error, rows = verdict[2], verdict[3]
    if not error and rows is not None and session.chances == chances:
        session.note(path, key, verdict, 2_000 + 20 * len(sql))
    return verdict


_last: list[Shared] = []
_objects: dict[Shared, Shared] = {}


def _one_object(common: Shared) -> Shared:
    """The object of the first parcel that shared this: what is kept by it is found at a glance.

    Each batch brings a copy of its own, and comparing paths field by field takes its time.
    """
    if not _last or common is not _last[0]:
        if len(_objects) > _MOST_OBJECTS:
            _objects.clear()
        _last[:] = [common, _objects.setdefault(common, common)]
    return _last[1]


def _judged(session: Session, parcel: Parcel) -> Verdict:
    golds, sql, (database, metrics, budget, profile) = parcel
    found = judge(session, ScoreTask("", golds, sql, database, metrics, budget, profile))
    return (
        found.score.outcome,
        tuple(map(found.score.metrics.__getitem__, metrics)),
        found.score.error,
        found.predicted_rows,
        found.predicted_steps,
        found.predicted_seconds,
        found.gold_rows,
        found.gold_steps,
    )


def judgement_of(id: str, metrics: tuple[str, ...], verdict: Verdict) -> Judgement:
    """The judgement on question `id`, in the scorer."""
    outcome, values, error, rows, steps, seconds, gold_rows, gold_steps = verdict
    score = Score(id, outcome, dict(zip(metrics, values, strict=True)), error)
    return Judgement(score, rows, steps, seconds, gold_rows, gold_steps)
