"""A prompt in the cache of a local model: what is written and scored after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from .cache import Kept
from .model import Stop, Tokens, Usage, Written
from .rows import Rows

if TYPE_CHECKING:
    from .transformers import TransformersModel

Item = TypeVar("Item")


class LocalReading:
    """A prompt in the cache of a local model (a `Reading`)."""

    def __init__(
        self,
        model: TransformersModel,
        adapter: str,
        piece: torch.Tensor,
        first: torch.Tensor,
        state: torch.Tensor,
    ) -> None:
        self.adapter = adapter
        self.piece = piece
        self.first = first
        self.state = state
        self.kept = Kept(model.options.kept_tokens)
        self.forward_tokens = 0
        self._model = model

    @property
    def usage(self) -> Usage:
        """See `Reading`."""
        return Usage(int(self.piece.shape[3]), self.forward_tokens)

    def generate(
        self,
        prefixes: Sequence[Tokens],
        n: int,
        *,
        temperature: float,
        seed: int = 0,
        max_tokens: int = 256,
        stop: Stop | None = None,
    ) -> list[list[Written]]:
        """See `Reading`."""
        starts = [(self, prefix) for prefix in prefixes]
        return self._model.write(starts, n, temperature, seed, max_tokens, stop)

    def score(self, continuations: Sequence[Tokens]) -> list[tuple[float, ...]]:
        """See `Reading`."""
        found: list[tuple[float, ...]] = []
        for some in self._batches(continuations):
            with torch.inference_mode(), self._model.adapters.using(self.adapter):
                # The last token is only looked up, not read.
                rows = Rows(
                    self._model.forward, [(self, tokens[:-1]) for tokens in some], reuse=False
                )
                for row, tokens in enumerate(some):
                    if not tokens:
                        found.append(())
                        continue
                    scores = [float(self.first[tokens[0]])]
                    if rows.output is not None and len(tokens) > 1:
                        own = rows.output.logprobs[row, -(len(tokens) - 1) :]
                        chosen = torch.tensor(tokens[1:], device=own.device)
                        scores += own.gather(1, chosen[:, None]).squeeze(1).tolist()
                    found.append(tuple(scores))
        return found

    def choose(self, prefixes: Sequence[Tokens], texts: Sequence[str]) -> list[tuple[float, ...]]:
        """See `Reading`; texts of one token each cost nothing beyond the prefix."""
        encoded = [self._model.encode(text) for text in texts]
        if any(len(tokens) != 1 for tokens in encoded):
            whole = [(*prefix, *tokens) for prefix in prefixes for tokens in encoded]
            scores = iter(self.score(whole))
            return [tuple(sum(next(scores)[len(prefix) :]) for _ in encoded) for prefix in prefixes]
        found: list[tuple[float, ...]] = []
        for some in self._batches(prefixes):
            with torch.inference_mode(), self._model.adapters.using(self.adapter):
                rows = Rows(self._model.forward, [(self, tokens) for tokens in some])
                chosen = rows.logprobs[:, [token for (token,) in encoded]]
                found += [tuple(row) for row in chosen.tolist()]
        return found

    def states(self, continuations: Sequence[Tokens]) -> npt.NDArray[np.float32]:
        """See `Reading`."""
        found = np.zeros((len(continuations), self._model.hidden_size), dtype=np.float32)
        found[:] = self.state.float().cpu().numpy()
        places = [place for place, tokens in enumerate(continuations) if tokens]
        for some in self._batches(places):
            with torch.inference_mode(), self._model.adapters.using(self.adapter):
                starts = [(self, continuations[place]) for place in some]
                rows = Rows(self._model.forward, starts, states=True)
                assert rows.output is not None and rows.output.states is not None
                found[list(some)] = rows.output.states[:, -1].float().cpu().numpy()
        return found

    def _batches(self, some: Sequence[Item]) -> Iterator[Sequence[Item]]:
        size = self._model.options.batch
        for start in range(0, len(some), size):
            yield some[start : start + size]
