"""The critic at one task: each beginning of a statement is read once, whoever asks for it.

A search values beginnings and statements, then the validation agent judges the same statements:
both are told from one reading. Statements share beginnings, and nothing in the critic looks ahead:
what is new is read as the branches of a tree, after the keys and values of what is known.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..codec.pointer.vocabulary import BEGIN
from .critic import Critic
from .decoder import Written
from .encoder import HIDDEN
from .inputs import Batch

Tokens = tuple[int, ...]


class Judging:
    """Values and verdicts of one task's statements; `tokens` counts the beginnings that were read.

    For inference: no gradient goes through.
    """

    def __init__(self, critic: Critic, batch: Batch) -> None:
        self._critic = critic
        with torch.inference_mode():
            self._memory = critic.remember(batch)
        # A beginning → its number; of each the numbers of all that it begins with, itself last.
        self._numbers: dict[Tokens, int] = {}
        self._paths: list[list[int]] = []
        # By number: states (N, d), the last token's log-probability (N,), values as probabilities.
        self._states = self._memory.targets.new_empty((0, self._memory.targets.shape[-1]))
        self._own = self._memory.bias.new_empty(0)
        self._values: list[float] = []
        self._written: Written | None = None

    @property
    def tokens(self) -> int:
        """How many beginnings were read, the empty one aside."""
        return max(0, len(self._numbers) - 1)

    def values(self, beginnings: Sequence[Tokens]) -> list[float]:
        """How likely the best statement that begins so is right."""
        self._take_in(beginnings)
        return [self._values[self._numbers[tokens]] for tokens in beginnings]

    def verdicts(self, statements: Sequence[Tokens], told: Sequence[list[float]]) -> list[float]:
        """The logit of each statement (not empty), told its marks (see `critic.marks`)."""
        self._take_in(statements)
        paths = [self._paths[self._numbers[tokens]][1:] for tokens in statements]
        device = self._memory.bias.device
        with torch.inference_mode():
            found = self._critic.verdict(
                torch.stack([self._states[path].mean(0) for path in paths]),
                self._states[[path[-1] for path in paths]],
                torch.stack([self._own[path].sum() for path in paths]),
                torch.tensor([len(path) for path in paths], device=device),
                torch.tensor(told, device=device),
            )
        verdicts: list[float] = found.tolist()
        return verdicts

    def _take_in(self, statements: Sequence[Tokens]) -> None:
        """Reads the beginnings that were not read yet."""
        new: list[Tokens] = []
        first = len(self._numbers)
        for tokens in dict.fromkeys(statements):
            for length in range(len(tokens) + 1):
                beginning = tokens[:length]
                if beginning not in self._numbers:
                    number = self._numbers[beginning] = len(self._numbers)
                    path = self._paths[self._numbers[beginning[:-1]]] if length else []
                    self._paths.append([*path, number])
                    new.append(beginning)
        if not new:
            return
        device = self._memory.bias.device
        unseen = torch.full((len(new), len(self._numbers)), HIDDEN)
        for row, path in enumerate(self._paths[first:]):
            unseen[row, path] = 0
        tokens_of = torch.tensor([one[-1] if one else BEGIN for one in new], device=device)
        places = torch.tensor([len(one) for one in new], device=device)
        parents = [path[-2] if len(path) > 1 else 0 for path in self._paths[first:]]
        with torch.inference_mode():
            states, self._written = self._critic.decoder.branches(
                tokens_of[None], places, unseen.to(device), self._written, self._memory
            )
            self._states = torch.cat((self._states, states[0].float()))
            before = self._states[None, parents]
            own = self._critic.likelihoods(before, tokens_of[None], self._memory)[0]
            self._own = torch.cat((self._own, own))
            self._values += torch.sigmoid(self._critic.value(states[0]).squeeze(-1)).tolist()
