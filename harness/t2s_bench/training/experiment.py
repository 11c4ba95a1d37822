"""From a loaded trainer to a finished training: what `t2s-bench train` does, as one call."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import t2s_bench
from t2s_bench.errors import BadInput, MissingExtra
from t2s_bench.execution.address import shown
from t2s_bench.runs.lock import Lock
from t2s_bench.training.directory import Listener, TrainingRun
from t2s_bench.training.loading import LoadedTrainer, load_trainer
from t2s_bench.training.trainer import Request

FORMAT = 1
# Their versions change what a training gives.
_PACKAGES = ("torch", "transformers", "peft", "accelerate")


def train(
    system: str | Path,
    options: Mapping[str, object] | None = None,
    *,
    phases: Iterable[int] = (),
    off: Iterable[str] = (),
    seed: int = 0,
    resume: bool = False,
    fresh: bool = False,
    data_only: bool = False,
    workers: int = 1,
    data: Path | None = None,
    folder: Path | None = None,
    listener: Listener | None = None,
    command: tuple[str, ...] = (),
) -> Mapping[str, object]:
    """Trains a system's model and returns the report that now stands in its directory.

    `phases` are numbers (none: all of them). Raises NotComparable when `resume` meets a training
    of another identity, and BadInput when the folder holds one and neither `resume` nor `fresh` is
    given.
    """
    return train_loaded(
        load_trainer(system, options, seed=seed, off=off),
        phases=phases,
        resume=resume,
        fresh=fresh,
        data_only=data_only,
        workers=workers,
        data=data,
        folder=folder,
        listener=listener,
        command=command,
    )


def train_loaded(
    loaded: LoadedTrainer,
    *,
    phases: Iterable[int] = (),
    resume: bool = False,
    fresh: bool = False,
    data_only: bool = False,
    workers: int = 1,
    data: Path | None = None,
    folder: Path | None = None,
    listener: Listener | None = None,
    command: tuple[str, ...] = (),
) -> Mapping[str, object]:
    """`train` for a trainer that is loaded already."""
    request = Request(chosen_phases(loaded, phases), data_only, workers, data)
    trainer = loaded.start()
    place = folder or trainer.folder(loaded.name)
    lock = training_lock(loaded, command)
    with TrainingRun(place, lock, request, resume=resume, fresh=fresh, listener=listener) as run:
        achieved = trainer.train(run)
        report = {"system": loaded.name, "folder": str(place), **achieved}
        if not data_only:
            _draw(run)
            run.complete(report, range(1, len(loaded.phases) + 1))
    return report


def chosen_phases(loaded: LoadedTrainer, phases: Iterable[int]) -> tuple[int, ...]:
    """The phases in order; all without any. Raises BadInput for a number there is none of."""
    every = tuple(range(1, len(loaded.phases) + 1))
    chosen = tuple(sorted(set(phases))) or every
    for number in chosen:
        if number not in every:
            names = ", ".join(f"{n} {name}" for n, name in zip(every, loaded.phases, strict=True))
            raise BadInput(f"{loaded.name} has no phase {number}. Possible: {names}")
    return chosen


def training_lock(loaded: LoadedTrainer, command: tuple[str, ...] = ()) -> Lock:
    """What identifies a training: the system's files and options, seed, components, versions."""
    identity = {
        "format": FORMAT,
        "system": {
            "name": loaded.name,
            "digest": loaded.digest,
            "options": dict(loaded.identity),
            "off": sorted(loaded.off),
            "seed": loaded.seed,
        },
        "versions": {
            "t2s-bench": t2s_bench.__version__,
            "python": platform.python_version(),
            **{name: found for name in _PACKAGES if (found := _version(name))},
        },
    }
    about = {
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": [shown(word) for word in command],
        "machine": platform.machine(),
    }
    return Lock(json.loads(json.dumps(identity)), about)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _draw(run: TrainingRun) -> None:
    """The plots; without matplotlib the log says how to get them, and nothing else is lost."""
    from t2s_bench.training.plots import draw

    if not run.main:
        return
    try:
        names = draw(run.folder)
    except MissingExtra as error:
        run.log(f"no plots: {error}")
    else:
        run.log(f"plots: {', '.join(names) or 'nothing to draw'}")
