"""Figures to TensorBoard and wandb besides metrics.jsonl; both are extras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from t2s_bench.errors import MissingExtra
from t2s_bench.options import resolved

from .options import TrainingOptions

Tracker = Callable[[Mapping[str, float], int], None]


def make_tracker(options: TrainingOptions, folder: Path) -> Tracker:
    """Reports to all that `report_to` names; raises MissingExtra before training begins."""
    trackers = [{"tensorboard": _tensorboard, "wandb": _wandb}[n] for n in options.report_to]
    started = [start(options, folder) for start in trackers]

    def report(values: Mapping[str, float], step: int) -> None:
        for one in started:
            one(values, step)

    return report


def _tensorboard(options: TrainingOptions, folder: Path) -> Tracker:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtra("tensorboard", "tensorboard", "report_to=tensorboard") from error
    writer: Any = SummaryWriter(str(folder / "tensorboard"))

    def report(values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            writer.add_scalar(name, value, step)
        writer.flush()

    return report


def _wandb(options: TrainingOptions, folder: Path) -> Tracker:
    try:
        import wandb  # type: ignore[import-not-found]
    except ImportError as error:
        raise MissingExtra("wandb", "wandb", "report_to=wandb") from error
    run = wandb.init(
        project="t2s-bench", name=options.experiment_name, dir=str(folder), config=resolved(options)
    )

    def report(values: Mapping[str, float], step: int) -> None:
        run.log({**values, "phase_step": step})

    return report
