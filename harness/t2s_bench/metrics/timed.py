"""`ves` and `r_ves`: BIRD's efficiency scores, by wall-clock time against the gold.

Both ask first whether the prediction is right (`ex`); then prediction and gold run by turns,
`ITERATIONS` times each on fresh connections, and the ratios of their times (gold by prediction) are
averaged without those at or beyond three standard deviations. Connecting is not timed. `ves` (DAMO
ConvAI, evaluation_ves.py) times until the first row is there and scores the ratio's square root,
which nothing bounds; `r_ves` (bird-bench/mini_dev, evaluation_ves.py) times all rows and closing,
and scores the square root of a stepwise reward. Where all ratios are equal the filter leaves none
and the score is 0, as published.

The figures depend on the machine: prediction and gold of equal cost fall on either side of ratio 1
by chance. They agree with official ones in being zero or not, and only on average beyond that.

Differs from the official scripts on purpose: connections are read-only, and all measurements of one
question together have the budget's seconds (officially 3000); past them the score is 0. Databases
on a server are not timed.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import repeat
from math import inf, sqrt
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

from t2s_bench.execution.sqlite import PERIOD, Reader
from t2s_bench.metrics.case import Case, ScoreTask
from t2s_bench.metrics.ex import ex
from t2s_bench.metrics.metric import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from t2s_bench.execution.session import Session

# How often each of prediction and gold is timed; the official scripts' number.
ITERATIONS = 100
# From which ratio on which reward is given, by mini_dev; below all of them it is _LEAST_REWARD.
_REWARDS = ((2.0, 1.25), (1.0, 1.0), (0.5, 0.75), (0.25, 0.5))
_LEAST_REWARD = 0.25


class OutOfTime(Exception):
    """The measurements of one question took longer than the budget's seconds."""


@dataclass(frozen=True)
class Timings:
    """The timed metrics of one prediction; `error` says where a 0 comes from want of time."""

    metrics: dict[str, float | None]
    error: str = ""


def judge_timed(session: Session, task: ScoreTask) -> Timings:
    """Measures one prediction by the task's metrics, which are all timed ones."""
    case = Case(task, session)
    values: dict[str, float | None] = {}
    error = ""
    for name in task.metrics:
        found = []
        for gold in task.golds:
            try:
                found.append(_measured(case, gold, name))
            except OutOfTime as late:
                found.append(0.0)
                error = f"{name}: {late}"
        values[name] = max((value for value in found if value is not None), default=None)
    return Timings(values, error)


def ves(case: Case, gold: str) -> float | None:
    """The square root of the mean ratio; 0 for a wrong prediction."""
    try:
        return _measured(case, gold, "ves")
    except OutOfTime:
        return 0.0


def r_ves(case: Case, gold: str) -> float | None:
    """The square root of the reward, between 0.5 and 1.118; 0 for a wrong prediction."""
    try:
        return _measured(case, gold, "r_ves")
    except OutOfTime:
        return 0.0


def mean_ratio(ratios: Sequence[float]) -> float:
    """The mean of the ratios strictly within three (population) standard deviations; 0 of none.

    >>> mean_ratio([0.5, 1.5]), mean_ratio([1.0, 1.0])
    (1.0, 0.0)
    """
    from statistics import fmean, pstdev

    mean, deviation = fmean(ratios), pstdev(ratios)
    kept = [ratio for ratio in ratios if abs(ratio - mean) < 3 * deviation]
    return fmean(kept) if kept else 0.0


def reward(ratio: float) -> float:
    """mini_dev's reward of a mean ratio.

    >>> [reward(ratio) for ratio in (0, 0.1, 0.25, 0.5, 1, 2)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]
    """
    if ratio == 0:
        return 0.0
    return next((value for least, value in _REWARDS if ratio >= least), _LEAST_REWARD)


def _measured(case: Case, gold: str, name: str) -> float | None:
    if case.task.database.url:
        return None
    if not ex(case, gold):
        return 0.0
    ratio = mean_ratio(_ratios(case, gold, fetch=name == "r_ves"))
    return sqrt(reward(ratio) if name == "r_ves" else ratio)


def _ratios(case: Case, gold: str, *, fetch: bool) -> list[float]:
    """Gold's time by prediction's, so many times; 0 where one fails. Raises OutOfTime."""
    seconds = case.task.budget.seconds
    case.session.watch(seconds, "prediction")
    deadline = monotonic() + seconds
    path = case.task.database.path
    ratios = []
    for _ in repeat(None, ITERATIONS):
        times = []
        for sql in (case.sql, gold):
            with closing(_Stopwatch(path)) as stopwatch:
                times.append(stopwatch.seconds(sql, deadline, fetch=fetch))
            if monotonic() > deadline:
                raise OutOfTime(
                    f"{ITERATIONS} measurements take more than {seconds:g} s of wall-clock time"
                )
        if inf in times:
            return [0.0]
        ratios.append(times[1] / times[0])
    return ratios


class _Stopwatch(Reader):
    """A reader that times a statement known to run, without the costs of counting its rows."""

    def seconds(self, sql: str, deadline: float, *, fetch: bool) -> float:
        """Wall-clock seconds to the first row, or with `fetch` to the last one and the close.

        A statement that runs past the deadline, on the monotonic clock, is interrupted.
        """
        connection = self._connection
        connection.set_progress_handler(lambda: monotonic() > deadline, 100 * PERIOD)
        try:
            if fetch:
                begun = perf_counter()
                connection.cursor().execute(sql).fetchall()
                connection.close()
                return perf_counter() - begun
            cursor = connection.cursor()
            begun = perf_counter()
            cursor.execute(sql)
            return perf_counter() - begun
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError):
            # It ran before: the deadline has passed, or chance decides whether it runs.
            return inf


_SOURCE = "{}, evaluation_ves.py"
VES = Metric(
    "ves",
    "valid efficiency score (BIRD)",
    _SOURCE.format("AlibabaResearch/DAMO-ConvAI bird"),
    ves,
    best=inf,
    timed=True,
    bounded=False,
    efficiency=True,
)
R_VES = Metric(
    "r_ves",
    "reward-based valid efficiency score (BIRD)",
    _SOURCE.format("bird-bench/mini_dev"),
    r_ves,
    best=sqrt(1.25),
    timed=True,
    bounded=False,
    efficiency=True,
)
