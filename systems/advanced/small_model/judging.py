"""The critic at one task: each beginning of a statement is read once, whoever asks for it.

A search values beginnings and statements, then the validation agent judges the same statements:
both are told from one reading. Nothing in it looks ahead, so a beginning has been read with any
statement that goes on from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .critic import Critic, padded
from .inputs import Batch

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """A statement's states (t + 1, d), its tokens' log-probabilities (t,), its beginnings' values.

    Values are probabilities; the one at k is that of the first k tokens.
    """

    states: torch.Tensor
    own: torch.Tensor
    values: list[float]


class Judging:
    """Values and verdicts of one task's statements; `tokens` counts the beginnings that were read.

    For inference: no gradient goes through.
    """

    def __init__(self, critic: Critic, batch: Batch) -> None:
        self._critic = critic
        self.tokens = 0
        self._read: dict[Tokens, Reading] = {}
        with torch.inference_mode():
            self._memory = critic.remember(batch)

    def values(self, beginnings: Sequence[Tokens]) -> list[float]:
        """How likely the best statement that begins so is right."""
        self._take_in(beginnings)
        return [self._read[tokens].values[len(tokens)] for tokens in beginnings]

    def verdicts(self, statements: Sequence[Tokens], told: Sequence[list[float]]) -> list[float]:
        """The logit of each statement (not empty), told its marks (see `critic.marks`)."""
        self._take_in(statements)
        read = [(self._read[tokens], len(tokens)) for tokens in statements]
        device = self._memory.bias.device
        with torch.inference_mode():
            found = self._critic.verdict(
                torch.stack([one.states[1 : n + 1].mean(0) for one, n in read]),
                torch.stack([one.states[n] for one, n in read]),
                torch.stack([one.own[:n].sum() for one, n in read]),
                torch.tensor([n for _, n in read], device=device),
                torch.tensor(told, device=device),
            )
        verdicts: list[float] = found.tolist()
        return verdicts

    def _take_in(self, statements: Sequence[Tokens]) -> None:
        """Reads what was not read yet; the longest first, as they hold the others."""
        new: list[Tokens] = []
        met: set[Tokens] = set()
        for tokens in sorted({*statements}.difference(self._read), key=len, reverse=True):
            if tokens not in met:
                new.append(tokens)
                met.update(tokens[:length] for length in range(len(tokens) + 1))
        if not new:
            return
        with torch.inference_mode():
            padding, _ = padded(new, self._memory.bias.device)
            memory = self._memory.shared_by(len(new))
            states, own = self._critic.read(memory, padding)
            values = torch.sigmoid(self._critic.value(states).squeeze(-1)).tolist()
        for number, tokens in enumerate(new):
            reading = Reading(states[number], own[number], values[number])
            for length in range(len(tokens) + 1):
                if tokens[:length] not in self._read:
                    self._read[tokens[:length]] = reading
                    self.tokens += length > 0
