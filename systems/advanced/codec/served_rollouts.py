"""Rollouts that a server writes (vLLM): it has the base model, and is handed the roles' adapters.

An adapter goes to vLLM by its own endpoint, `POST /v1/load_lora_adapter` with `lora_name` and
`lora_path` (`--enable-lora`, VLLM_ALLOW_RUNTIME_LORA_UPDATING=True), under a new name each time the
weights have changed: what the server has cached of a prompt under an old name is never used again.
Tokens are the server's own numbers where it names them (`return_tokens_as_token_ids`), with its
log-probabilities, which must be those at temperature 1 (vLLM's `--logprobs-mode raw_logprobs`, its
default). Where it does not, the text is read anew by the local tokenizer, and what the server says
is taken only if its tokens are the same.

What it deliberately does not do: send vectors of a graph network, which a server cannot add to a
prompt. Rollouts of a model that reads them are written without.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from t2s_bench.errors import BadInput

from ..language_model.model import Prompt, Stop, Tokens
from ..language_model.openai import ServerModel
from ..language_model.transformers import TransformersModel
from ..task import Role

_ID = "token_id:"


@dataclass(frozen=True)
class Answer:
    """What a server wrote: tokens of the local tokenizer; `logprobs` None where it gave none."""

    tokens: Tokens
    text: str
    logprobs: tuple[float, ...] | None


class ServedRollouts:
    """A server that writes for a local model; `folder` must be one that both can read."""

    def __init__(self, server: ServerModel, model: TransformersModel, folder: Path) -> None:
        self._server = server
        self._model = model
        self._folder = folder
        self._handed: dict[Role, tuple[float, ...]] = {}
        self._names: dict[Role, str] = {}

    def write(
        self,
        prompts: Sequence[Prompt],
        role: Role,
        n: int,
        *,
        temperature: float,
        seeds: Sequence[int],
        max_tokens: int,
        stop: Stop,
    ) -> list[list[Answer]]:
        """N answers to each prompt, all prompts at once; raises BadInput where the server fails."""
        name = self._handed_over(role)

        def ask(place: int) -> list[Answer]:
            found: list[Answer] = []
            while len(found) < n:
                answer = self._server.chat(
                    prompts[place],
                    prompts[place].start,
                    name,
                    # A server that does not know `n` gives one answer: ask again, another seed.
                    n=n - len(found),
                    max_tokens=max_tokens,
                    temperature=temperature,
                    seed=seeds[place] + len(found),
                    logprobs=True,
                    stop=list(stop.strings),
                    extra_body={
                        "include_stop_str_in_output": True,
                        "return_tokens_as_token_ids": True,
                    },
                )
                found += [self._answer(choice, stop) for choice in answer.choices[: n - len(found)]]
            return found

        with ThreadPoolExecutor(self._server.options.concurrency) as pool:
            return list(pool.map(ask, range(len(prompts))))

    def _handed_over(self, role: Role) -> str:
        """The name under which the server has the role's adapter of now; all processes ask."""
        from accelerate import PartialState  # type: ignore[import-untyped]
        from accelerate.utils import broadcast_object_list  # type: ignore[import-untyped]

        weights = _mark(self._model.adapters.parameters(role.value))
        if self._handed.get(role) == weights:
            return self._names[role]
        # The server may still have those of a training that was killed.
        names = [f"t2s-{role.value}-{secrets.token_hex(4)}"]
        broadcast_object_list(names)
        name, old = names[0], self._names.get(role)
        state = PartialState()
        if state.is_main_process:
            place = (self._folder / name).absolute()
            self._model.adapters.save(role.value, place)
            try:
                self._server.post(
                    "/load_lora_adapter", {"lora_name": name, "lora_path": str(place)}
                )
                if old is not None:
                    self._server.post("/unload_lora_adapter", {"lora_name": old})
            except BadInput as error:
                raise BadInput(
                    f"{error}. Rollouts need the adapters of now: start vLLM with --enable-lora "
                    "and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True where it can read "
                    f"{self._folder}, or leave rollout_server out"
                ) from error
            if old is not None:
                shutil.rmtree(self._folder / old, ignore_errors=True)
        state.wait_for_everyone()
        self._handed[role], self._names[role] = weights, name
        return name

    def _answer(self, choice: Any, stop: Stop) -> Answer:
        text = choice.message.content or ""
        reason = getattr(choice, "stop_reason", None)
        if isinstance(reason, str) and not text.endswith(reason):
            text += reason
        entries = list(choice.logprobs.content or ()) if choice.logprobs is not None else []
        end = stop.find(text, 0)
        if entries and all(entry.token.startswith(_ID) for entry in entries):
            tokens = tuple(int(entry.token.removeprefix(_ID)) for entry in entries)
            count = self._until(tokens, end)
            logprobs = tuple(entry.logprob for entry in entries[:count])
            return Answer(tokens[:count], text if end is None else text[:end], logprobs)
        text = text if end is None else text[:end]
        tokens = self._model.encode(text)
        if end is None and choice.finish_reason != "length":
            tokens = (*tokens, self._model.tokenizer.eos_token_id)
        return Answer(tokens, text, self._agreed(tokens, entries))

    def _until(self, tokens: Tokens, end: int | None) -> int:
        """How many tokens it takes to write the text up to its stop."""
        if end is None:
            return len(tokens)
        counts = range(1, len(tokens) + 1)
        return next((k for k in counts if len(self._model.decode(tokens[:k])) >= end), len(tokens))

    def _agreed(self, tokens: Tokens, entries: Sequence[Any]) -> tuple[float, ...] | None:
        """The server's log-probabilities, where its tokens are these."""
        said = [bytes(one.bytes) if one.bytes else one.token.encode() for one in entries]
        own = [self._model.decode((token,)).encode() for token in tokens]
        if tokens and tokens[-1] == self._model.tokenizer.eos_token_id and len(said) == len(own):
            own[-1] = said[-1]
        return tuple(one.logprob for one in entries) if said == own else None


def _mark(parameters: Sequence[torch.Tensor]) -> tuple[float, ...]:
    """Numbers that change with the weights: sums and sums of squares, in double precision."""
    with torch.no_grad():
        wide = [parameter.double() for parameter in parameters]
        return tuple(torch.stack([m for p in wide for m in (p.sum(), p.square().sum())]).tolist())
