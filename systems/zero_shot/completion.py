"""What a language model gives back for one prompt, whichever backend it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Completion:
    """The texts of `n` answers (without the prompt's start), and what they cost.

    `finishes` says why each ended: `stop` or `length` (cut off), or a server's own word. `attempts`
    is how many requests were made. `error` says why there is no text, where the prompt itself is at
    fault (too long for the model).
    """

    texts: tuple[str, ...]
    finishes: tuple[str, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    attempts: int = 1
    error: str = ""
