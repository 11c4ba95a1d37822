"""A run's identity is its content: `lock.json`, and what differs between two of them.

Two runs are the same run if benchmark digest, chosen questions, system digest, options, switched
off components, seed, metrics, profile, budget and versions are equal. When it was started, from
where and with which words is recorded beside that and never compared.
"""

from __future__ import annotations

import json
import platform
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path

import t2s_bench
from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.errors import NotComparable
from t2s_bench.execution.address import shown
from t2s_bench.types import Budget, Example

FORMAT = 1


@dataclass(frozen=True)
class Scoring:
    """What the scores depend on: metrics (the first decides the outcome), profile, budget."""

    metrics: tuple[str, ...]
    profile: str = "safe"
    budget: Budget = Budget()


@dataclass(frozen=True)
class Lock:
    """The content of `lock.json`. `identity` is compared, `about` is not."""

    identity: Mapping[str, object]
    about: Mapping[str, object]

    @property
    def digest(self) -> str:
        """A short name of the identity, the same on every machine with the same versions."""
        return sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()[:12]

    def to_json(self) -> str:
        """The file's text."""
        return json.dumps({"identity": self.identity, "about": self.about}, indent=2) + "\n"


def make_lock(
    benchmark: Benchmark,
    examples: tuple[Example, ...],
    system: Mapping[str, object],
    scoring: Scoring,
    command: tuple[str, ...] = (),
) -> Lock:
    """The lock of a run of `system` (its JSON-able description with name and digest)."""
    ids = [example.id for example in examples]
    identity = {
        "format": FORMAT,
        "benchmark": {
            "name": benchmark.name,
            "version": benchmark.version,
            "digest": benchmark.digest,
            "questions": len(ids),
            "ids": sha256("\n".join(ids).encode()).hexdigest()[:16],
        },
        "system": system,
        "scoring": {
            "metrics": list(scoring.metrics),
            "profile": scoring.profile,
            "budget": asdict(scoring.budget),
        },
        "versions": {
            "t2s-bench": t2s_bench.__version__,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
        },
    }
    if benchmark.engine:
        identity["engine"] = dict(benchmark.engine)
    about = {
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": [shown(word) for word in command],
        "benchmark_folder": str(benchmark.folder),
        "machine": platform.machine(),
        "system": platform.system(),
    }
    return Lock(json.loads(json.dumps(identity)), about)


def read_lock(path: Path) -> Lock:
    """Reads `lock.json`; KeyError and ValueError tell a damaged file."""
    content = json.loads(path.read_text())
    return Lock(content["identity"], content["about"])


def differences(
    old: Mapping[str, object], new: Mapping[str, object], prefix: str = ""
) -> Iterator[str]:
    """Each key whose value differs, as 'key: old → new'.

    >>> list(differences({"seed": 0, "budget": {"steps": 5}}, {"seed": 1, "budget": {"steps": 5}}))
    ['seed: 0 → 1']
    """
    for key in sorted(old.keys() | new.keys()):
        first, second = old.get(key), new.get(key)
        if isinstance(first, Mapping) and isinstance(second, Mapping):
            yield from differences(first, second, f"{prefix}{key}.")
        elif first != second:
            yield f"{prefix}{key}: {_short(first)} → {_short(second)}"


def require_same(old: Lock, new: Lock, folder: Path) -> None:
    """Raises NotComparable with all that differs."""
    found = list(differences(old.identity, new.identity))
    if found:
        raise NotComparable(
            f"{folder} holds a different run ({'; '.join(found)}): take another folder with "
            "--out, or start over with --fresh"
        )


def _short(value: object) -> str:
    text = json.dumps(value) if not isinstance(value, str) else value
    return text if len(text) <= 40 else f"{text[:37]}..."
