"""One interface to pretrained language models: read a prompt once, then write and score from it.

    (reading,) = model.read([prompt])
    written = reading.generate([()], n=4, temperature=0.8, seed=1)
    scores = reading.score([model.encode("SELECT 1")])

A `Reading` is what search reuses: the prompt is read once, however many continuations follow. Two
backends: `transformers.py` (a model on this machine) and `openai.py` (a server). Tokens are the
backend's own numbers; only its `encode` and `decode` give them meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Mark:
    """A place in a prompt that a vector stands for: `schema[start:end]`, row `row` of `vectors`."""

    start: int
    end: int
    row: int


@dataclass(frozen=True)
class Prompt:
    """Chat messages as (role, content), and how the model's answer begins ('' where it does not).

    `schema` is a piece of one message; `marks` are places in it, and `vectors` what a local model
    adds to the embeddings of the tokens there: (rows, hidden size). A server knows only text.
    """

    messages: tuple[tuple[str, str], ...]
    start: str = ""
    schema: str = ""
    marks: tuple[Mark, ...] = ()
    vectors: npt.NDArray[np.float32] | None = field(default=None, compare=False)

    def as_chat(self) -> list[dict[str, str]]:
        """The messages as chat templates and servers take them."""
        return [{"role": role, "content": content} for role, content in self.messages]


@dataclass(frozen=True)
class Stop:
    """Where writing ends before the model ends it.

    `find(text, start)` gives the end of the first stop in `text` that lies beyond `start`, or None;
    it decides. `strings` are what a server can look for: it may stop at more places than `find`
    and then is asked to go on.
    """

    find: Callable[[str, int], int | None]
    strings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """What was written after a prefix, which is not repeated here.

    `logprobs` are natural log-probabilities at temperature 1, one a token of the model (a server's
    tokens may be more than `tokens`). `finish`: `stop` (a `Stop`), `end` (the model's own end),
    `length` (cut off).
    """

    tokens: Tokens
    text: str
    logprobs: tuple[float, ...]
    finish: Literal["stop", "end", "length"]

    @property
    def logprob(self) -> float:
        """Of all tokens."""
        return float(sum(self.logprobs))


@dataclass(frozen=True)
class Usage:
    """Tokens that went through the model: of the prompt, and of everything after it."""

    prompt_tokens: int = 0
    forward_tokens: int = 0


class Reading(Protocol):
    """A prompt as the model has read it. Prefixes are tokens that follow it."""

    @property
    def usage(self) -> Usage:
        """What it has cost so far."""

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
        """For each prefix n continuations.

        At temperature 0 the n likeliest by beam search, best first (fewer where there are fewer);
        else n samples, repeats kept. A prefix's samples depend on it, on n's place and on the seed,
        not on what is asked beside it.
        """

    def score(self, continuations: Sequence[Tokens]) -> list[tuple[float, ...]]:
        """Log-probabilities of given tokens, one each."""

    def choose(self, prefixes: Sequence[Tokens], texts: Sequence[str]) -> list[tuple[float, ...]]:
        """For each prefix the log-probabilities that it goes on with each of some short texts."""

    def states(self, continuations: Sequence[Tokens]) -> npt.NDArray[np.float32]:
        """The last hidden state at the end of each continuation: (continuations, hidden size).

        That of an empty one is the prompt's. Raises BadInput where the backend has none (a server).
        """


class LanguageModel(Protocol):
    """A causal language model with a chat format."""

    def encode(self, text: str) -> Tokens:
        """Text → tokens, so that `decode` gives it back; no special tokens are added."""

    def decode(self, tokens: Sequence[int]) -> str:
        """Tokens → text; the model's special tokens are left out."""

    def length(self, tokens: Sequence[int]) -> int:
        """How many of the model's own tokens these are, for limits."""

    def read(self, prompts: Sequence[Prompt], adapter: str = "") -> list[Reading]:
        """Reads prompts in padded batches, with an adapter by name ('': the base model)."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """One vector a text: (texts, size)."""

    def describe(self) -> Mapping[str, object]:
        """What identifies the model beyond its options."""

    def close(self) -> None:
        """Frees what it holds."""
