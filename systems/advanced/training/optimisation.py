"""One step of training: accumulation, precision, several processes, clipping, AdamW.

A step's loss is the mean over all tokens of all its batches on all processes, however they are cut
up: two processes with half a batch each do what one does with the whole. Losses are weighted by
their tokens and the gradients divided once, by the count of all. (DeepSpeed divides by itself, and
there every batch counts alike.) The learning rate is a function of the step, and chance is seeded
by the step, so that neither needs to be saved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from t2s_bench.errors import UserError

from .lessons import Learner, Loss
from .options import TrainingOptions

if TYPE_CHECKING:
    from accelerate import Accelerator  # type: ignore[import-untyped]

# Tokens that weigh 1 in the sum of losses, so that it stays in the range of half precision.
UNIT = 256.0
BETAS = (0.9, 0.98)
# Processes wait for the main one while it evaluates and calibrates; torch waits 10 minutes only.
PATIENCE = timedelta(hours=12)


class OutOfMemory(UserError):
    """The device's memory did not suffice; says which option to change."""


class NotFinite(Exception):
    """A loss or gradient is no number."""


@dataclass(frozen=True)
class Done:
    """What a step was: mean loss and its parts, tokens of all processes, the gradient's length."""

    loss: float
    parts: dict[str, float]
    tokens: int
    norm: float
    rate: float


class _Call(nn.Module):
    """Runs a learner's loss inside `forward`, where data-parallel wrappers and autocast see it."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, call: Callable[[], Loss], out: list[Loss]) -> torch.Tensor:
        loss = call()
        out.append(loss)
        if loss.total.requires_grad or not torch.is_grad_enabled():
            return loss.total
        # Nothing was taught, but the other processes wait for these gradients.
        return loss.total + sum(p.sum() * 0 for p in self.module.parameters() if p.requires_grad)


def make_accelerator(options: TrainingOptions) -> Accelerator:
    """What stands between the trainer and devices; under `accelerate launch`, between processes."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState  # type: ignore[import-untyped]
    from accelerate.utils import (  # type: ignore[import-untyped]
        DistributedDataParallelKwargs,
        InitProcessGroupKwargs,
    )

    available = torch.cuda.device_count()
    if options.num_gpus is not None and options.num_gpus > available:
        raise UserError(f"num_gpus is {options.num_gpus}, but {available} are here: set num_gpus")
    cpu = options.num_gpus == 0 or available == 0
    if options.fp16 and cpu:
        raise UserError("fp16 needs a GPU: set bf16=true, or neither")
    # A process keeps the precision of its first training; another one may want another.
    if AcceleratorState._shared_state:
        AcceleratorState._reset_state()
    accelerator = Accelerator(
        mixed_precision=options.mixed_precision,
        cpu=cpu,
        kwargs_handlers=[
            DistributedDataParallelKwargs(find_unused_parameters=True),
            InitProcessGroupKwargs(timeout=PATIENCE),
        ],
    )
    if options.num_gpus and options.num_gpus != accelerator.num_processes:
        raise UserError(
            f"num_gpus is {options.num_gpus}, but there are {accelerator.num_processes} processes: "
            f"accelerate launch --num_processes {options.num_gpus} -m t2s_bench.cli.app train …"
        )
    return accelerator


def rate(step: int, steps: int, highest: float, warmup: int) -> float:
    """Linear warm-up (a tenth of the steps at most), then a cosine down to a fiftieth.

    >>> [round(rate(step, 100, 1.0, 10), 2) for step in (0, 9, 10, 99)]
    [0.1, 1.0, 1.0, 0.02]
    """
    warmup = min(warmup, steps // 10)
    if step < warmup:
        return highest * (step + 1) / warmup
    progress = (step - warmup) / max(1, steps - 1 - warmup)
    return highest * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))


