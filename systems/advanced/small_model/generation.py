"""Writing on from given beginnings, many rows at once: beam search and sampling to a boundary.

All rows share their task's memory. The beginnings are read in one pass, then every step costs one
token a row; a row stops at the next clause boundary, or at the end of the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from ..codec.pointer.grammar import State
from .decoder import Decoder, Memory
from .encoder import HIDDEN

Mask = npt.NDArray[np.bool_]
# Changes the scores of a row's next tokens before they are normalised: (row's tokens, log-odds).
Adjust = Callable[[tuple[int, ...], npt.NDArray[np.float32]], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Row:
    """A statement that is being written: tokens so far, its grammar state, its log-probability."""

    tokens: tuple[int, ...]
    state: State
    logprob: float
    origin: int
    place: int  # the row of the cache


class Writer:
    """Writes for one task; counts the tokens it has written."""

    def __init__(self, decoder: Decoder, memory: Memory, begin: int, longest: int) -> None:
        self._decoder = decoder
        self._memory = memory
        self._begin = begin
        self._longest = longest
        self.tokens = 0

    @torch.inference_mode()
    def beam(
        self, starts: Sequence[Row], n: int, stop: Callable[[Row], bool], adjust: Adjust | None
    ) -> list[list[Row]]:
        """The n likeliest continuations of each start, best first."""
        done: list[list[Row]] = [[] for _ in starts]
        cache = _Cache(self._decoder, self._memory, self._begin, starts)
        live = list(starts)
        while live:
            scores = self._next(cache, live, adjust)
            best: list[list[tuple[float, int, int]]] = [[] for _ in starts]
            for number, row in enumerate(live):
                for token in _largest(scores[number], n):
                    score = row.logprob + float(scores[number, token])
                    best[row.origin].append((score, number, token))
            grown = []
            for origin, options in enumerate(best):
                options.sort(key=lambda option: (-option[0], option[1], option[2]))
                worst = _nth(done[origin], n)
                for score, number, token in options[:n]:
                    if score == -np.inf or score <= worst:
                        continue
                    row = self._grown(live[number], token, score, number)
                    if stop(row):
                        done[origin].append(row)
                    elif len(row.tokens) < self._longest:
                        grown.append(row)
            live = cache.take(grown)
        return [sorted(rows, key=lambda row: (-row.logprob, row.tokens))[:n] for rows in done]

    @torch.inference_mode()
    def sample(
        self,
        starts: Sequence[Row],
        n: int,
        stop: Callable[[Row], bool],
        adjust: Adjust | None,
        temperature: float,
        seed: int,
    ) -> list[list[Row]]:
        """N samples of each start in the order drawn, repeats kept."""
        chance = np.random.default_rng(seed)
        done: list[list[tuple[int, Row]]] = [[] for _ in starts]
        cache = _Cache(self._decoder, self._memory, self._begin, starts)
        live = [row for row in starts for _ in range(n)]
        order = list(range(len(live)))
        live = cache.take(live)
        while live:
            scores = self._next(cache, live, adjust)
            noise = chance.gumbel(size=scores.shape).astype(np.float32)
            chosen = (scores / temperature + noise).argmax(1)
            grown, kept = [], []
            for number, (row, token) in enumerate(zip(live, chosen.tolist(), strict=True)):
                score = row.logprob + float(scores[number, token])
                if score == -np.inf:
                    continue
                new = self._grown(row, token, score, number)
                if stop(new):
                    done[row.origin].append((order[number], new))
                elif len(new.tokens) < self._longest:
                    grown.append(new)
                    kept.append(order[number])
            live, order = cache.take(grown), kept
        return [[row for _, row in sorted(rows, key=lambda pair: pair[0])] for rows in done]

    @torch.inference_mode()
    def states(self, statements: Sequence[Sequence[int]]) -> torch.Tensor:
        """Given statements, teacher-forced: (S, t + 1, d); place i stands before token i."""
        states, _ = self._states(statements)
        return states

    @torch.inference_mode()
    def logits(self, statements: Sequence[Sequence[int]]) -> torch.Tensor:
        """Given statements, teacher-forced: the scores of each next token (S, t + 1, V + n)."""
        states, memory = self._states(statements)
        return self._decoder.logits(states, memory)

    def _states(self, statements: Sequence[Sequence[int]]) -> tuple[torch.Tensor, Memory]:
        longest = max(map(len, statements))
        rows = [[self._begin, *s, *(0,) * (longest - len(s))] for s in statements]
        memory = self._memory.shared_by(len(rows))
        states, _ = self._decoder.states(torch.tensor(rows, device=memory.bias.device), memory)
        return states, memory

    def _next(
        self, cache: _Cache, live: Sequence[Row], adjust: Adjust | None
    ) -> npt.NDArray[np.float32]:
        """Log-probabilities of the tokens that the grammar allows, (rows, V + n)."""
        logits = cache.logits()
        self.tokens += len(live)
        for number, row in enumerate(live):
            allowed = row.state.allowed()
            if adjust is not None:
                logits[number] = adjust(row.tokens, logits[number])
            logits[number, ~allowed] = -np.inf
        top = logits.max(1, keepdims=True)
        with np.errstate(invalid="ignore"):
            scores = np.asarray(
                logits - top - np.log(np.exp(logits - top).sum(1, keepdims=True)), dtype=np.float32
            )
        # A constraint may leave no token that the grammar allows.
        return np.where(np.isnan(scores), np.float32(-np.inf), scores)

    def _grown(self, row: Row, token: int, score: float, place: int) -> Row:
        return Row((*row.tokens, token), row.state.advance(token), score, row.origin, place)


class _Cache:
    """Keys and values of what the live rows have written, gaps hidden, and their last states."""

    def __init__(self, decoder: Decoder, memory: Memory, begin: int, starts: Sequence[Row]) -> None:
        self._decoder = decoder
        self._task = memory
        longest = max(len(row.tokens) for row in starts) + 1
        rows = [[begin, *row.tokens, *(0,) * (longest - 1 - len(row.tokens))] for row in starts]
        device = memory.bias.device
        lengths = torch.tensor([len(row.tokens) + 1 for row in starts], device=device)
        self._memory = memory.shared_by(len(rows))
        states, self._written = decoder.states(torch.tensor(rows, device=device), self._memory)
        self._last = states[torch.arange(len(rows), device=device), lengths - 1][:, None]
        self._lengths = lengths
        self._unseen = torch.zeros(len(rows), longest, device=device).masked_fill(
            torch.arange(longest, device=device) >= lengths[:, None], HIDDEN
        )

    def logits(self) -> npt.NDArray[np.float32]:
        """Scores of the next token of each live row."""
        scores = self._decoder.logits(self._last, self._memory)[:, 0]
        return scores.cpu().numpy().astype(np.float32)

    def take(self, rows: Sequence[Row]) -> list[Row]:
        """The live rows are now these: each continues the row `place` by its last token.

        Rows of which nothing new is written (as at the start) are only repeated.
        """
        if not rows:
            return []
        device = self._last.device
        places = torch.tensor([row.place for row in rows], device=device)
        self._memory = self._task.shared_by(len(rows))
        self._lengths, self._unseen = self._lengths[places], self._unseen[places]
        self._last = self._last[places]
        self._written = [(key[places], value[places]) for key, value in self._written]
        if len(rows[0].tokens) + 1 > int(self._lengths[0]):
            tokens = torch.tensor([[row.tokens[-1]] for row in rows], device=device)
            self._unseen = torch.cat((self._unseen, self._unseen.new_zeros(len(rows), 1)), 1)
            self._last, self._written = self._decoder.states(
                tokens,
                self._memory,
                self._written,
                self._lengths[:, None],
                self._unseen[:, None, None, :],
            )
            self._lengths = self._lengths + 1
        return [replace(row, place=number) for number, row in enumerate(rows)]


def _largest(scores: npt.NDArray[np.float32], n: int) -> list[int]:
    if n >= len(scores):
        return list(range(len(scores)))
    return sorted(np.argpartition(-scores, n)[:n].tolist())


def _nth(rows: Sequence[Row], n: int) -> float:
    """What a continuation must be better than: the n-th best of those that are done."""
    if len(rows) < n:
        return -np.inf
    return sorted((row.logprob for row in rows), reverse=True)[n - 1]
