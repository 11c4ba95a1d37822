"""A local model behind real HTTP, with as much of vLLM's chat API as the client uses.

`plain` makes it a server of the simpler kind: it ignores what it does not know (going on from a
beginning, several answers at once, stops in the output, scores of prompts, numbers of tokens,
adapters). `numbers` false: it only names no numbers.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from systems.advanced.language_model.model import Stop
from systems.advanced.language_model.transformers import TransformersModel


class ModelServer:
    """Answers requests with a model; `requests` records their bodies."""

    def __init__(self, model: TransformersModel, plain: bool = False, numbers: bool = True) -> None:
        self.model = model
        self.plain = plain
        self.numbers = numbers and not plain
        self.requests: list[dict[str, Any]] = []
        self.unloaded: set[str] = set()
        self.url = ""
        self._lock = threading.Lock()

    def answer(self, path: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and body for a request."""
        with self._lock:
            self.requests.append(request)
            if path.endswith("load_lora_adapter") and not self.plain:
                return self._adapter(path, request)
            if "model" not in request:
                return 404, {"detail": "Not Found"}
            known = {"tiny", *self.model.adapters.names} - self.unloaded
            if request["model"] not in known:
                return 404, {"error": {"message": f"no model {request['model']}"}}
            if path.endswith("/embeddings") and not self.plain:
                vectors = self.model.embed(request["input"]).tolist()
                data = [
                    {"index": n, "embedding": v, "object": "embedding"}
                    for n, v in enumerate(vectors)
                ]
                return 200, {"object": "list", "model": "tiny", "data": data[::-1]}
            if path.endswith("/chat/completions"):
                return 200, self._chat(request)
            return 404, {"error": {"message": f"no such path: {path}"}}

    def _adapter(self, path: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """As vLLM does: a name that is taken, or not known, is refused."""
        name = request["lora_name"]
        taken = name in self.model.adapters.names and name not in self.unloaded
        if path.endswith("/unload_lora_adapter"):
            self.unloaded.add(name)
            return (200 if taken else 404), {}
        if taken:
            return 400, {
                "error": {"message": f"The lora adapter '{name}' has already been loaded."}
            }
        self.model.adapters.load(name, Path(request["lora_path"]))
        return 200, {}

    def _chat(self, request: dict[str, Any]) -> dict[str, Any]:
        model = self.model
        messages = list(request["messages"])
        goes_on = request.get("continue_final_message", False) and not self.plain
        beginning = messages.pop()["content"] if goes_on else ""
        text = model.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=False
        )
        adapter = "" if request["model"] == "tiny" else request["model"]
        tokens = model.encode(text) + model.encode(beginning)
        made = [(tokens, ())]
        (reading,) = model._read(made, [None], adapter)  # type: ignore[list-item]
        stops = request.get("stop") or []

        def find(whole: str, start: int) -> int | None:
            ends = [whole.find(stop, max(0, start - len(stop) + 1)) + len(stop) for stop in stops]
            ends = [
                end
                for end, stop in zip(ends, stops, strict=True)
                if end >= start + 1 and whole[:end].endswith(stop)
            ]
            return min(ends, default=None)

        n = 1 if self.plain else request.get("n", 1)
        (written,) = reading.generate(
            [()],
            n,
            temperature=request["temperature"],
            seed=request.get("seed", 0),
            max_tokens=request["max_tokens"],
            stop=Stop(find) if stops else None,
        )
        choices = []
        for number, one in enumerate(written):
            content, reason = one.text, None
            if one.finish == "stop":
                end = find(content, 0)
                assert end is not None
                reason = next(stop for stop in stops if content[:end].endswith(stop))
                content = content[:end]
                if self.plain or not request.get("include_stop_str_in_output"):
                    content = content.removesuffix(reason)
            entries = [
                self._entry(reading, one.tokens[:place], token, logprob, request)
                for place, (token, logprob) in enumerate(zip(one.tokens, one.logprobs, strict=True))
            ]
            choices.append(
                {
                    "index": number,
                    "finish_reason": "length" if one.finish == "length" else "stop",
                    "stop_reason": reason,
                    "message": {"role": "assistant", "content": content},
                    "logprobs": {"content": entries} if request.get("logprobs") else None,
                }
            )
        completion = sum(len(one.tokens) for one in written)
        body: dict[str, Any] = {
            "id": "chatcmpl-test",
            "object": "chat.completion",
            "created": 0,
            "model": request["model"],
            "choices": choices,
            "usage": {
                "prompt_tokens": len(tokens),
                "completion_tokens": completion,
                "total_tokens": len(tokens) + completion,
            },
        }
        if "prompt_logprobs" in request and not self.plain:
            body["prompt_logprobs"] = self._scored(tokens, adapter)
        return body

    def _entry(
        self, reading: Any, before: Sequence[int], token: int, logprob: float, request: Any
    ) -> dict[str, Any]:
        tops = []
        if request.get("top_logprobs"):
            scores = reading.first if not before else None
            assert scores is not None  # asked for one token only
            values, places = scores.topk(request["top_logprobs"])
            tops = [
                self._named(place, value)
                for value, place in zip(values.tolist(), places.tolist(), strict=True)
            ]
        named = self._named(token, logprob)
        if request.get("return_tokens_as_token_ids") and self.numbers:
            named["token"] = f"token_id:{token}"
        return {**named, "top_logprobs": tops}

    def _named(self, token: int, logprob: float) -> dict[str, Any]:
        text = self.model.tokenizer.decode([token], skip_special_tokens=True)
        return {"token": text, "logprob": logprob, "bytes": list(text.encode())}

    def _scored(self, tokens: Sequence[int], adapter: str) -> list[dict[str, Any] | None]:
        (reading,) = self.model._read([(tuple(tokens[:1]), ())], [None], adapter)  # type: ignore[list-item]
        (scores,) = reading.score([tuple(tokens[1:])])
        found: list[dict[str, Any] | None] = [None]
        for token, score in zip(tokens[1:], scores, strict=True):
            text = self.model.tokenizer.decode([token])
            likelier = {"0": {"logprob": math.log(0.5), "decoded_token": "x"}}
            found.append({str(token): {"logprob": score, "decoded_token": text}, **likelier})
        return found


@contextmanager
def serving(
    model: TransformersModel, plain: bool = False, numbers: bool = True
) -> Iterator[ModelServer]:
    """A server on a free port of the loopback interface."""
    server = ModelServer(model, plain, numbers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = server.answer(self.path, request)
            sent = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(
        target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
