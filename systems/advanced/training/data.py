"""What is trained on: questions of training splits and synthetic ones, checked and divided.

Databases, not questions, are held out: some to measure progress (development), some to calibrate.
The division depends on the seed and the databases' names alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from t2s_bench import load
from t2s_bench.errors import BadInput
from t2s_bench.types import Example

from .leakage import find_leaks
from .options import TrainingOptions


@dataclass(frozen=True)
class Data:
    """Examples to train on with the weights of their losses, and those held out.

    `summary` says how it came about, for the log and the report.
    """

    train: tuple[Example, ...]
    weights: tuple[float, ...]
    development: tuple[Example, ...]
    calibration: tuple[Example, ...]
    summary: dict[str, object]


def read_data(options: TrainingOptions, seed: int, folder: Path | None = None) -> Data:
    """Loads, checks for leaks and divides; raises BadInput where too little is left."""
    examples: list[Example] = []
    weights: dict[str, float] = {}
    digests = {}
    for names, weight in ((options.datasets, 1.0), (options.synthetic, options.synthetic_weight)):
        for name in names:
            benchmark = load(name, data=folder)
            digests[name] = benchmark.digest
            for example in benchmark.examples[: options.limit]:
                # Ids of several benchmarks may be equal.
                id = f"{name}/{example.id}"
                question = replace(example.question, id=id)
                examples.append(replace(example, question=question))
                weights[id] = weight
    leaks = find_leaks(examples, options.datasets, folder)
    if leaks.reasons and options.leakage == "stop":
        id, reason = next(iter(leaks.reasons.items()))
        raise BadInput(
            f"{len(leaks.reasons)} training questions leak (the first is {id}: {reason}): set "
            "leakage=drop to leave them out"
        )
    kept = [example for example in examples if example.id not in leaks.reasons]
    summary: dict[str, object] = {
        "read": len(examples),
        "leaking": len(leaks.reasons),
        "checked_against": list(leaks.splits),
        "digests": digests,
    }
    return divided(kept, weights, options, seed, summary)


def divided(
    examples: Sequence[Example],
    weights: Mapping[str, float],
    options: TrainingOptions,
    seed: int,
    summary: Mapping[str, object],
) -> Data:
    """Holds databases out; synthetic questions on these are left out, too."""
    names = sorted({example.question.database for example in examples if _own(example, weights)})
    held_out = options.development_databases + options.calibration_databases
    if len(names) <= held_out:
        raise BadInput(
            f"{len(names)} databases are too few to hold {held_out} out: lower "
            "development_databases and calibration_databases"
        )
    Random(seed).shuffle(names)
    development = set(names[: options.development_databases])
    calibration = set(names[options.development_databases : held_out])
    of = {
        part: [e for e in examples if e.question.database in chosen and _own(e, weights)]
        for part, chosen in (("development", development), ("calibration", calibration))
    }
    chance = Random(seed)
    slices = {
        part: tuple(chance.sample(found, min(len(found), options.development_questions)))
        for part, found in of.items()
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
    )


def _own(example: Example, weights: Mapping[str, float]) -> bool:
    """Whether it is no synthetic one."""
    return weights[example.id] == 1.0
