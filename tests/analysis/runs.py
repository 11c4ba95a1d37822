"""Made-up runs for the tests of analysis and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from t2s_bench.analysis.scored_run import ScoredRun
from t2s_bench.types import Outcome, Prediction, Score

IDENTITY: Mapping[str, Any] = {
    "format": 1,
    "benchmark": {"name": "b", "version": "1", "digest": "d" * 64, "questions": 4, "ids": "i"},
    "system": {"name": "s", "digest": "x", "ceiling": False},
    "scoring": {
        "metrics": ["ex", "ex_spider"],
        "profile": "safe",
        "budget": {"steps": 1000, "seconds": 1.0, "rows": 10, "bytes": 10},
    },
    "versions": {"t2s-bench": "0", "python": "3", "sqlite": "3.40.1"},
}


def identity(**changed: Mapping[str, Any]) -> dict[str, Any]:
    """An identity with some keys changed: `identity(versions={"sqlite": "3.41"})`."""
    named = {
        key: {**value, **changed.get(key, {})} if isinstance(value, dict) else value
        for key, value in IDENTITY.items()
    }
    return {**changed, **named}


def run(label: str, values: Sequence[float | None], **changed: Mapping[str, Any]) -> ScoredRun:
    """A run whose question i has the id 'qi' and the given value of `ex`."""
    changed = {"benchmark": {"questions": len(values)}, **changed}
    scores = {
        f"q{place}": Score(
            f"q{place}", Outcome.MATCH if value == 1 else Outcome.MISMATCH, {"ex": value}
        )
        for place, value in enumerate(values)
    }
    predictions = {id: Prediction(f"SELECT '{label}' -- {id}") for id in scores}
    return ScoredRun(label, identity(**changed), scores, predictions)
