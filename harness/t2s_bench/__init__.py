"""t2s-bench: official Text-to-SQL scores, safely and fast, with their uncertainty.

    >>> import t2s_bench
    >>> benchmark = t2s_bench.load("mini")
    >>> example = benchmark.examples[0]
    >>> t2s_bench.score(example, example.golds[0]).outcome
    <Outcome.MATCH: 'match'>

Everything public is listed in `__all__` and loads where it is first used: importing the package
costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from t2s_bench.benchmarks.benchmark import Benchmark, load
    from t2s_bench.errors import UserError
    from t2s_bench.scoring import Scorer, score
    from t2s_bench.system import NoOptions, OracleSystem, Setup, System
    from t2s_bench.types import (
        Budget,
        Candidate,
        Database,
        Example,
        Execution,
        Outcome,
        Prediction,
        Question,
        Score,
        Status,
    )

__version__ = "0.1.0"

_HOMES = {
    "Benchmark": "benchmarks.benchmark",
    "load": "benchmarks.benchmark",
    "UserError": "errors",
    "Scorer": "scoring",
    "score": "scoring",
    "NoOptions": "system",
    "OracleSystem": "system",
    "Setup": "system",
    "System": "system",
    "Budget": "types",
    "Candidate": "types",
    "Database": "types",
    "Example": "types",
    "Execution": "types",
    "Outcome": "types",
    "Prediction": "types",
    "Question": "types",
    "Score": "types",
    "Status": "types",
}

__all__ = [
    "Benchmark",
    "Budget",
    "Candidate",
    "Database",
    "Example",
    "Execution",
    "NoOptions",
    "OracleSystem",
    "Outcome",
    "Prediction",
    "Question",
    "Score",
    "Scorer",
    "Setup",
    "Status",
    "System",
    "UserError",
    "load",
    "score",
]


def __getattr__(name: str) -> object:
    """Loads a public name from its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 't2s_bench' has no attribute '{name}'")
    return getattr(import_module(f"t2s_bench.{_HOMES[name]}"), name)
