"""One prompt on a server: going on from beginnings of its answer, scoring and choosing texts.

A server may stop elsewhere than asked, give one answer where several were wanted, or split a text
into other tokens than the client's bytes; here its answers become what `Reading` promises.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from t2s_bench.errors import BadInput

from .model import Prompt, Stop, Tokens, Usage, Written

if TYPE_CHECKING:
    from .openai import ServerModel, ServerOptions

# The most likely tokens that a server is asked for; OpenAI's own limit.
TOP_LOGPROBS = 20
Result = TypeVar("Result")


class ServerReading:
    """A prompt on a server (a `Reading`)."""

    def __init__(self, server: ServerModel, prompt: Prompt, model: str) -> None:
        self._server = server
        self._prompt = prompt
        self._model = model
        self._lock = threading.Lock()
        self._read = 0
        self._more = 0

    @property
    def usage(self) -> Usage:
        """The longest prompt counted once, as its cache makes it; and all that was written."""
        return Usage(self._read, self._more)

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
        """See `Reading`; at temperature 0 one continuation a prefix, for servers have no beam."""
        texts = [self._server.decode(prefix) for prefix in prefixes]
        count = n if temperature > 0 else min(n, 1)

        def write(text: str) -> list[Written]:
            found: list[Written] = []
            # A server that does not know `n` gives one answer: ask again, with another seed.
            while len(found) < count:
                found += self._write(
                    text, count - len(found), temperature, seed + len(found), max_tokens, stop
                )
            return found

        return self._server.all_of([_bound(write, text) for text in texts])

    def score(self, continuations: Sequence[Tokens]) -> list[tuple[float, ...]]:
        """Log-probabilities by vLLM's `prompt_logprobs`, shared out over a token's bytes."""
        texts = [self._server.decode(tokens) for tokens in continuations]
        return self._server.all_of([_bound(self._score, text) for text in texts])

    def choose(self, prefixes: Sequence[Tokens], texts: Sequence[str]) -> list[tuple[float, ...]]:
        """By the likeliest next tokens; a text that is not among them is as unlikely as the last.

        Upper and lower case, and a space before a text, count as the same.
        """
        beginnings = [self._server.decode(prefix) for prefix in prefixes]

        def choose(beginning: str) -> tuple[float, ...]:
            answer = self._server.chat(
                self._prompt,
                self._prompt.start + beginning,
                self._model,
                max_tokens=1,
                temperature=0.0,
                logprobs=True,
                top_logprobs=TOP_LOGPROBS,
            )
            self._count(answer)
            tops = _logprobs(answer.choices[0], self._server.options)[0].top_logprobs
            floor = min(one.logprob for one in tops)
            found = []
            for text in texts:
                wanted = text.strip().lower()
                odds = sum(
                    np.exp(one.logprob) for one in tops if one.token.strip().lower() == wanted
                )
                found.append(float(np.log(odds)) if odds > 0 else floor)
            return tuple(found)

        return self._server.all_of([_bound(choose, text) for text in beginnings])

    def states(self, continuations: Sequence[Tokens]) -> npt.NDArray[np.float32]:
        """See `Reading`: a server has none."""
        raise BadInput(
            "a server does not give hidden states, which a value head needs: leave the heads out, "
            "or use backend=transformers"
        )

    def _write(
        self,
        prefix: str,
        n: int,
        temperature: float,
        seed: int,
        max_tokens: int,
        stop: Stop | None,
    ) -> list[Written]:
        more: dict[str, Any] = {"n": n} if n > 1 else {}
        if stop is not None and stop.strings:
            more["stop"] = list(stop.strings)
            more["extra_body"] = {"include_stop_str_in_output": True}
        answer = self._server.chat(
            self._prompt,
            self._prompt.start + prefix,
            self._model,
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed,
            logprobs=True,
            **more,
        )
        self._count(answer)
        found = []
        for number, choice in enumerate(answer.choices[:n]):
            written = self._cut(prefix, choice, stop)
            # It stopped where no clause begins (in a quoted text, say): on from there.
            if written.finish == "stop" and not self._reached(prefix + written.text, prefix, stop):
                left = max_tokens - len(written.logprobs)
                if left > 0 and written.text:
                    (rest,) = self._write(
                        prefix + written.text, 1, temperature, seed + number, left, stop
                    )
                    written = Written(
                        (*written.tokens, *rest.tokens),
                        written.text + rest.text,
                        (*written.logprobs, *rest.logprobs),
                        rest.finish,
                    )
            found.append(written)
        return found

    def _cut(self, prefix: str, choice: Any, stop: Stop | None) -> Written:
        """A choice up to its first stop; some servers leave the stop out, or write beyond it."""
        text = choice.message.content or ""
        entries = _logprobs(choice, self._server.options) if text else []
        finish: Literal["stop", "end", "length"]
        finish = "length" if choice.finish_reason == "length" else "end"
        reason = getattr(choice, "stop_reason", None)
        if isinstance(reason, str) and not text.endswith(reason):
            text += reason
        at = stop.find(prefix + text, len(prefix)) if stop is not None else None
        if at is not None:
            text, finish = text[: at - len(prefix)], "stop"
        elif isinstance(reason, str):
            finish = "stop"
        logprobs: list[float] = []
        length = 0
        for entry in entries:
            if length >= len(text.encode()):
                break
            logprobs.append(entry.logprob)
            length += len(bytes(entry.bytes) if entry.bytes else entry.token.encode())
        return Written(self._server.encode(text), text, tuple(logprobs), finish)

    @staticmethod
    def _reached(text: str, prefix: str, stop: Stop | None) -> bool:
        return stop is None or stop.find(text, len(prefix)) is not None

    def _score(self, text: str) -> tuple[float, ...]:
        if not text:
            return ()
        answer = self._server.chat(
            self._prompt,
            self._prompt.start + text,
            self._model,
            max_tokens=1,
            temperature=0.0,
            extra_body={"prompt_logprobs": 1},
        )
        self._count(answer)
        entries = getattr(answer, "prompt_logprobs", None)
        if not entries:
            raise BadInput(
                f"{self._server.options.base_url} does not score given text (prompt_logprobs): "
                "serve the model with vLLM, or use backend=transformers"
            )
        wanted = len(text.encode())
        found: list[float] = []
        for entry in reversed(entries):
            if len(found) >= wanted or entry is None:
                break
            # vLLM gives the token that stands there first, then the likelier ones.
            own = next(iter(entry.values()))
            length = min(len(str(own["decoded_token"]).encode()), wanted - len(found))
            found += [own["logprob"] / max(1, length)] * length
        if len(found) != wanted:
            raise BadInput(f"{self._server.options.base_url} scored another text than was given")
        return tuple(reversed(found))

    def _count(self, answer: Any) -> None:
        usage = getattr(answer, "usage", None)
        if usage is not None:
            with self._lock:
                # What goes before the first continuation is the prompt; the rest comes on top.
                self._read = self._read or usage.prompt_tokens
                self._more += usage.completion_tokens
                self._more += max(0, usage.prompt_tokens - self._read)


def _logprobs(choice: Any, options: ServerOptions) -> list[Any]:
    content = choice.logprobs.content if choice.logprobs is not None else None
    if not content:
        raise BadInput(
            f"{options.base_url} gives no log-probabilities, which search needs: serve the model "
            "with vLLM or SGLang, or use backend=transformers"
        )
    return list(content)


def _bound(call: Callable[[str], Result], text: str) -> Callable[[], Result]:
    return lambda: call(text)
