"""The contract of a trainer: what `t2s-bench train NAME` calls, as `run` calls a system.

A system declares its trainer in its `system.toml`:

    trainer = "training.trainer:Trainer"        # file without .py, class name

The class derives from `Trainer`. What it writes goes through the `TrainingRun` that it is handed:
metrics, log, a folder for each phase, and the final model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from t2s_bench.system import NoOptions, Setup

if TYPE_CHECKING:
    from t2s_bench.training.directory import TrainingRun

RESULTS = Path("results")


@dataclass(frozen=True)
class Request:
    """What one call of the trainer shall do, beside its options.

    `phases` are numbers from 1; `data_only` stops after the data are prepared and checked; `data`
    is the folder of the benchmarks (None: the usual one); `workers` execute SQL.
    """

    phases: tuple[int, ...]
    data_only: bool = False
    workers: int = 1
    data: Path | None = None


class Trainer(ABC):
    """Trains a system's model.

    `Options` is a keyword-only frozen dataclass, as for a system; an option whose metadata say
    `{"identity": False}` (a folder, a number of workers) may change when a run goes on. `phases`
    names the phases in order. Making an instance must cost nothing: models load in `train`.
    """

    Options: ClassVar[type] = NoOptions
    phases: ClassVar[tuple[str, ...]] = ("training",)

    def __init__(self, options: object, setup: Setup) -> None:
        self.options = options
        self.setup = setup

    @abstractmethod
    def train(self, run: TrainingRun) -> Mapping[str, object]:
        """Does the phases of `run.request` that are not finished; returns what it achieved.

        What is returned (JSON) stands in the run's `report.json`.
        """

    def plan(self, request: Request) -> Mapping[str, object]:
        """What training would cost, by name, before anything is loaded; nothing by default."""
        return {}

    def folder(self, name: str) -> Path:
        """Where the run goes; `name` is the system's."""
        return RESULTS / name
