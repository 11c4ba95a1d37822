"""The loop that all stages of training share: go on from a checkpoint, step, log, save.

A stage is a part of a phase with its own schedule. Everything it draws is a function of the seed
and the step, so one that was killed gives the same losses as one that was not.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar
from zlib import crc32

import torch

from t2s_bench.errors import UserError

from . import checkpoints
from .averaging import Average
from .lessons import Loss
from .optimisation import NotFinite, rate

if TYPE_CHECKING:
    from .work import Work

Item = TypeVar("Item")
Figures = Mapping[str, float]


class TrainingStopped(UserError):
    """A loss or gradient is no number: the batch is saved, the weights are as before."""


@dataclass(frozen=True)
class Batch(Generic[Item]):
    """One step's batches on this process, and what else the log shall show of them."""

    parts: Sequence[Sequence[Item]]
    figures: Figures


@dataclass(frozen=True)
class Stage(Generic[Item]):
    """A part of a phase.

    `prepare` is called once with the weights at the stage's beginning (also when it goes on from a
    checkpoint) and returns the function that draws a step's batches. `describe` says what an item
    is, for a batch that has to be saved. Checkpoints are made after whole `unit`s of steps.
    Reinforcement has no `dropout`: the probabilities of rollouts are those of the whole model. With
    `averaging` (a decay) the weights become their moving average at the end.
    """

    phase: int
    name: str
    steps: int
    learning_rate: float
    prepare: Callable[[], Callable[[int], Batch[Item]]]
    loss: Callable[[Sequence[Item]], Loss]
    describe: Callable[[Item], Mapping[str, object]]
    unit: int = 1
    dropout: bool = True
    averaging: float = 0.0

    @property
    def number(self) -> int:
        """A number of its own, for seeds."""
        return crc32(f"{self.phase} {self.name}".encode()) % 100_003


def fit(work: Work, stage: Stage[Item]) -> None:
    """Does the steps of a stage that are not done yet; a finished stage only loads its weights."""
    optimiser, run, options = work.optimiser, work.run, work.options
    offset = work.steps_before(stage)
    if stage.steps == 0:
        return
    folder = run.phase(stage.phase) / stage.name
    folder.mkdir(exist_ok=True)
    if checkpoints.saved(folder) >= stage.steps:
        checkpoints.load(folder, optimiser)
        return
    if stage.averaging and checkpoints.is_spread(optimiser):
        raise UserError(
            "weight_averaging needs all weights in one process, and FSDP and DeepSpeed spread "
            "them: set weight_averaging=0"
        )
    optimiser.reset()
    optimiser.seed_step(stage.number, 0)
    draw = stage.prepare()
    average = Average(optimiser.learner.module, stage.averaging) if stage.averaging else None
    done = checkpoints.load(folder, optimiser, average)
    if done:
        run.log(f"phase {stage.phase} {stage.name}: goes on at step {done} of {stage.steps}")
    clock = _Clock(work)
    for step in range(done, stage.steps):
        optimiser.seed_step(stage.number, step)
        number = step + 1
        last = number == stage.steps
        with clock.drawing():
            batch = draw(step)
        calls = [_call(stage.loss, part) for part in batch.parts if part]
        if optimiser.any_process(bool(calls)):
            now = rate(step, stage.steps, stage.learning_rate, options.warmup_steps)
            try:
                result = optimiser.step(calls or [nothing], now, dropout=stage.dropout)
            except NotFinite as error:
                raise TrainingStopped(_saved(work, stage, step, batch, error)) from error
            clock.tokens += result.tokens
            if number % options.log_every == 0 or last:
                values = {
                    "loss": result.loss,
                    **{f"loss_{name}": value for name, value in result.parts.items()},
                    **batch.figures,
                    "rate": result.rate,
                    "norm": result.norm,
                    **clock.figures(),
                }
                line = {"stage": stage.name, **values}
                run.record(stage.phase, offset + number, "train", line)
                work.report(values, offset + number)
        else:
            run.record(stage.phase, offset + number, "skipped", dict(batch.figures))
        if average is not None:
            average.update(number)
            if last:
                average.take_over()
        due = number - done >= options.checkpoint_every and number % stage.unit == 0
        if due or last:
            checkpoints.save(folder, number, optimiser, None if last else average)
            done = number


class _Clock:
    """Where the time of a stage goes: drawing batches, and waiting for rewards within that."""

    def __init__(self, work: Work) -> None:
        self._rewarder = work.rewarder
        self._begun = monotonic()
        self._rewarded = work.rewarder.seconds
        self._drawn = 0.0
        self.tokens = 0

    @contextmanager
    def drawing(self) -> Iterator[None]:
        before = monotonic()
        yield
        self._drawn += monotonic() - before

    def figures(self) -> dict[str, float]:
        seconds = max(monotonic() - self._begun, 1e-9)
        rewarded = self._rewarder.seconds - self._rewarded
        return {
            "tokens_per_second": self.tokens / seconds,
            "data_share": max(0.0, self._drawn - rewarded) / seconds,
            "reward_share": rewarded / seconds,
        }


def nothing() -> Loss:
    """The loss of a process that has nothing to teach in a step in which others have."""
    return Loss(torch.zeros(()), {}, 0)


def _call(loss: Callable[[Sequence[Item]], Loss], part: Sequence[Item]) -> Callable[[], Loss]:
    return lambda: loss(part)


def _saved(work: Work, stage: Stage[Item], step: int, batch: Batch[Item], error: NotFinite) -> str:
    """Writes the batch beside the checkpoints; returns the message."""
    place = work.optimiser.place
    path = work.run.phase(stage.phase) / f"not_finite_{stage.name}_step{step + 1}_{place}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for part in batch.parts:
            for item in part:
                file.write(json.dumps(stage.describe(item), ensure_ascii=False) + "\n")
    return (
        f"phase {stage.phase} {stage.name}, step {step + 1}: {error}. Its batch is in {path}, the "
        "last checkpoint is untouched: lower learning_rate or max_grad_norm, or set fp16=false"
    )


def mean_of(values: Sequence[float]) -> float:
    """The mean; nan of nothing."""
    return sum(values) / len(values) if values else math.nan
