"""The precision that the machine can train in."""

from __future__ import annotations

from dataclasses import replace

import torch

from .options import TrainingOptions

NO_BFLOAT16 = "this processor has no bfloat16 arithmetic: bf16=true trains in single precision here"


def on_this_machine(options: TrainingOptions) -> TrainingOptions:
    """The options with `bf16` off where the processor, which is to train, does not compute in it.

    PyTorch would convert every number there and back: training ran at a tenth of the speed.
    """
    cpu = options.num_gpus == 0 or not torch.cuda.is_available()
    return replace(options, bf16=False) if options.bf16 and cpu and not has_bfloat16() else options


def has_bfloat16() -> bool:
    """Whether PyTorch has kernels for bfloat16 matrices on this processor (oneDNN's own check)."""
    found = hasattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported")
    return found and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
