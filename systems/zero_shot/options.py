"""What can be set on `zero_shot`."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit


def _environment(name: str) -> Callable[[], str]:
    return lambda: os.environ.get(name, "")


@dataclass(frozen=True, kw_only=True)
class ZeroShotOptions:
    """Options of `zero_shot`; the server's are in force with `backend=openai` only."""

    backend: Literal["openai", "transformers"] = field(
        default="openai", metadata={"help": "a server with OpenAI's chat API, or a local model"}
    )
    model: str = field(
        default_factory=_environment("OPENAI_MODEL"),
        metadata={"help": "its name on the server (OPENAI_MODEL), or a folder or hub name"},
    )
    profile: Literal["plain", "arctic"] = field(
        default="plain", metadata={"help": "the prompt: see prompts.py"}
    )
    schema: Literal["ddl", "compact"] = field(
        default="ddl", metadata={"help": "CREATE TABLE statements, or one line a table"}
    )
    schema_characters: int = field(
        default=30_000, metadata={"help": "the longest schema text; what is left out is said in it"}
    )
    temperature: float | None = field(
        default=0.0, metadata={"help": "0 is greedy; none leaves it to the server"}
    )
    max_tokens: int = field(default=2_048, metadata={"help": "of one answer"})
    n: int = field(default=1, metadata={"help": "answers to a question, which then vote"})
    seed: int | None = field(default=None, metadata={"help": "of sampling; none: the run's seed"})
    prefill: bool = field(
        default=True,
        metadata={"help": "start the answer for the model where the profile has a start"},
    )

    base_url: str = field(
        default_factory=_environment("OPENAI_BASE_URL"),
        metadata={"help": "of the server, often ending in /v1 (OPENAI_BASE_URL)"},
    )
    api_key: str = field(
        default_factory=_environment("OPENAI_API_KEY"),
        metadata={"help": "of the server (OPENAI_API_KEY)", "secret": True},
    )
    timeout: float = field(default=600.0, metadata={"help": "seconds for one request"})
    retries: int = field(
        default=6, metadata={"help": "further tries when a server is busy, down or garbled"}
    )
    concurrency: int = field(default=8, metadata={"help": "requests at once"})

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = field(
        default="auto", metadata={"help": "of a local model; auto: as its files say"}
    )
    device: str = field(default="auto", metadata={"help": "of a local model: cpu, cuda:1 …"})
    batch: int = field(default=8, metadata={"help": "questions at once for a local model"})

    def __post_init__(self) -> None:
        for name in ("max_tokens", "n", "concurrency", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.temperature is not None and self.temperature < 0:
            raise ValueError("temperature must be 0 or more")
        if self.n > 1 and self.temperature == 0:
            raise ValueError("n > 1 needs a temperature above 0, such as temperature=0.8")
        if self.timeout <= 0 or self.retries < 0:
            raise ValueError("timeout must be above 0, and retries 0 or more")
        if self.schema_characters < 500:
            raise ValueError("schema_characters must be at least 500")
        if "@" in urlsplit(self.base_url).netloc:
            raise ValueError("base_url is stored with a run: give the key as api_key instead")
        if not self.model:
            raise ValueError("model is needed: model=<name>, or set OPENAI_MODEL")
