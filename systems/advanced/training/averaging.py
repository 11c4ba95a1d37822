"""The average of the weights over the steps of a stage, which takes their place at its end.

An exponential moving average (Polyak and Juditsky 1992, with the warm-up of its decay that
TensorFlow's has): step t (from 1) keeps min(decay, (1 + t) / (10 + t)) of it, so that the first
steps do not hold on to random weights. Every process keeps the same one beside the same weights.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn


def kept(decay: float, step: int) -> float:
    """The share of the average that stays at a step, counted from 1.

    >>> [round(kept(0.999, step), 3) for step in (1, 90, 100_000)]
    [0.182, 0.91, 0.999]
    """
    return min(decay, (1 + step) / (10 + step))


class Average:
    """The average of a module's trainable weights; it begins as the weights of now."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._decay = decay
        self._weights = {
            name: parameter for name, parameter in module.named_parameters()
            if parameter.requires_grad
        }  # fmt: skip
        self._average = {name: one.detach().clone() for name, one in self._weights.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Takes the weights after a step (counted from 1) in."""
        weights = [one.detach() for one in self._weights.values()]
        share = 1 - kept(self._decay, step)
        torch._foreach_lerp_(list(self._average.values()), weights, share)

    @torch.no_grad()
    def take_over(self) -> None:
        """The weights become the average."""
        for name, weight in self._weights.items():
            weight.copy_(self._average[name])

    def state(self) -> dict[str, torch.Tensor]:
        """For the checkpoint."""
        return self._average

    @torch.no_grad()
    def load(self, state: Mapping[str, torch.Tensor]) -> None:
        """The inverse; raises KeyError where a weight is missing."""
        for name, average in self._average.items():
            average.copy_(state[name])
