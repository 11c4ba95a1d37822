"""All per-question metrics by name, in the order in which reports show them."""

from __future__ import annotations

from collections.abc import Iterable

from t2s_bench.errors import UnknownName
from t2s_bench.metrics.ex import EX
from t2s_bench.metrics.ex_spider import EX_SPIDER, EX_SPIDER_KEEP, TEST_SUITE
from t2s_bench.metrics.metric import Metric

METRICS: dict[str, Metric] = {
    metric.name: metric for metric in (EX, EX_SPIDER, EX_SPIDER_KEEP, TEST_SUITE)
}
DEFAULT_METRICS = ("ex", "ex_spider")


def find_metrics(names: Iterable[str]) -> tuple[Metric, ...]:
    """The metrics of these names; raises UnknownName with the nearest one."""
    found = []
    for name in names:
        if name not in METRICS:
            raise UnknownName("metric", name, METRICS)
        found.append(METRICS[name])
    return tuple(found)
