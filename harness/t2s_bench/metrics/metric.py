"""What a metric is: a function of one case, with its metadata beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from t2s_bench.metrics.case import Case


@dataclass(frozen=True)
class Metric:
    """A per-question metric.

    `function(case, gold)` judges the case's prediction against one accepted gold and returns a
    number (None where the metric does not apply to this question). A question with several golds
    gets the best of them. `best` is the value of a perfect answer; `timed` metrics measure
    wall-clock time and run on an idle worker, one at a time, only when asked for. A metric that is
    not `bounded` has values above 1. One of `efficiency` is 0 for a wrong answer and above 0 for
    every right one.
    """

    name: str
    title: str
    source: str
    function: Callable[[Case, str], float | None]
    best: float = 1.0
    timed: bool = False
    bounded: bool = True
    efficiency: bool = False
