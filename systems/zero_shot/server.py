"""Answers from a server with OpenAI's chat API, through the `openai` client.

A busy (429), failing (5xx), silent or garbled server is asked again after a growing pause, or after
the pause it asks for (Retry-After). A server that stays so ends the run with a UserError, so that
its failure is never scored as the system's; the run can be resumed. Only a prompt that is too long
for the model is an answer of its own: none.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from t2s_bench.errors import BadInput, MissingExtra

from .completion import Completion
from .options import ZeroShotOptions
from .prompts import Prompt

if TYPE_CHECKING:
    from openai import APIStatusError
    from openai.types.chat import ChatCompletion

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0
# A server that asks for a longer pause than this is given up at once.
LONGEST_RETRY_AFTER = 600.0
# Seconds that other requests have to end when one has failed for good.
PATIENCE = 1.0


class Stopped(Exception):
    """The server object was closed while a request waited for its turn."""


class _Garbled(Exception):
    """An answer that is no chat completion."""


class ChatServer:
    """A model on a server; `complete_all` sends up to `options.concurrency` requests at once."""

    def __init__(self, options: ZeroShotOptions) -> None:
        try:
            from openai import OpenAI
        except ImportError as error:
            raise MissingExtra("openai", "openai", "an OpenAI-compatible server") from error
        if not options.api_key and not options.base_url:
            raise BadInput(
                "zero_shot has no model server: set OPENAI_API_KEY, or give base_url=… of a server "
                "of your own, or backend=transformers model=<folder>"
            )
        self._options = options
        self._client = OpenAI(
            # Servers of one's own often take any key, but the client wants one.
            api_key=options.api_key or "none",
            base_url=options.base_url or None,
            timeout=options.timeout,
            max_retries=0,
        )
        self._stopped = threading.Event()
        self._limit_name = "max_tokens"

    def complete_all(self, prompts: Sequence[tuple[Prompt, int]]) -> list[Completion]:
        """Answers prompts, each with the seed of its sampling, in their order."""
        pool = ThreadPoolExecutor(self._options.concurrency, thread_name_prefix="chat")
        futures = [pool.submit(self._complete, prompt, seed) for prompt, seed in prompts]
        try:
            # A failure ends all at once, whichever request met it and however long others pause.
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            return [future.result() for future in futures]
        except BaseException:
            self._stopped.set()
            for future in futures:
                future.cancel()
            wait(futures, timeout=PATIENCE)
            self.close()  # breaks off the requests that are still open
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def close(self) -> None:
        """Ends all pauses and closes the connections."""
        self._stopped.set()
        self._client.close()

    def _complete(self, prompt: Prompt, seed: int) -> Completion:
        started = time.perf_counter()
        texts: list[str] = []
        finishes: list[str] = []
        prompt_tokens = completion_tokens = 0
        attempts = 0
        # A server that does not know `n` gives one answer: ask again, with another seed.
        while len(texts) < self._options.n:
            missing = self._options.n - len(texts)
            answer, tries = self._retried(prompt, missing, seed + len(texts))
            attempts += tries
            if isinstance(answer, str):
                seconds = time.perf_counter() - started
                return Completion((), seconds=seconds, attempts=attempts, error=answer)
            for choice in answer.choices[:missing]:
                texts.append(choice.message.content or "")
                finishes.append(str(choice.finish_reason))
            if answer.usage is not None:
                prompt_tokens += answer.usage.prompt_tokens
                completion_tokens += answer.usage.completion_tokens
        seconds = time.perf_counter() - started
        return Completion(
            tuple(texts), tuple(finishes), prompt_tokens, completion_tokens, seconds, attempts
        )

    def _retried(self, prompt: Prompt, n: int, seed: int) -> tuple[ChatCompletion | str, int]:
        """An answer, or the reason why this prompt can have none; and how many requests it took."""
        from openai import APIConnectionError, APIStatusError

        if self._stopped.is_set():
            raise Stopped
        chance = random.Random(seed)
        for attempt in range(1, self._options.retries + 2):
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)) * chance.uniform(0.5, 1)
            try:
                return self._request(prompt, n, seed), attempt
            except APIStatusError as error:
                reason = f"{error.status_code} {_message(error)}"
                if _too_long(error):
                    return f"the prompt is too long for the model: {reason}", attempt
                if "max_completion_tokens" in _message(error) and self._limit_name == "max_tokens":
                    self._limit_name = "max_completion_tokens"  # OpenAI's newer models want this
                    continue
                if not _may_pass(error):
                    raise self._refused(error) from error
                asked = _retry_after(error)
                if asked is not None and asked > LONGEST_RETRY_AFTER:
                    raise self._refused(error) from error
                pause = pause if asked is None else asked
            except APIConnectionError as error:
                reason = f"{error} {error.__cause__ or ''}".strip()
            except _Garbled as error:
                reason = str(error)
            if self._stopped.is_set():
                raise Stopped
            if attempt <= self._options.retries and self._stopped.wait(pause):
                raise Stopped
        raise BadInput(
            f"{self._client.base_url} gave no answer in {attempt} tries; the last: {reason[:300]}. "
            "The run can be resumed when it does"
        )

    def _request(self, prompt: Prompt, n: int, seed: int) -> ChatCompletion:
        from openai.types.chat import ChatCompletion

        options = self._options
        chat: list[Any] = list(prompt.as_chat())
        request: dict[str, Any] = {"model": options.model, self._limit_name: options.max_tokens}
        if prompt.start:
            chat.append({"role": "assistant", "content": prompt.start})
            # How vLLM and SGLang are told to go on with the last message.
            request["extra_body"] = {"continue_final_message": True, "add_generation_prompt": False}
        if options.temperature is not None:
            request["temperature"] = options.temperature
        if n > 1:
            request["n"] = n
        try:
            answer = self._client.chat.completions.create(messages=chat, seed=seed, **request)
        except ValueError as error:  # the body is no JSON
            raise _Garbled(f"an answer that is not JSON: {error}") from error
        if not isinstance(answer, ChatCompletion) or not answer.choices:
            raise _Garbled("an answer without choices")
        if any(choice.message is None for choice in answer.choices):
            raise _Garbled("a choice without a message")
        return answer

    def _refused(self, error: APIStatusError) -> BadInput:
        """What the user can do about an error that will not pass."""
        what = f"{self._client.base_url} refuses the request ({error.status_code})"
        if error.status_code in (401, 403):
            return BadInput(f"{what}: give a valid key in OPENAI_API_KEY or api_key=…")
        if error.status_code == 404:
            names = ", ".join(self._models()) or "unknown"
            return BadInput(f"{what}: no model '{self._options.model}'? Possible: {names}")
        return BadInput(f"{what}: {_message(error)}")

    def _models(self) -> list[str]:
        from openai import OpenAIError

        try:
            return sorted(model.id for model in self._client.models.list())[:20]
        except (OpenAIError, ValueError):
            return []


def _may_pass(error: APIStatusError) -> bool:
    if error.code == "insufficient_quota":
        return False
    return error.status_code in (408, 409, 425, 429) or error.status_code >= 500


def _too_long(error: APIStatusError) -> bool:
    text = _message(error).lower()
    phrases = ("context length", "context_length", "context window", "prompt is too long")
    known = error.code == "context_length_exceeded" or any(phrase in text for phrase in phrases)
    return error.status_code in (400, 413, 422) and known


def _retry_after(error: APIStatusError) -> float | None:
    """Seconds from the Retry-After header, in its form of a number; None where it has none."""
    try:
        return max(0.0, float(error.response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


def _message(error: APIStatusError) -> str:
    return " ".join(str(error.message).split())[:500]
