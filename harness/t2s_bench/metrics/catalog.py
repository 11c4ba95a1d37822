"""All per-question metrics by name, in the order in which reports show them."""

from __future__ import annotations

from collections.abc import Iterable

from t2s_bench.errors import BadInput, UnknownName
from t2s_bench.metrics.em import EM, EM_VALUES
from t2s_bench.metrics.ex import EX
from t2s_bench.metrics.ex_spider import EX_SPIDER, EX_SPIDER_KEEP, TEST_SUITE
from t2s_bench.metrics.ex_spider_plug import EX_SPIDER_KEEP_PLUG, EX_SPIDER_PLUG
from t2s_bench.metrics.metric import Metric
from t2s_bench.metrics.schema_linking import (
    COLUMNS_PRECISION,
    COLUMNS_RECALL,
    LINKING_STRICT,
    TABLES_PRECISION,
    TABLES_RECALL,
)
from t2s_bench.metrics.soft_f1 import SOFT_F1
from t2s_bench.metrics.steps import STEPS
from t2s_bench.metrics.strict import STRICT
from t2s_bench.metrics.subset import SUBSET
from t2s_bench.metrics.timed import R_VES, VES
from t2s_bench.metrics.valid import VALID

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        EX,
        EX_SPIDER,
        EX_SPIDER_KEEP,
        EX_SPIDER_PLUG,
        EX_SPIDER_KEEP_PLUG,
        TEST_SUITE,
        EM,
        EM_VALUES,
        SOFT_F1,
        STRICT,
        SUBSET,
        VALID,
        STEPS,
        TABLES_PRECISION,
        TABLES_RECALL,
        COLUMNS_PRECISION,
        COLUMNS_RECALL,
        LINKING_STRICT,
        VES,
        R_VES,
    )
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


def chosen_metrics(text: str | None, primary: str) -> tuple[str, ...]:
    """Names separated by commas; without any, the benchmark's primary metric and the default ones.

    >>> chosen_metrics(None, "ex_spider"), chosen_metrics("ex", "ex_spider")
    (('ex_spider', 'ex'), ('ex',))
    """
    names = [primary, *DEFAULT_METRICS]
    if text is not None:
        names = [name.strip() for name in text.split(",") if name.strip()]
        if not names:
            raise BadInput(f"no metric is named. Possible: {', '.join(METRICS)}")
    return tuple(metric.name for metric in find_metrics(dict.fromkeys(names)))
