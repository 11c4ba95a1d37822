"""What is trained on: questions of training splits and synthetic ones, checked and divided.

Databases, not questions, are held out: some to measure progress (development), some to calibrate.
The division depends on the databases' names alone, so that trainings with different seeds can be
compared, and put together, on databases that none of them has seen.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from t2s_bench import load
from t2s_bench.errors import BadInput
from t2s_bench.synthesis.pairs import make_all, numbered
from t2s_bench.types import Example

from .leakage import find_leaks
from .options import TrainingOptions

# Synthetic questions that are made here, on the databases of a benchmark: its name, how many.
MADE = re.compile(r"(?P<name>.+):(?P<count>[1-9]\d*)")
# Draws the databases that are held out; another number would put them into training.
DIVISION = 0


@dataclass(frozen=True)
class Data:
    """Examples to train on with the weights of their losses, and those held out.

    `synthetic` are the ids of those that are mixed in; where there are no others, they count as
    own. `summary` says how it came about, for the log and the report.
    """

    train: tuple[Example, ...]
    weights: tuple[float, ...]
    development: tuple[Example, ...]
    calibration: tuple[Example, ...]
    summary: dict[str, object]
    synthetic: frozenset[str] = frozenset()

    def only(self, databases: frozenset[str]) -> Data:
        """The same with the training examples of these databases alone."""
        pairs = zip(self.train, self.weights, strict=True)
        kept = [(e, weight) for e, weight in pairs if e.question.database in databases]
        return replace(
            self, train=tuple(e for e, _ in kept), weights=tuple(weight for _, weight in kept)
        )

    @property
    def own(self) -> tuple[Example, ...]:
        """The training examples that are not synthetic."""
        return tuple(example for example in self.train if example.id not in self.synthetic)


@dataclass
class _Read:
    """All examples that were read; `limited` are lists of ids, one a data set."""

    examples: list[Example] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    trained_on: list[str] = field(default_factory=list)
    sets: list[list[str]] = field(default_factory=list)

    def add(self, name: str, examples: Sequence[Example], weight: float) -> None:
        # Ids of several benchmarks may be equal.
        ids = [f"{name}/{example.id}" for example in examples]
        self.examples += [
            replace(example, question=replace(example.question, id=id))
            for example, id in zip(examples, ids, strict=True)
        ]
        self.weights.update(dict.fromkeys(ids, weight))
        self.sets.append(ids)


def read_data(options: TrainingOptions, seed: int, folder: Path | None = None) -> Data:
    """Loads, checks for leaks and divides; raises BadInput where too little is left."""
    read = _Read(trained_on=list(options.datasets))
    for name in options.datasets:
        benchmark = load(name, data=folder)
        read.digests[name] = benchmark.digest
        read.add(name, benchmark.examples, 1.0)
    own = len(read.examples)
    for name in options.synthetic:
        wanted = MADE.fullmatch(name)
        base = wanted["name"] if wanted else name
        benchmark = load(base, data=folder)
        read.digests[name] = benchmark.digest
        found = benchmark.examples
        if wanted:
            read.trained_on.append(base)
            files = {id: database.path for id, database in benchmark.databases.items()}
            found = tuple(
                replace(example, database=benchmark.databases[example.question.database])
                for example in numbered(make_all(files, int(wanted["count"]), seed))
            )
        read.add(name, found, options.synthetic_weight if own else 1.0)
    leaks = find_leaks(read.examples, read.trained_on, folder)
    if leaks.reasons and options.leakage == "stop":
        id, reason = next(iter(leaks.reasons.items()))
        raise BadInput(
            f"{len(leaks.reasons)} training questions leak (the first is {id}: {reason}): set "
            "leakage=drop to leave them out"
        )
    summary: dict[str, object] = {
        "read": len(read.examples),
        "leaking": len(leaks.reasons),
        "checked_against": list(leaks.splits),
        "digests": read.digests,
    }
    kept = [example for example in read.examples if example.id not in leaks.reasons]
    mixed_in = frozenset(example.id for example in read.examples[own:]) if own else frozenset()
    data = divided(kept, read.weights, mixed_in, options, summary)
    return data if options.limit is None else _limited(data, read.sets, options.limit)


def divided(
    examples: Sequence[Example],
    weights: Mapping[str, float],
    synthetic: frozenset[str],
    options: TrainingOptions,
    summary: Mapping[str, object],
) -> Data:
    """Holds databases out; synthetic questions on these are left out, too."""
    own = [example for example in examples if example.id not in synthetic]
    names = sorted({example.question.database for example in own})
    held_out = options.development_databases + options.calibration_databases
    if len(names) <= held_out:
        raise BadInput(
            f"{len(names)} databases are too few to hold {held_out} out: lower "
            "development_databases and calibration_databases"
        )
    Random(DIVISION).shuffle(names)
    development = set(names[: options.development_databases])
    calibration = set(names[options.development_databases : held_out])
    of = {
        part: [example for example in own if example.question.database in chosen]
        for part, chosen in (("development", development), ("calibration", calibration))
    }
    chance = Random(DIVISION)
    slices = {
        part: tuple(chance.sample(of[part], min(len(of[part]), count)))
        for part, count in (
            ("development", options.development_questions),
            ("calibration", options.calibration_questions),
        )
    }
    train = [e for e in examples if e.question.database not in development | calibration]
    return Data(
        tuple(train),
        tuple(weights[example.id] for example in train),
        slices["development"],
        slices["calibration"],
        {
            **summary,
            "train": len(train),
            "development": len(slices["development"]),
            "development_databases": sorted(development),
            "calibration": len(slices["calibration"]),
            "calibration_databases": sorted(calibration),
        },
        frozenset(example.id for example in train if example.id in synthetic),
    )


def _limited(data: Data, sets: Sequence[Sequence[str]], limit: int) -> Data:
    """At most so many training examples of each data set, as many of each database as can be."""
    kept: set[str] = set()
    for ids in sets:
        kept |= spread_over_databases(data.train, frozenset(ids), limit)
    pairs = zip(data.train, data.weights, strict=True)
    left = [(example, weight) for example, weight in pairs if example.id in kept]
    return replace(
        data,
        train=tuple(example for example, _ in left),
        weights=tuple(weight for _, weight in left),
        synthetic=data.synthetic & kept,
        summary={**data.summary, "train": len(left)},
    )


def spread_over_databases(
    examples: Sequence[Example], among: frozenset[str], count: int
) -> set[str]:
    """The ids of so many of the examples: each database's first, then their second, and so on."""
    numbers: dict[str, int] = defaultdict(int)
    ranked: list[tuple[int, int, str]] = []
    for example in examples:
        if example.id in among:
            ranked.append((numbers[example.question.database], len(ranked), example.id))
            numbers[example.question.database] += 1
    return {id for _, _, id in sorted(ranked)[:count]}
