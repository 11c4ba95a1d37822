"""Saving and loading a stage: weights, optimiser and step; whole or not at all.

Frozen weights are not written: they come with the model. Where the weights are spread over devices
(FSDP, DeepSpeed), accelerate writes every part. An average of the weights is written beside them.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from torch import nn

from t2s_bench.training.atomic import newest, write_folder, write_numbered

from .averaging import Average
from .optimisation import Optimiser

NAME = "checkpoint"
STATE = "state.pt"


def weights_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """Trainable weights and buffers by name."""
    frozen = {name for name, parameter in module.named_parameters() if not parameter.requires_grad}
    return {name: value for name, value in module.state_dict().items() if name not in frozen}


def load_weights(module: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """The inverse; raises KeyError where a trainable weight is missing."""
    missing, unexpected = module.load_state_dict(weights, strict=False)
    lost = set(missing) & set(weights_of(module))
    if lost or unexpected:
        raise KeyError(f"not the same model: {sorted(lost)[:3]} missing, {unexpected[:3]} unknown")


def save(folder: Path, step: int, optimiser: Optimiser, average: Average | None = None) -> None:
    """Writes the checkpoint of a step and removes the earlier ones."""
    accelerator = optimiser.accelerator
    if is_spread(optimiser):
        part = folder / f".{NAME}-{step}.part"
        accelerator.save_state(str(part))
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            write_numbered(folder, NAME, step, lambda place: _move(part, place))
    elif accelerator.is_main_process:
        state = {
            "step": step,
            "weights": weights_of(optimiser.learner.module),
            "optimiser": optimiser.adamw.state_dict(),
            "scaler": accelerator.scaler.state_dict() if accelerator.scaler else {},
            "average": average.state() if average else {},
        }
        write_numbered(folder, NAME, step, lambda place: torch.save(state, place / STATE))
    accelerator.wait_for_everyone()


def load(folder: Path, optimiser: Optimiser, average: Average | None = None) -> int:
    """Loads the newest checkpoint; returns how many steps it has done (0: there is none)."""
    path = newest(folder, NAME)
    if path is None:
        return 0
    accelerator = optimiser.accelerator
    if is_spread(optimiser):
        accelerator.load_state(str(path))
        return saved(folder)
    state: dict[str, Any] = torch.load(path / STATE, map_location="cpu", weights_only=True)
    load_weights(optimiser.learner.module, state["weights"])
    optimiser.adamw.load_state_dict(state["optimiser"])
    if accelerator.scaler and state["scaler"]:
        accelerator.scaler.load_state_dict(state["scaler"])
    if average is not None:
        average.load(state["average"])
    return int(state["step"])


def saved(folder: Path) -> int:
    """How many steps the newest checkpoint has done; 0 without one."""
    path = newest(folder, NAME)
    return 0 if path is None else int(path.name.rpartition("-")[2])


def save_weights(path: Path, optimiser: Optimiser) -> None:
    """Writes the weights of a finished phase, for the next one."""
    weights = optimiser.accelerator.get_state_dict(optimiser.call)
    if optimiser.accelerator.is_main_process:
        known = weights_of(optimiser.learner.module).keys()
        named = {name.removeprefix("module."): value for name, value in weights.items()}
        kept = {name: value for name, value in named.items() if name in known}
        write_folder(path, lambda place: torch.save(kept, place / STATE))
    optimiser.accelerator.wait_for_everyone()


def read_weights(path: Path, optimiser: Optimiser) -> None:
    """Loads what `save_weights` wrote."""
    weights = torch.load(path / STATE, map_location="cpu", weights_only=True)
    load_weights(optimiser.learner.module, weights)


def is_spread(optimiser: Optimiser) -> bool:
    """Whether no process holds all weights."""
    kind = str(optimiser.accelerator.distributed_type)
    return kind.endswith(("FSDP", "DEEPSPEED"))


def _move(source: Path, target: Path) -> None:
    for path in source.iterdir():
        shutil.move(str(path), str(target / path.name))
    source.rmdir()
