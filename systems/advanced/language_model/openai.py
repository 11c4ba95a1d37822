"""A language model on a server with OpenAI's chat API (vLLM, SGLang and the like).

What search needs beyond plain chat is going on from a given beginning: the beginning is sent as the
last message, with `continue_final_message` and without a generation prompt, as vLLM and SGLang take
it. A server that does not honour this cannot search; it is told apart by an error or by an answer
that begins anew, never silently. The server's own prefix cache plays the part of the local one.

Tokens are the UTF-8 bytes of the text, because a server's token numbers are its own affair;
log-probabilities are those of the server's tokens. What it deliberately does not do: beam search
(temperature 0 gives one continuation a prefix), hidden states, and vectors in prompts.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from t2s_bench.errors import BadInput, MissingExtra

from .model import Prompt, Reading, Tokens
from .server_reading import ServerReading

if TYPE_CHECKING:
    from openai import APIStatusError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
# Bytes of SQL for each token of a model, roughly.
BYTES_PER_TOKEN = 3
Result = TypeVar("Result")


@dataclass(frozen=True)
class ServerOptions:
    """Where the model is.

    `embedding_model` is the name of the model for `embed` ('': the same). `retries` are further
    tries when the server is busy, down or garbled.
    """

    model: str
    base_url: str
    api_key: str = ""
    embedding_model: str = ""
    timeout: float = 600.0
    retries: int = 6
    concurrency: int = 8


class ServerModel:
    """A `LanguageModel` behind HTTP; adapters are served models of their own name, as in vLLM."""

    def __init__(self, options: ServerOptions) -> None:
        try:
            from openai import OpenAI
        except ImportError as error:
            raise MissingExtra("openai", "openai", "an OpenAI-compatible server") from error
        if not options.base_url:
            raise BadInput("no model server: give base_url=http://…/v1")
        self.options = options
        self._client = OpenAI(
            # Servers of one's own often take any key, but the client wants one.
            api_key=options.api_key or "none",
            base_url=options.base_url,
            timeout=options.timeout,
            max_retries=0,
        )
        self._pool = ThreadPoolExecutor(options.concurrency, thread_name_prefix="model")
        self._goes_on: dict[str, bool] = {}
        self._lock = threading.Lock()

    def encode(self, text: str) -> Tokens:
        """The text's bytes."""
        return tuple(text.encode())

    def decode(self, tokens: Sequence[int]) -> str:
        """The bytes as text; an unfinished character is left out."""
        return bytes(tokens).decode(errors="ignore")

    def length(self, tokens: Sequence[int]) -> int:
        """About how many tokens of the model the bytes are."""
        return -(-len(tokens) // BYTES_PER_TOKEN)

    def read(self, prompts: Sequence[Prompt], adapter: str = "") -> list[Reading]:
        """Nothing is sent yet: a server reads a prompt with its first continuation."""
        return [ServerReading(self, prompt, adapter or self.options.model) for prompt in prompts]

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """By the server's embeddings endpoint."""
        name = self.options.embedding_model or self.options.model

        def ask() -> Any:
            return self._client.embeddings.create(model=name, input=list(texts))

        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        answer = self._retried(ask, name, "embeddings")
        rows = sorted(answer.data, key=lambda one: one.index)
        if len(rows) != len(texts):
            raise BadInput(f"{self._client.base_url} gave {len(rows)} of {len(texts)} embeddings")
        return np.array([one.embedding for one in rows], dtype=np.float32)

    def describe(self) -> Mapping[str, object]:
        """The model's name; a server does not say which weights it holds."""
        return {"model": self.options.model}

    def close(self) -> None:
        """Ends the connections."""
        self._pool.shutdown(cancel_futures=True)
        self._client.close()

    def all_of(self, calls: Sequence[Callable[[], Result]]) -> list[Result]:
        """Runs calls at once, up to `concurrency`; their results in order."""
        futures = [self._pool.submit(call) for call in calls]
        try:
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            raise

    def chat(self, prompt: Prompt, beginning: str, model: str, **request: Any) -> Any:
        """One chat completion that goes on from a beginning of the answer."""
        if beginning:
            self._check_goes_on(model)
        return self._ask(prompt, beginning, model, request)

    def post(self, path: str, body: Mapping[str, object]) -> None:
        """A request beyond OpenAI's API, as vLLM has some; BadInput where it is refused."""
        self._retried(
            lambda: self._client.post(path, cast_to=str, body=dict(body)), self.options.model, path
        )

    def _ask(self, prompt: Prompt, beginning: str, model: str, request: dict[str, Any]) -> Any:
        chat: list[Any] = list(prompt.as_chat())
        extra = dict(request.pop("extra_body", {}))
        if beginning:
            chat.append({"role": "assistant", "content": beginning})
            extra |= {"continue_final_message": True, "add_generation_prompt": False}
        if "after" in request:
            chat.append(request.pop("after"))

        def ask() -> Any:
            return self._client.chat.completions.create(
                model=model, messages=chat, extra_body=extra or None, **request
            )

        answer = self._retried(ask, model, "chat")
        if not getattr(answer, "choices", None):
            raise BadInput(f"{self._client.base_url} gave an answer without choices")
        return answer

    def _check_goes_on(self, model: str) -> None:
        """Asks once a model whether a beginning is gone on from, by what the prompt then costs.

        A server that ignores the request closes the beginning as a turn and opens another, which
        costs tokens of the chat template more; one that honours it saves exactly these.
        """
        with self._lock:
            if model not in self._goes_on:
                probe = Prompt((("user", "Count."),))
                said = {"role": "assistant", "content": "1, 2, 3"}
                request: dict[str, Any] = {"max_tokens": 1, "temperature": 0.0}
                try:
                    on = self._ask(probe, "1, 2, 3", model, dict(request))
                    anew = self._ask(probe, "", model, {**request, "after": said})
                except BadInput as error:
                    raise BadInput(f"{error}. {self._cannot_go_on}") from error
                self._goes_on[model] = (
                    on.usage is not None
                    and anew.usage is not None
                    and on.usage.prompt_tokens < anew.usage.prompt_tokens
                )
        if not self._goes_on[model]:
            raise BadInput(self._cannot_go_on)

    @property
    def _cannot_go_on(self) -> str:
        return (
            f"{self._client.base_url} does not go on from a given beginning of an answer, which "
            "clause-wise search needs: serve the model with vLLM or SGLang, or use "
            "backend=transformers"
        )

    def _retried(self, ask: Callable[[], Result], model: str, what: str) -> Result:
        from openai import APIConnectionError, APIStatusError

        chance = random.Random(0)
        reason = ""
        for attempt in range(1, self.options.retries + 2):
            try:
                return ask()
            except APIStatusError as error:
                reason = f"{error.status_code} {' '.join(str(error.message).split())[:300]}"
                if error.status_code not in (408, 409, 425, 429) and error.status_code < 500:
                    raise BadInput(self._refused(error, model, what, reason)) from error
            except APIConnectionError as error:
                reason = f"{error} {error.__cause__ or ''}".strip()
            except ValueError as error:
                reason = f"an answer that is not JSON: {error}"
            if attempt <= self.options.retries:
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
                threading.Event().wait(pause * chance.uniform(0.5, 1))
        raise BadInput(
            f"{self._client.base_url} gave no answer in {self.options.retries + 1} tries; the "
            f"last: {reason[:300]}"
        )

    def _refused(self, error: APIStatusError, model: str, what: str, reason: str) -> str:
        start = f"{self._client.base_url} refuses the {what} request"
        if error.status_code in (401, 403):
            return f"{start}: give a valid key in OPENAI_API_KEY or api_key=…"
        if error.status_code == 404:
            return f"{start} ({reason}): is '{model}' served, and has the server {what}?"
        return f"{start}: {reason}"
