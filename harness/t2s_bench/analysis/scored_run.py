"""A run as analysis sees it: who was run on what, and every question's score.

Two runs may be compared only if they answered the same questions under the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from t2s_bench.errors import BadInput, NotComparable
from t2s_bench.metrics.catalog import find_metrics
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.lock import differences
from t2s_bench.types import Prediction, Score


@dataclass(frozen=True)
class ScoredRun:
    """A complete run, read once.

    `label` is how reports call it. `identity` is its lock's (see `runs.lock`). `scores` stand in
    the benchmark's order; `predictions` and `costs` may be empty where only outcomes were kept.
    """

    label: str
    identity: Mapping[str, Any]
    scores: Mapping[str, Score]
    predictions: Mapping[str, Prediction] = field(default_factory=dict)
    costs: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics it is scored by; the first decides the outcome."""
        return tuple(self.identity["scoring"]["metrics"])

    def values(self, metric: str) -> list[float | None]:
        """Every question's value, in order; None where the metric does not apply."""
        return [score.metrics.get(metric) for score in self.scores.values()]


def read_scored_run(folder: Path, label: str = "") -> ScoredRun:
    """Reads a run directory; BadInput if it is not complete."""
    directory = RunDirectory(folder)
    if not directory.done:
        raise BadInput(f"{folder} is not complete: finish it with --resume")
    identity: Any = directory.lock.identity
    return ScoredRun(
        label or identity["system"]["name"],
        identity,
        directory.scores(),
        directory.predictions(),
        directory.costs(),
    )


def labelled(runs: Sequence[ScoredRun], places: Sequence[Path]) -> list[ScoredRun]:
    """Names every run: by its label where that is its own, else by its place."""
    names = [run.label for run in runs]
    labels = [
        place.name if names.count(name) > 1 else name
        for name, place in zip(names, places, strict=True)
    ]
    if len(set(labels)) < len(labels):
        labels = [str(place) for place in places]
    return [replace(run, label=label) for run, label in zip(runs, labels, strict=True)]


def rules(identity: Mapping[str, Any]) -> dict[str, object]:
    """The part of an identity that two comparable runs share.

    Which benchmark, which questions, and how they were scored: profile, budget, engine, SQLite.
    Which metrics were asked for may differ, as long as both have the one that is compared.
    """
    benchmark, scoring = identity["benchmark"], identity["scoring"]
    return {
        "benchmark": {key: benchmark[key] for key in ("digest", "questions", "ids")},
        "scoring": {key: value for key, value in scoring.items() if key != "metrics"},
        "engine": identity.get("engine", {}),
        "versions": {"sqlite": identity["versions"]["sqlite"]},
    }


def require_comparable(runs: Sequence[ScoredRun], metric: str) -> None:
    """Raises NotComparable where a run differs from the first in what must be equal."""
    find_metrics([metric])
    first = runs[0]
    for other in runs[1:]:
        found = list(differences(rules(first.identity), rules(other.identity)))
        if found:
            raise NotComparable(
                f"{first.label} and {other.label} are not comparable ({'; '.join(found)}): "
                "run or score both on the same questions under the same rules"
            )
    for run in runs:
        if metric not in run.metrics:
            common = [name for name in first.metrics if all(name in r.metrics for r in runs)]
            raise NotComparable(
                f"metric: {run.label} has no '{metric}'. All runs have: "
                f"{', '.join(common) or 'none'}. Add it: t2s-bench score RUN --metrics {metric}"
            )


def common_values(
    first: ScoredRun, second: ScoredRun, metric: str
) -> tuple[list[str], list[float], list[float]]:
    """Ids and both runs' values where the metric applies to both."""
    ids, ours, theirs = [], [], []
    for id, score in first.scores.items():
        a, b = score.metrics.get(metric), second.scores[id].metrics.get(metric)
        if a is not None and b is not None:
            ids.append(id)
            ours.append(a)
            theirs.append(b)
    return ids, ours, theirs
