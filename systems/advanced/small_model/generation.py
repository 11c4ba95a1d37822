"""Writing on from given beginnings, many rows at once: beam search and sampling to a boundary.

All rows share their task's memory. The beginnings are read in one pass, then every step costs one
token a row; a row stops at the next clause boundary, or at the end of the statement.

Several voices may write one statement together: the score of a token is the mean of theirs, so that
its probability is the geometric mean, over all tokens brought to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from ..codec.pointer.grammar import State
from .stepping import Stepping, StepWeights, Voice, one_thread

# A beam leaves alone what is this much less likely (in nats, 1 of 150) than its best. With 7 there
# is a right statement for more questions, but it is chosen for no more: 64.4 % in place of 64.8 of
# 247 questions of held-out databases.
SPREAD = 5.0
# What is longer is a runaway: the longest gold of Spider's training set has 47 tokens, and no model
# has written right what is longer than what it was taught.
LONGEST = 48

Mask = npt.NDArray[np.bool_]
# Changes the scores of a row's next tokens before they are normalised: (row's tokens, log-odds).
Adjust = Callable[[tuple[int, ...], npt.NDArray[np.float32]], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Row:
    """A statement that is being written: tokens so far, its grammar state, its log-probability.

    `greedy` says that a beam found each of its tokens the likeliest in its place.
    """

    tokens: tuple[int, ...]
    state: State
    logprob: float
    origin: int
    place: int  # the row of the cache
    greedy: bool = False


class Writer:
    """Writes for one task; counts the tokens that it has written, once for each voice.

    `weights` are those of the voices' decoders, where they are ready.
    """

    def __init__(
        self,
        voices: Sequence[Voice],
        begin: int,
        longest: int,
        weights: StepWeights | None = None,
    ) -> None:
        self._voices = voices
        self._ready = weights
        self._begin = begin
        self._longest = min(longest, LONGEST)
        self.tokens = 0

    @torch.inference_mode()
    @one_thread()
    def beam(
        self, starts: Sequence[Row], n: int, stop: Callable[[Row], bool], adjust: Adjust | None
    ) -> list[list[Row]]:
        """The n likeliest continuations of each start within SPREAD of the best, best first."""
        done: list[list[Row]] = [[] for _ in starts]
        steps = self._read(starts)
        live = list(starts)
        while live:
            scores = self._next(steps, live, adjust)
            likeliest = scores.argmax(1)
            totals = scores + np.array([[row.logprob] for row in live])
            origins = np.array([row.origin for row in live])
            grown = []
            for origin in dict.fromkeys(row.origin for row in live):
                options = _likeliest(totals, np.flatnonzero(origins == origin), n)
                ended = [row.logprob for row in done[origin]]
                best_one = max([option[0] for option in options[:1]] + ended, default=-np.inf)
                worst = max(_nth(ended, n), best_one - SPREAD)
                for score, number, token in options:
                    if score == -np.inf or score <= worst:
                        continue
                    row = self._grown(live[number], token, score, number)
                    if live[number].greedy and token == likeliest[number]:
                        row = replace(row, greedy=True)
                    if stop(row):
                        done[origin].append(row)
                    elif len(row.tokens) < self._longest:
                        grown.append(row)
            live = _continued(steps, grown)
        return [sorted(rows, key=lambda row: (-row.logprob, row.tokens))[:n] for rows in done]

    @torch.inference_mode()
    @one_thread()
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
        steps = self._read(starts)
        places = [place for place in range(len(starts)) for _ in range(n)]
        steps.take(places)
        live = [replace(starts[place], place=number) for number, place in enumerate(places)]
        order = list(range(len(live)))
        while live:
            scores = self._next(steps, live, adjust)
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
            live, order = _continued(steps, grown), kept
        return [[row for _, row in sorted(rows, key=lambda pair: pair[0])] for rows in done]

    @torch.inference_mode()
    def logits(self, statements: Sequence[Sequence[int]]) -> torch.Tensor:
        """Given statements, teacher-forced: the scores of each next token (S, t + 1, V + n)."""
        longest = max(map(len, statements))
        rows = [[self._begin, *s, *(0,) * (longest - len(s))] for s in statements]
        scores = []
        for voice in self._voices:
            memory = voice.memory.shared_by(len(rows))
            read = torch.tensor(rows, device=memory.bias.device)
            states, _ = voice.decoder.states(read, memory)
            scores.append(voice.decoder.logits(states, memory))
        return torch.stack(scores).mean(0)

    def _read(self, starts: Sequence[Row]) -> Stepping:
        return Stepping(self._voices, self._weights, self._begin, [row.tokens for row in starts])

    @cached_property
    def _weights(self) -> StepWeights:
        return self._ready or StepWeights([voice.decoder for voice in self._voices])

    def _next(
        self, steps: Stepping, live: Sequence[Row], adjust: Adjust | None
    ) -> npt.NDArray[np.float32]:
        """Log-probabilities of the tokens that the grammar allows, (rows, V + n)."""
        logits = steps.logits()
        self.tokens += len(live) * len(self._voices)
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


def _continued(steps: Stepping, rows: Sequence[Row]) -> list[Row]:
    """The live rows are now these: each continues the row `place` by its last token."""
    if rows:
        steps.write([row.place for row in rows], [row.tokens[-1] for row in rows])
    return [replace(row, place=number) for number, row in enumerate(rows)]


def _likeliest(
    totals: npt.NDArray[np.float64], rows: npt.NDArray[np.intp], n: int
) -> list[tuple[float, int, int]]:
    """The n likeliest (score, row, token) of these rows, the best first; ties as they stand."""
    flat = totals[rows].ravel()
    places = np.arange(len(flat))
    if n < len(flat):
        places = np.sort(np.argpartition(-flat, n)[:n])
    places = places[np.argsort(-flat[places], kind="stable")]
    numbers, tokens = np.divmod(places, totals.shape[1])
    return list(zip(flat[places].tolist(), rows[numbers].tolist(), tokens.tolist(), strict=True))


def _nth(logprobs: Sequence[float], n: int) -> float:
    """The n-th best; minus infinity where there are fewer."""
    return sorted(logprobs, reverse=True)[n - 1] if len(logprobs) >= n else -np.inf
