"""The public surface is pinned, light, and the same function scores a run and rewards a policy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import t2s_bench

PUBLIC = [
    "Benchmark", "Budget", "Candidate", "Database", "Example", "Execution", "NoOptions",
    "OracleSystem", "Outcome", "Prediction", "Question", "Score", "Scorer", "Setup", "Status",
    "System", "UserError", "load", "score",
]  # fmt: skip


def test_the_public_surface_is_this_and_loads() -> None:
    assert sorted(t2s_bench.__all__) == PUBLIC
    assert all(getattr(t2s_bench, name) is not None for name in PUBLIC)
    with pytest.raises(AttributeError, match="no attribute 'scorre'"):
        t2s_bench.scorre  # noqa: B018


def test_importing_the_package_imports_nothing_of_it() -> None:
    code = "import sys, t2s_bench; print([m for m in sys.modules if m.startswith('t2s_bench.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_one_call_scores_one_prediction(shop: Path) -> None:
    example = t2s_bench.load(shop).examples[0]
    assert t2s_bench.score(example, "SELECT 4").outcome is t2s_bench.Outcome.MATCH
    assert t2s_bench.score(example, "SELECT 5").metrics == {"ex": 0.0, "ex_spider": 0.0}
