"""`strict`, `subset`, `valid` and `steps`: each on the cases it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.execution.session import Session
from t2s_bench.metrics.case import ScoreTask
from t2s_bench.metrics.catalog import METRICS
from t2s_bench.metrics.judge import judge
from t2s_bench.types import Budget

BUDGET = Budget(steps=3_000_000, seconds=20)
SLOW = "SELECT count(*) FROM item a, item b, item c, item d, item e, item f, item g"


def value(shop: Path, metric: str, gold: str, sql: str) -> float | None:
    database = load(shop).databases["shop"]
    task = ScoreTask("1", (gold,), sql, database, (metric,), BUDGET)
    with Session() as session:
        return judge(session, task).score.metrics[metric]


@pytest.mark.parametrize(
    ("metric", "gold", "sql", "expected"),
    [
        ("strict", "SELECT id FROM item", "SELECT id FROM item ORDER BY id DESC", 1.0),
        ("strict", "SELECT id FROM item ORDER BY id", "SELECT id FROM item ORDER BY -id", 0.0),
        ("strict", "SELECT price FROM item", "SELECT DISTINCT price FROM item", 0.0),
        ("strict", "SELECT id, price FROM item", "SELECT price, id FROM item", 0.0),
        ("strict", "SELECT 0.3", "SELECT 0.1 + 0.2", 1.0),
        ("strict", "SELECT 0.3", "SELECT 0.30001", 0.0),
        ("strict", "SELECT 1000000000", "SELECT 1000000001", 0.0),
        ("strict", "SELECT 1", "SELECT '1'", 0.0),
        ("strict", "SELECT NULL", "SELECT 0", 0.0),
        ("strict", "SELECT id FROM item WHERE 0", "SELECT price FROM item WHERE 0", 1.0),
        ("strict", "SELECT id FROM item WHERE 0", "SELECT id, price FROM item WHERE 0", 0.0),
        ("strict", "SELECT CAST(x'ff41' AS TEXT)", "SELECT CAST(x'ff41' AS TEXT)", 0.0),
        ("strict", "SELECT nothing FROM item", "SELECT id FROM item", 0.0),
        ("subset", "SELECT id FROM item WHERE 0", "SELECT price, id FROM item WHERE 0", 1.0),
        ("subset", "SELECT id FROM item WHERE 0", "SELECT id FROM item", 0.0),
        ("subset", "SELECT CAST(x'ff41' AS TEXT)", "SELECT CAST(x'ff41' AS TEXT)", 0.0),
        ("subset", "SELECT price FROM item", "SELECT id, price FROM item", 1.0),
        ("subset", "SELECT id, price FROM item", "SELECT price FROM item", 0.0),
        ("subset", "SELECT 0.333", "SELECT 'a', 0.334", 1.0),
        ("subset", "SELECT 0.333", "SELECT 0.35", 0.0),
        ("subset", "SELECT price FROM item WHERE id = 4", "SELECT NULL", 1.0),
        ("subset", "SELECT id FROM item ORDER BY id", "SELECT id FROM item ORDER BY -id", 0.0),
        ("valid", "SELECT 1", "SELECT 2", 1.0),
        ("valid", "SELECT 1", "SELEC 2", 0.0),
        ("valid", "SELECT 1", "DELETE FROM item", 0.0),
        ("steps", "SELECT 1", "SELECT 1 + 0", 1.0),
        ("steps", "SELECT 1", "SELECT 2", 0.0),
        ("steps", SLOW, "SELECT 16384", 1.0),
    ],
)
def test_a_metric_judges_what_it_is_there_for(
    metric: str, gold: str, sql: str, expected: float, shop: Path
) -> None:
    assert value(shop, metric, gold, sql) == expected


@pytest.mark.parametrize("metric", ["strict", "subset", "steps", "ex", "soft_f1"])
def test_the_best_of_several_golds_counts(metric: str, shop: Path) -> None:
    golds = ("SELECT price FROM item", "SELECT nothing", "SELECT id FROM item")
    database = load(shop).databases["shop"]
    task = ScoreTask("1", golds, "SELECT id FROM item", database, (metric,), BUDGET)
    with Session() as session:
        assert judge(session, task).score.metrics[metric] == 1.0


def test_steps_fall_with_the_work_and_repeat_exactly(shop: Path) -> None:
    first = value(shop, "steps", "SELECT 16384", SLOW)
    assert first is not None and 0 < first < 0.1
    assert value(shop, "steps", "SELECT 16384", SLOW) == first


def test_every_metric_stands_on_the_page_of_scoring() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "scoring.md").read_text()
    assert [name for name in METRICS if f"`{name}`" not in page] == []
