"""What a leaderboard knows of a benchmark: per question its id, database, difficulty and features.

Kept once beside the records, so that tables and pages are made from files of the leaderboard alone.
Holds no question, no SQL and no value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from t2s_bench.analysis.slices import FEATURES, features_of
from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.errors import BadInput
from t2s_bench.runs.packed import pack, unpack
from t2s_bench.runs.record import json_lines

FORMAT = 1


@dataclass(frozen=True)
class BenchmarkFacts:
    """One benchmark, by its content digest; all sequences stand in the benchmark's order.

    `features` are those of the first gold. `total` counts the questions of
    the complete source, `summary` says how many of them are here.
    """

    name: str
    version: str
    digest: str
    total: int
    summary: str
    primary_metric: str
    licence: str
    citation: str
    ids: tuple[str, ...]
    databases: tuple[str, ...]
    difficulties: tuple[str, ...]
    features: tuple[tuple[str, ...], ...]

    @property
    def complete(self) -> bool:
        """Whether every question of the source is here."""
        return len(self.ids) == self.total

    def to_json(self) -> str:
        """The file's text."""
        return json_lines(
            {
                "format": FORMAT,
                "name": self.name,
                "version": self.version,
                "digest": self.digest,
                "total": self.total,
                "summary": self.summary,
                "primary_metric": self.primary_metric,
                "licence": self.licence,
                "citation": self.citation,
                "ids": _packed_ids(self.ids),
                "databases": pack(self.databases),
                "difficulties": pack(self.difficulties),
                "feature_names": FEATURES,
                "features": [sum(1 << FEATURES.index(n) for n in names) for names in self.features],
            }
        )


def make_facts(benchmark: Benchmark) -> BenchmarkFacts:
    """The facts of a loaded benchmark."""
    features = features_of(benchmark.examples)
    examples = benchmark.examples
    return BenchmarkFacts(
        name=benchmark.name,
        version=benchmark.version,
        digest=benchmark.digest,
        total=benchmark.total,
        summary=benchmark.summary_line(),
        primary_metric=benchmark.primary_metric,
        licence=benchmark.licence,
        citation=benchmark.citation,
        ids=tuple(example.id for example in examples),
        databases=tuple(example.question.database for example in examples),
        difficulties=tuple(example.difficulty for example in examples),
        features=tuple(features[example.id] for example in examples),
    )


def read_facts(path: Path) -> BenchmarkFacts:
    """Reads them; BadInput for a damaged file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']} instead of {FORMAT}")
        names = content["feature_names"]
        facts = BenchmarkFacts(
            **{
                key: content[key]
                for key in (
                    "name",
                    "version",
                    "digest",
                    "total",
                    "summary",
                    "primary_metric",
                    "licence",
                    "citation",
                )
            },
            ids=tuple(_unpacked_ids(content["ids"])),
            databases=tuple(unpack(content["databases"])),
            difficulties=tuple(unpack(content["difficulties"])),
            features=tuple(
                tuple(name for place, name in enumerate(names) if mask >> place & 1)
                for mask in content["features"]
            ),
        )
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise BadInput(
            f"{path} does not describe a benchmark ({error!r}): remove it, and submit a run again"
        ) from error
    return facts


def _packed_ids(ids: Sequence[str]) -> list[object]:
    """Runs of consecutive numbers as [first, last]: Spider's ids are positions.

    >>> _packed_ids(["0", "1", "2", "7", "a-01"])
    [[0, 2], '7', 'a-01']
    """
    packed: list[object] = []
    for id in ids:
        last = packed[-1] if packed else None
        number = int(id) if id.isdecimal() and str(int(id)) == id else None
        if number is None:
            packed.append(id)
        elif isinstance(last, list) and last[1] == number - 1:
            last[1] = number
        elif isinstance(last, str) and last == str(number - 1):
            packed[-1] = [number - 1, number]
        else:
            packed.append(id)
    return packed


def _unpacked_ids(packed: Sequence[object]) -> list[str]:
    ids: list[str] = []
    for item in packed:
        if isinstance(item, list):
            ids += map(str, range(item[0], item[1] + 1))
        else:
            ids.append(str(item))
    return ids
