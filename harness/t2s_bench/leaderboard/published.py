"""Others' published figures from `published.toml`, each with source, split, metric and decoding.

They are shown apart from what was measured here and never enter a ranking: evaluator, data version
and prompt differ between sources.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from t2s_bench.errors import BadInput

FILE = "published.toml"
AVERAGE = "six-sets"


@dataclass(frozen=True)
class Source:
    """Where figures stand: a title, and the exact place with its revision or date."""

    title: str
    where: str


@dataclass(frozen=True)
class PublishedBenchmark:
    """What a published figure is about."""

    title: str
    split: str


@dataclass(frozen=True)
class Figure:
    """One published system under one source, metric and decoding; percentages by benchmark."""

    system: str
    source: str
    decoding: str
    metric: str
    note: str
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Published:
    """The file's content. `six_sets` are the benchmarks of the average that papers report."""

    sources: Mapping[str, Source]
    benchmarks: Mapping[str, PublishedBenchmark]
    six_sets: tuple[str, ...]
    figures: tuple[Figure, ...]


def read_published(folder: Path) -> Published:
    """Reads the leaderboard's file; nothing is published where there is none. BadInput else."""
    path = folder / FILE
    if not path.exists():
        return Published({}, {}, (), ())
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        published = Published(
            sources={key: Source(**value) for key, value in content["sources"].items()},
            benchmarks={
                key: PublishedBenchmark(**value) for key, value in content["benchmarks"].items()
            },
            six_sets=tuple(content["six_sets"]),
            figures=tuple(
                Figure(system, scores=scores, **{"note": "", **_without(block, "scores")})
                for block in content["figures"]
                for system, scores in block["scores"].items()
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is not a list of published figures ({error!r})") from error
    for figure in published.figures:
        _check(path, figure, published)
    for key in published.six_sets:
        if key not in published.benchmarks:
            raise BadInput(f"{path}: six_sets names '{key}', which [benchmarks] does not describe")
    return published


def _check(path: Path, figure: Figure, published: Published) -> None:
    place = f"{path}: {figure.system}"
    if figure.source not in published.sources:
        raise BadInput(f"{place} names the source '{figure.source}', which [sources] lacks")
    if not (figure.decoding and figure.metric):
        raise BadInput(f"{place} lacks its decoding or its metric")
    for benchmark, score in figure.scores.items():
        if benchmark not in published.benchmarks:
            raise BadInput(f"{place} has a figure for '{benchmark}', which [benchmarks] lacks")
        if not isinstance(score, (int, float)) or not 0 <= score <= 120:
            raise BadInput(f"{place} on {benchmark}: {score!r} is not a percentage")


def _without(block: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name != key}
