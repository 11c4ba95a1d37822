"""Scoring predictions: `score` for one, `Scorer` for many; runs and training rewards call these.

Every SQL runs in a worker process under a budget, read-only; identical predictions for the same
question are executed once, and gold results are cached on disk. Timed metrics (`ves`, `r_ves`) run
after all others on one idle worker.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from types import TracebackType

from t2s_bench.errors import BadInput
from t2s_bench.execution.pool import JobFailure, Pool
from t2s_bench.metrics.case import PROFILES, ScoreTask
from t2s_bench.metrics.catalog import DEFAULT_METRICS, find_metrics
from t2s_bench.metrics.judge import Judgement
from t2s_bench.types import Budget, Database, Example, Outcome, Score

_JUDGE = "t2s_bench.metrics.judge:judge"


class Scorer:
    """A pool of scoring workers; close it, or use it in a `with`.

    Raises UnknownName for a metric that does not exist and BadInput for an unknown profile. The
    first metric decides each question's outcome.
    """

    def __init__(
        self,
        metrics: Iterable[str] = DEFAULT_METRICS,
        *,
        workers: int = 1,
        budget: Budget | None = None,
        profile: str = "safe",
    ) -> None:
        if profile not in PROFILES:
            raise BadInput(f"unknown profile '{profile}'. Possible: {', '.join(PROFILES)}")
        self.metrics = tuple(metric.name for metric in find_metrics(metrics))
        self.budget = budget or Budget()
        self.profile = profile
        self._pool = Pool(workers)

    def judge_all(
        self, items: Iterable[tuple[Example, Database, str]]
    ) -> Iterator[tuple[int, Judgement]]:
        """Scores (example, database, SQL) triples, pulled as workers become free.

        Yields (number of the item, judgement) as they are done, not in order.
        """
        known: dict[object, Judgement | None] = {}
        waiting: dict[object, list[tuple[int, str]]] = {}
        sent: list[tuple[int, object, str]] = []
        ready: list[tuple[int, Judgement]] = []

        def tasks() -> Iterator[ScoreTask]:
            for number, (example, database, sql) in enumerate(items):
                key = (database.suite_digest, example.golds, sql)
                if key not in known:
                    known[key] = None
                    sent.append((number, key, example.id))
                    yield ScoreTask(
                        example.id,
                        example.golds,
                        sql,
                        database,
                        self.metrics,
                        self.budget,
                        self.profile,
                    )
                elif (judgement := known[key]) is not None:
                    ready.append((number, _renamed(judgement, example.id)))
                else:
                    waiting.setdefault(key, []).append((number, example.id))

        for place, result in self._pool.map(_JUDGE, tasks()):
            number, key, id = sent[place]
            if isinstance(result, JobFailure):
                judgement = _failed(id, self.metrics, result)
            else:
                assert isinstance(result, Judgement)
                judgement = result
            known[key] = judgement
            yield number, judgement
            for other, other_id in waiting.pop(key, ()):
                yield other, _renamed(judgement, other_id)
            yield from ready
            ready.clear()
        yield from ready

    def score(self, example: Example, sql: str) -> Score:
        """Scores one prediction."""
        if example.database is None:
            raise BadInput(f"example '{example.id}' has no database to run on")
        ((_, judgement),) = self.judge_all([(example, example.database, sql)])
        return judgement.score

    def close(self) -> None:
        """Stops the workers."""
        self._pool.close()

    def __enter__(self) -> Scorer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def score(example: Example, sql: str, metrics: Iterable[str] = DEFAULT_METRICS) -> Score:
    """Scores one prediction with the default budget and profile.

    The worker behind it starts with the first call and stays until the process ends, so that a
    training loop can call this as its reward.
    """
    return _kept_scorer(tuple(metrics)).score(example, sql)


@lru_cache(maxsize=8)
def _kept_scorer(metrics: tuple[str, ...]) -> Scorer:
    scorer = Scorer(metrics)
    atexit.register(scorer.close)
    return scorer


def _renamed(judgement: Judgement, id: str) -> Judgement:
    return replace(judgement, score=replace(judgement.score, id=id))


def _failed(id: str, metrics: tuple[str, ...], failure: JobFailure) -> Judgement:
    """A worker that had to be killed: the phase it was in says whose fault that is."""
    blamed = {
        ("deadline", "prediction"): Outcome.PRED_TIMEOUT,
        ("deadline", "gold"): Outcome.GOLD_TIMEOUT,
        ("memory", "prediction"): Outcome.PRED_ERROR,
        ("memory", "gold"): Outcome.GOLD_ERROR,
    }
    outcome = blamed.get((failure.kind, failure.phase), Outcome.INFRA)
    return Judgement(Score(id, outcome, {name: 0.0 for name in metrics}, failure.message))
