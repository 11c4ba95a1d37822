"""The example on the page about metrics is a metric."""

from __future__ import annotations

import re
from pathlib import Path

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.execution.session import Session
from t2s_bench.metrics.case import Case, ScoreTask
from t2s_bench.metrics.metric import Metric

PAGE = Path(__file__).resolve().parents[2] / "docs" / "add-a-metric.md"


def test_the_pages_example_judges_a_case(shop: Path) -> None:
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert code is not None
    names: dict[str, object] = {}
    exec(code[1], names)
    metric = names["SAME_COUNT"]
    assert isinstance(metric, Metric)
    database = load(shop).databases["shop"]
    gold = "SELECT id FROM item"
    for sql, expected in (("SELECT price FROM item", 1.0), ("SELECT 1", 0.0)):
        with Session() as session:
            case = Case(ScoreTask("1", (gold,), sql, database, ("ex",)), session)
            assert metric.function(case, gold) == expected
