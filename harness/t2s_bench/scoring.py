"""Scoring predictions: `score` for one, `Scorer` for many; runs and training rewards call these.

Every SQL runs in a worker process under a budget, read-only; identical predictions for the same
question are executed once, and gold results are cached on disk. Timed metrics (`ves`, `r_ves`) run
after all others on one idle worker.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from types import TracebackType
from typing import cast

from t2s_bench.errors import BadInput
from t2s_bench.execution.pool import JobFailure, Pool
from t2s_bench.metrics.case import PROFILES, ScoreTask
from t2s_bench.metrics.catalog import DEFAULT_METRICS, METRICS, find_metrics
from t2s_bench.metrics.judge import Judgement
from t2s_bench.metrics.parcel import Parcel, Shared, Verdict, judgement_of
from t2s_bench.metrics.timed import Timings
from t2s_bench.types import Budget, Database, Example, Outcome, Score

_JUDGE = "t2s_bench.metrics.parcel:judge_parcel"
_JUDGE_TIMED = "t2s_bench.metrics.timed:judge_timed"


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
        self._timed = tuple(name for name in self.metrics if METRICS[name].timed)
        untimed = tuple(name for name in self.metrics if name not in self._timed)
        if self._timed and "ex" not in untimed:
            # Only what is right by `ex` is worth timing; a timed first metric takes its outcome.
            untimed = ("ex", *untimed) if self.metrics[0] in self._timed else (*untimed, "ex")
        self._untimed = untimed
        self._pool = Pool(workers)
        self._timing_pool = Pool(1) if self._timed else None

    def judge_all(
        self, items: Iterable[tuple[Example, Database, str]], *, budget: Budget | None = None
    ) -> Iterator[tuple[int, Judgement]]:
        """Scores (example, database, SQL) triples, pulled as workers become free.

        Yields (number of the item, judgement) as they are done, not in order. Of a list,
        predictions for one question are scored together, which is faster. With timed metrics,
        those of right predictions come last. `budget` stands for the scorer's own, but for timings.
        """
        budget = budget or self.budget
        if isinstance(items, Sequence):
            order = _by_question(items)
            for place, judgement in self._judge((items[n] for n in order), budget):
                yield order[place], judgement
        else:
            yield from self._judge(items, budget)

    def _judge(
        self, items: Iterable[tuple[Example, Database, str]], budget: Budget
    ) -> Iterator[tuple[int, Judgement]]:
        if not self._timed:
            yield from self._judge_untimed(items, budget)
            return
        kept = list(items)
        right: dict[object, list[tuple[int, Judgement]]] = {}
        for number, judgement in self._judge_untimed(kept, budget):
            if judgement.score.metrics["ex"]:
                example, database, sql = kept[number]
                key = (database.suite_digest, database.url, example.golds, sql)
                right.setdefault(key, []).append((number, judgement))
            else:
                yield number, self._with_timings(judgement, None)
        groups = list(right.values())
        tasks = [self._timed_task(*kept[g[0][0]]) for g in groups]
        assert self._timing_pool is not None
        for place, result in self._timing_pool.map(_JUDGE_TIMED, tasks):
            assert isinstance(result, Timings | JobFailure)
            for number, judgement in groups[place]:
                yield number, self._with_timings(judgement, result)

    def _with_timings(self, judgement: Judgement, result: Timings | JobFailure | None) -> Judgement:
        """The judgement with the metrics asked for, in their order; without timings they are 0."""
        values = {**judgement.score.metrics, **dict.fromkeys(self._timed, 0.0)}
        score = judgement.score
        if isinstance(result, Timings):
            values.update(result.metrics)
        late = result.error if isinstance(result, Timings) else result and result.message
        if late:
            first = self.metrics[0] in self._timed
            outcome = Outcome.PRED_TIMEOUT if first else score.outcome
            score = replace(score, outcome=outcome, error=score.error or late)
        metrics = {name: values.get(name) for name in self.metrics}
        return replace(judgement, score=replace(score, metrics=metrics))

    def _timed_task(self, example: Example, database: Database, sql: str) -> ScoreTask:
        return ScoreTask(
            example.id,
            example.golds,
            sql,
            database,
            self._timed,
            self.budget,
            self.profile,
        )

    def _judge_untimed(
        self, items: Iterable[tuple[Example, Database, str]], budget: Budget
    ) -> Iterator[tuple[int, Judgement]]:
        known: dict[object, Judgement | None] = {}
        waiting: dict[object, list[tuple[int, str]]] = {}
        shared: dict[int, Shared] = {}
        sent: list[tuple[int, object, str]] = []
        ready: list[tuple[int, Judgement]] = []

        def parcels() -> Iterator[Parcel]:
            for number, (example, database, sql) in enumerate(items):
                key = (database.suite_digest, database.url, example.golds, sql)
                if key not in known:
                    known[key] = None
                    sent.append((number, key, example.id))
                    common = shared.get(id(database))
                    if common is None:
                        common = database, self._untimed, budget, self.profile
                        shared[id(database)] = common
                    yield example.golds, sql, common
                elif (judgement := known[key]) is not None:
                    ready.append((number, _renamed(judgement, example.id)))
                else:
                    waiting.setdefault(key, []).append((number, example.id))

        for place, result in self._pool.map(_JUDGE, parcels()):
            number, key, name = sent[place]
            if isinstance(result, JobFailure):
                judgement = _failed(name, self._untimed, result)
            else:
                judgement = judgement_of(name, self._untimed, cast(Verdict, result))
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

    def map(self, function: str, payloads: Iterable[object]) -> Iterator[tuple[int, object]]:
        """Calls a worker's function ("module:name") on the scorer's pool; see `Pool.map`."""
        return self._pool.map(function, payloads)

    def close(self) -> None:
        """Stops the workers."""
        self._pool.close()
        if self._timing_pool is not None:
            self._timing_pool.close()

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


def _by_question(items: Sequence[tuple[Example, Database, str]]) -> list[int]:
    """The items' numbers, those with the same gold beside each other, in the order of the first.

    They share executions and what is known of the gold, in the worker that gets them.
    """
    groups: dict[object, list[int]] = {}
    for number, (example, database, _) in enumerate(items):
        groups.setdefault((id(database), example.golds), []).append(number)
    return [number for group in groups.values() for number in group]


def _renamed(judgement: Judgement, id: str) -> Judgement:
    """The same verdict on another question; `replace` would take three times as long."""
    score = judgement.score
    return Judgement(
        Score(id, score.outcome, score.metrics, score.error),
        judgement.predicted_rows,
        judgement.predicted_steps,
        judgement.predicted_seconds,
        judgement.gold_rows,
        judgement.gold_steps,
    )


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
