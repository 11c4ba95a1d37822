"""Weights on disk at a quarter of their size: matrices as 8-bit integers with a scale for each row.

Symmetric rounding to the nearest of 255 steps (a row's largest weight is 127); vectors and small
matrices stay in half precision. Inference is in single precision, as in training.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

# Matrices smaller than this are not worth rounding.
LEAST = 4096
_SCALE = "|scale"


def compacted(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rounds; integers stay as they are.

    >>> weights = {"w": torch.randn(64, 128), "b": torch.randn(64)}
    >>> back = expanded(compacted(weights))
    >>> bool((back["w"] - weights["w"]).abs().max() < 0.03)
    True
    """
    small: dict[str, torch.Tensor] = {}
    for name, tensor in weights.items():
        if not tensor.is_floating_point():
            small[name] = tensor
        elif tensor.dim() < 2 or tensor.numel() < LEAST:
            small[name] = tensor.to(torch.float16)
        else:
            scale = tensor.abs().amax(-1, keepdim=True).clamp(min=1e-8) / 127
            small[name] = (tensor / scale).round().to(torch.int8)
            small[name + _SCALE] = scale.to(torch.float16)
    return small


def expanded(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Single-precision weights from what `compacted` gave, or from plain ones."""
    full: dict[str, torch.Tensor] = {}
    for name, tensor in weights.items():
        if name.endswith(_SCALE):
            continue
        scale = weights.get(name + _SCALE)
        if scale is not None:
            full[name] = tensor.float() * scale.float()
        else:
            full[name] = tensor.float() if tensor.is_floating_point() else tensor
    return full
