"""No question of an evaluation split reaches training.

Every registered split that is installed and is no training split is looked at. A training question
leaks where it is about a database of such a split, or repeats one of its questions: nearly word
for word (`benchmarks.leakage`) and with the same gold, or word for word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from t2s_bench import load
from t2s_bench.benchmarks import registry
from t2s_bench.benchmarks.leakage import near_duplicates
from t2s_bench.benchmarks.location import data_folder
from t2s_bench.benchmarks.manifest import read_manifest
from t2s_bench.errors import BadInput
from t2s_bench.types import Example

# The embedded benchmark is what `--smoke` trains on.
EMBEDDED = "mini"


@dataclass(frozen=True)
class Leaks:
    """Ids of training examples that leak, the reason of each, and what was looked at."""

    reasons: dict[str, str]
    splits: tuple[str, ...]


def evaluation_splits(datasets: Sequence[str], data: Path | None) -> tuple[str, ...]:
    """The installed splits that are for evaluation; raises BadInput where one is trained on.

    `mini` may be trained on (it then tells nothing) and is looked at otherwise.
    """
    found = []
    for name, (entry, split) in registry.datasets().items():
        if "train" in split.name:
            continue
        if name in datasets and name != EMBEDDED:
            raise BadInput(
                f"'{name}' is for evaluation and cannot be trained on. Training splits: "
                + ", ".join(n for n, (_, s) in registry.datasets().items() if "train" in s.name)
            )
        if name in datasets:
            continue
        if name == EMBEDDED:
            found.append(name)
            continue
        manifest = read_manifest(data_folder(data) / entry.place)
        if manifest and not entry.adds_to and split.name in manifest.splits:
            found.append(name)
    return tuple(found)


def find_leaks(
    examples: Sequence[Example], datasets: Sequence[str], data: Path | None = None
) -> Leaks:
    """Which examples leak into which installed evaluation split."""
    splits = evaluation_splits(datasets, data)
    reasons: dict[str, str] = {}
    for name in splits:
        benchmark = load(name, data=data)
        digests = {database.digest for database in benchmark.databases.values()}
        for example in examples:
            if example.database is not None and example.database.digest in digests:
                reasons.setdefault(example.id, f"its database is one of {name}")
        for pair in near_duplicates(examples, benchmark.examples):
            if pair.same_gold or pair.similarity == 1.0:
                reasons.setdefault(pair.id, f"it repeats {pair.other} of {name}")
    return Leaks(reasons, splits)