class Optimiser:
    """AdamW over a learner's weights, through accelerate."""

    def __init__(self, learner: Learner, options: TrainingOptions, seed: int) -> None:
        self.learner = learner
        self.options = options
        self.seed = seed
        self.accelerator = make_accelerator(options)
        matrices: list[nn.Parameter] = []
        vectors: list[nn.Parameter] = []
        for parameter in learner.module.parameters():
            if parameter.requires_grad:
                (matrices if parameter.dim() > 1 else vectors).append(parameter)
        groups = [
            {"params": matrices, "weight_decay": options.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        adamw = torch.optim.AdamW(groups, lr=options.learning_rate, betas=BETAS)
        prepared = self.accelerator.prepare(_Call(learner.module), adamw)
        self.call: nn.Module = prepared[0]
        self.adamw: Any = prepared[1]
        self._divides_itself = str(self.accelerator.distributed_type).endswith("DEEPSPEED")

    @property
    def processes(self) -> int:
        """How many train together."""
        return int(self.accelerator.num_processes)

    @property
    def place(self) -> int:
        """This one's number."""
        return int(self.accelerator.process_index)

    def any_process(self, mine: bool) -> bool:
        """Whether it holds on any process; all of them must ask."""
        if self.processes == 1:
            return mine
        said = torch.tensor([float(mine)], device=self.accelerator.device)
        return bool(self.accelerator.reduce(said, "sum").item() > 0)

    def reset(self) -> None:
        """Forgets moments, at the beginning of a stage."""
        self.adamw.state.clear()

    def seed_step(self, stage: int, step: int) -> None:
        """Seeds all chance of this process for a step."""
        from accelerate.utils import set_seed

        key = (self.seed * 1_000_003 + stage) * 1_000_003 + step
        set_seed((key * 1_009 + self.place) % 2**31)

    def step(
        self, calls: Sequence[Callable[[], Loss]], rate: float, *, dropout: bool = True
    ) -> Done:
        """Changes the weights once; raises NotFinite before it would spoil them."""
        for group in self.adamw.param_groups:
            group["lr"] = rate
        # Activations are computed again in training mode only, so there dropout goes by itself.
        self.call.train(dropout or self.options.use_gradient_checkpointing)
        if not dropout:
            for module in self.call.modules():
                if isinstance(module, nn.Dropout):
                    module.eval()
        losses: list[Loss] = []
        for number, call in enumerate(calls):
            with self._apart(last=number == len(calls) - 1), self._memory():
                total = self.call(call, losses)
                weight = 1 / len(calls) if self._divides_itself else losses[-1].tokens / UNIT
                self.accelerator.backward(total * weight)
        sums = self._summed(losses)
        tokens = max(1, int(sums[1]))
        if not self._divides_itself:
            factor = self.processes * UNIT / tokens
            for group in self.adamw.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        parameter.grad.mul_(factor)
        parameters = [p for group in self.adamw.param_groups for p in group["params"]]
        length = self.accelerator.clip_grad_norm_(parameters, self.options.max_grad_norm)
        norm = float(length) if length is not None else 0.0
        # Half precision's scaler tries too large scales on purpose and leaves that step out.
        if not (math.isfinite(sums[0]) and (self.options.fp16 or math.isfinite(norm))):
            self.adamw.zero_grad()
            raise NotFinite(f"loss {sums[0] / tokens:.4g}, length of the gradient {norm:.4g}")
        self.adamw.step()
        self.adamw.zero_grad()
        names = dict.fromkeys(name for loss in losses for name in loss.parts)
        parts = {
            name: _mean([loss.parts[name] for loss in losses if name in loss.parts])
            for name in names
        }
        return Done(sums[0] / tokens, parts, tokens, norm, rate)

    def _summed(self, losses: Sequence[Loss]) -> tuple[float, float]:
        """Sum of losses by tokens, and tokens, of all processes."""
        mine = [
            sum(float(loss.total.detach()) * loss.tokens for loss in losses),
            float(sum(loss.tokens for loss in losses)),
        ]
        device = self.accelerator.device
        one, other = self.accelerator.reduce(torch.tensor(mine, device=device), "sum").tolist()
        return one, other

    def _apart(self, *, last: bool) -> AbstractContextManager[Any]:
        """Gradients are exchanged once a step."""
        return nullcontext() if last else self.accelerator.no_sync(self.call)

    def _memory(self) -> _Memory:
        return _Memory(self.options)


class _Memory:
    """Turns running out of memory into a sentence about options."""

    def __init__(self, options: TrainingOptions) -> None:
        self._options = options

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
            isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
        ):
            raise OutOfMemory(f"out of memory: {advice(self._options)}") from error


def advice(options: TrainingOptions) -> str:
    """The option to change first.

    >>> advice(TrainingOptions(batch_size=8))
    'set batch_size=4 and gradient_accumulation_steps=2 (the same steps, half the memory)'
    """
    if options.batch_size > 1:
        return (
            f"set batch_size={options.batch_size // 2} and gradient_accumulation_steps="
            f"{options.gradient_accumulation_steps * 2} (the same steps, half the memory)"
        )
    if not options.use_gradient_checkpointing:
        return "set use_gradient_checkpointing=true"
    if options.tuning == "full" and options.model_name != "small":
        return "set tuning=lora"
    return f"set max_length={options.max_length // 2}, or take a smaller model"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
