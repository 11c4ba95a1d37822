"""mini on database servers: the oracle is right on every question that `dialects.toml` keeps."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from tests.servers import Engine

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.engine import on_engine
from t2s_bench.databases.copying import copy_databases
from t2s_bench.execution.session import Session
from t2s_bench.scoring import Scorer
from t2s_bench.types import Budget, Outcome

ROOT = Path(__file__).resolve().parents[2]
BUDGET = Budget(seconds=60)
# Of the questions, each dialect keeps at least this share.
LEAST = {"postgresql": 0.8, "mysql": 0.7, "duckdb": 0.8}


@pytest.fixture(scope="module")
def transpile() -> ModuleType:
    """The script data/mini/transpile.py as a module."""
    path = ROOT / "data" / "mini" / "transpile.py"
    spec = importlib.util.spec_from_file_location("mini_transpile", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_file_was_made_from_these_golds(transpile: ModuleType) -> None:
    examples = load("mini").examples
    sections = transpile.read_sections()
    assert set(sections) == set(LEAST)
    for dialect, section in sections.items():
        assert section.source == transpile.golds_digest(examples), (
            f"the golds of mini have changed: python data/mini/transpile.py --to {dialect}://…"
        )
        ids = {example.id for example in examples}
        assert set(section.golds) <= ids and set(section.left_out) <= ids
        assert not set(section.golds) & set(section.left_out)
        assert len(section.left_out) <= (1 - LEAST[dialect]) * len(ids)
    assert transpile.as_toml(sections) == transpile.FILE.read_text(encoding="utf-8")


def test_the_oracle_scores_100_and_golds_give_sqlites_result(
    engine: Engine, transpile: ModuleType
) -> None:
    plain = load("mini")
    for _ in copy_databases(plain.databases.values(), engine.url):
        pass
    benchmark = on_engine(plain, engine.url)
    dialect = next(iter(benchmark.databases.values())).dialect
    section = transpile.read_sections()[dialect]
    assert len(benchmark.examples) == len(plain.examples) - len(section.left_out)
    assert all(example.question.dialect == dialect for example in benchmark.examples)
    with Scorer(("ex", "ex_spider", "soft_f1"), workers=2, budget=BUDGET) as scorer:
        # A comment, so that the prediction is executed for itself.
        items = [
            (e, benchmark.databases[e.question.database], f"{e.golds[0]} -- again")
            for e in benchmark.examples
        ]
        scores = [judgement.score for _, judgement in scorer.judge_all(items)]
    assert Counter(score.outcome for score in scores) == {Outcome.MATCH: len(items)}
    assert all(set(score.metrics.values()) == {1.0} for score in scores)

    original = {example.id: example for example in plain.examples}
    with Session() as session:
        for example in benchmark.examples:
            base = plain.databases[example.question.database]
            found = session.execute(str(benchmark.databases[base.id].url), example.golds[0], BUDGET)
            golds = original[example.id].golds
            assert any(
                transpile.same_rows(
                    session.execute(base.path, gold, BUDGET).rows,
                    found.rows,
                    ordered=transpile.is_ordered(gold),
                )
                for gold in golds
            ), example.id
