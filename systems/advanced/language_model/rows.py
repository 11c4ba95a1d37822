"""Rows of a batch that grow token by token on shared prompts: sampling and beam search.

A row is a prompt's piece of the cache, the piece of its prefix where one is kept, and what is read
since. Only tokens that are new to the model go through it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch

from .cache import Kept, cache_of, piece_of
from .model import Stop, Tokens, Written


class Source(Protocol):
    """A prompt that was read: what rows of it start from."""

    piece: torch.Tensor
    first: torch.Tensor
    kept: Kept
    forward_tokens: int


@dataclass(frozen=True)
class Output:
    """What the model says of the tokens of a forward pass: (rows, tokens, …)."""

    logprobs: torch.Tensor
    states: torch.Tensor | None = None


# ids, mask over cache and ids, positions, cache, whether hidden states are wanted → Output
Forward = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, Any, bool], Output]
Finish = Literal["stop", "end", "length"]


class Rows:
    """The rows that are being written; `logprobs` are of the token that comes next."""

    def __init__(
        self,
        forward: Forward,
        starts: Sequence[tuple[Source, Tokens]],
        *,
        reuse: bool = True,
        states: bool = False,
    ) -> None:
        self._forward = forward
        self._sources = [source for source, _ in starts]
        taken = [source.kept.take(tokens) if reuse else (0, None) for source, tokens in starts]
        pieces = [
            [source.piece, *([piece] if piece is not None else [])]
            for (source, _), (_, piece) in zip(starts, taken, strict=True)
        ]
        self._cache, self._mask = cache_of(pieces)
        # Where the prompt ends among the real places of a row, and the position of the next token.
        self._prompts = [source.piece.shape[3] for source in self._sources]
        self.next = [
            prompt + covered for prompt, (covered, _) in zip(self._prompts, taken, strict=True)
        ]
        unread = [tokens[covered:] for (_, tokens), (covered, _) in zip(starts, taken, strict=True)]
        # (rows, tokens read here, …), right-aligned.
        self.output = self.read(unread, states) if any(unread) else None
        firsts = torch.stack([source.first for source in self._sources])
        if self.output is None:
            self.logprobs = firsts
        else:
            empty = torch.tensor([not tokens for tokens in unread], device=firsts.device)
            self.logprobs = torch.where(empty[:, None], firsts, self.output.logprobs[:, -1])

    def read(self, tokens: Sequence[Tokens], states: bool = False) -> Output:
        """Reads more of every row (some may have none)."""
        longest = max(map(len, tokens))
        device = self._mask.device
        ids = torch.zeros((len(tokens), longest), dtype=torch.long)
        real = torch.zeros_like(ids)
        positions = torch.zeros_like(ids)
        for row, own in enumerate(tokens):
            if own:
                ids[row, -len(own) :] = torch.tensor(own)
                real[row, -len(own) :] = 1
                positions[row, -len(own) :] = self.next[row] + torch.arange(len(own))
            self._sources[row].forward_tokens += len(own)
            self.next[row] += len(own)
        self._mask = torch.cat([self._mask, real.to(device)], 1)
        return self._forward(ids.to(device), self._mask, positions.to(device), self._cache, states)

    def step(self, tokens: Sequence[int]) -> None:
        """Reads one token a row."""
        self.logprobs = self.read([(token,) for token in tokens]).logprobs[:, -1]

    def keep(self, places: Sequence[int]) -> None:
        """Goes on with some rows only; one may be taken several times."""
        if list(places) == list(range(len(self.next))):
            return
        index = torch.tensor(places, dtype=torch.long, device=self._mask.device)
        self._cache.batch_select_indices(index)
        self._mask = self._mask[index]
        self.logprobs = self.logprobs[index]
        self._sources = [self._sources[place] for place in places]
        self._prompts = [self._prompts[place] for place in places]
        self.next = [self.next[place] for place in places]

    def remember(self, row: int, tokens: Tokens) -> None:
        """Keeps the piece of a row for who goes on from `tokens`, the last of which is unread."""
        places = self._mask[row].nonzero().squeeze(1)[self._prompts[row] :]
        self._sources[row].kept.put(tokens, piece_of(self._cache, row, places))


@dataclass(frozen=True)
class Writing:
    """How rows are written: what ends one, and how tokens read as text."""

    decode: Callable[[Sequence[int]], str]
    ends: frozenset[int]
    stop: Stop | None
    max_tokens: int

    def finish(self, prefix: Tokens, at: int, new: Tokens) -> Finish | None:
        """Why a row ends here; `at` is the length of the prefix as text."""
        if new[-1] in self.ends:
            return "end"
        if self.stop is not None and self.stop.find(self.decode((*prefix, *new)), at) is not None:
            return "stop"
        return "length" if len(new) >= self.max_tokens else None

    def written(
        self, prefix: Tokens, at: int, new: Tokens, logprobs: tuple[float, ...], finish: Finish
    ) -> Written:
        """The row as a result."""
        return Written(new, self.decode((*prefix, *new))[at:], logprobs, finish)


def sample(
    forward: Forward,
    starts: Sequence[tuple[Source, Tokens]],
    n: int,
    writing: Writing,
    temperature: float,
    seed: int,
) -> list[list[Written]]:
    """Draws n samples of each start; they come in the order drawn."""
    rows = Rows(forward, starts)
    alive = [(place, number) for place in range(len(starts)) for number in range(n)]
    rows.keep([place for place, _ in alive])
    chances = {
        key: np.random.default_rng(_entropy(seed, starts[key[0]][1], key[1])) for key in alive
    }
    ats = [len(writing.decode(prefix)) for _, prefix in starts]
    texts: dict[tuple[int, int], tuple[Tokens, tuple[float, ...]]] = dict.fromkeys(alive, ((), ()))
    done: dict[tuple[int, int], Written] = {}
    while alive:
        drawn = _drawn(rows.logprobs, temperature, [chances[key].random() for key in alive])
        scores = rows.logprobs[torch.arange(len(alive)), drawn].tolist()
        going = []
        for row, (key, token, score) in enumerate(zip(alive, drawn.tolist(), scores, strict=True)):
            new, logprobs = texts[key]
            texts[key] = new, logprobs = (*new, token), (*logprobs, score)
            prefix, at = starts[key[0]][1], ats[key[0]]
            finish = writing.finish(prefix, at, new)
            if finish is None:
                going.append(row)
                continue
            done[key] = writing.written(prefix, at, new, logprobs, finish)
            if finish == "stop":
                rows.remember(row, (*prefix, *new))
        alive = [alive[row] for row in going]
        if alive:
            rows.keep(going)
            rows.step([texts[key][0][-1] for key in alive])
    return [[done[place, number] for number in range(n)] for place in range(len(starts))]


@dataclass(frozen=True)
class _Beam:
    start: int
    new: Tokens = ()
    logprobs: tuple[float, ...] = ()
    score: float = 0.0


def beam(
    forward: Forward, starts: Sequence[tuple[Source, Tokens]], n: int, writing: Writing
) -> list[list[Written]]:
    """The n likeliest of each start, best first; n = 1 is greedy."""
    rows = Rows(forward, starts)
    ats = [len(writing.decode(prefix)) for _, prefix in starts]
    found: list[list[Written]] = [[] for _ in starts]
    live = [_Beam(place) for place in range(len(starts))]
    while live:
        of_start: dict[int, list[int]] = {}
        for row, one in enumerate(live):
            of_start.setdefault(one.start, []).append(row)
        grown: list[tuple[int, _Beam]] = []
        width = min(2 * n, rows.logprobs.shape[1])
        tops, tokens = rows.logprobs.topk(width, -1)
        tops_list, tokens_list = tops.tolist(), tokens.tolist()
        for start, members in of_start.items():
            candidates = [
                (live[row].score + tops_list[row][rank], row, rank)
                for row in members
                for rank in range(width)
            ]
            candidates.sort(key=lambda one: (-one[0], one[1], one[2]))
            prefix, at = starts[start][1], ats[start]
            going: list[tuple[int, _Beam]] = []
            for score, row, rank in candidates[: 2 * n]:
                new = (*live[row].new, tokens_list[row][rank])
                logprobs = (*live[row].logprobs, tops_list[row][rank])
                finish = writing.finish(prefix, at, new)
                if finish is None:
                    going.append((row, _Beam(start, new, logprobs, score)))
                elif len(found[start]) < n or score > found[start][-1].logprob:
                    found[start].append(writing.written(prefix, at, new, logprobs, finish))
                    found[start].sort(key=lambda one: -one.logprob)
                    del found[start][n:]
                    if finish == "stop":
                        rows.remember(row, (*prefix, *new))
                if len(going) == n:
                    break
            # A longer row is never likelier than it is now.
            if len(found[start]) == n:
                going = [one for one in going if one[1].score > found[start][-1].logprob]
            grown += going
        live = [one for _, one in grown]
        if live:
            rows.keep([row for row, _ in grown])
            rows.step([one.new[-1] for one in live])
    return found


def _drawn(logprobs: torch.Tensor, temperature: float, chances: Sequence[float]) -> torch.Tensor:
    """One token a row by the inverse of its distribution."""
    shares = (logprobs.double() / temperature).softmax(-1).cumsum(-1)
    at = torch.tensor(chances, dtype=torch.float64, device=shares.device) * shares[:, -1]
    drawn = torch.searchsorted(shares, at[:, None], right=True).squeeze(1)
    return drawn.clamp(max=shares.shape[1] - 1)


def _entropy(seed: int, prefix: Tokens, number: int) -> list[int]:
    return [seed & 0xFFFFFFFF, zlib.crc32(repr(prefix).encode()), number]
