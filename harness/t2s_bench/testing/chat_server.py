r"""A server that speaks OpenAI's chat API over real HTTP, for tests: canned answers, real faults.

    with ChatServer({"How many singers": "```sql\nSELECT count(*) FROM singer\n```"}) as server:
        load_system("zero_shot", {"base_url": server.url, "model": "test"})

It listens on a free port of the loopback interface, in a thread. It is no model: an answer is
chosen by a piece of the last user message.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal

MODEL = "test"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request.

    `status` answers with that HTTP status, an error body (`code`, `message`) and, where given, a
    Retry-After of `retry_after` seconds; `cut` closes the connection in the middle of the body;
    `garbage` sends a body that is no JSON; `empty` sends no choices; `stall` waits `seconds` before
    it answers.
    """

    kind: Literal["status", "cut", "garbage", "empty", "stall"]
    status: int = 500
    retry_after: float | None = None
    code: str = ""
    message: str = "injected"
    seconds: float = 0.0


@dataclass
class ChatServer:
    """The server; a context manager that starts and ends it.

    `table` gives the answer (or several, of which `n` choices take one after the other) to messages
    that contain its key; the first key that fits counts, and `default` answers the rest. `faults`
    befall the first requests, one each (None: nothing goes wrong). `one_choice` ignores `n`, as
    simple servers do, and chooses by the seed. `requests` records the bodies in the order of
    arrival, `headers` their headers; `open_requests_peak` is how many were open at once at most.
    """

    table: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    default: str = ""
    faults: Sequence[Fault | None] = ()
    one_choice: bool = False
    delay: float = 0.0
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    open_requests_peak: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self._ending = threading.Event()

    def __enter__(self) -> ChatServer:
        double = self

        class Handler(_Handler):
            server_double = double

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The base URL, as clients want it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def take(self, request: dict[str, Any], headers: dict[str, str]) -> Fault | None:
        """Records a request and says what befalls it."""
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
            self.headers.append(headers)
            self._open += 1
            self.open_requests_peak = max(self.open_requests_peak, self._open)
        self._ending.wait(self.delay)
        return self.faults[number] if number < len(self.faults) else None

    def release(self) -> None:
        """Says that a request has been answered."""
        with self._lock:
            self._open -= 1

    def stall(self, seconds: float) -> None:
        """Waits, but not beyond the server's end."""
        self._ending.wait(seconds)

    def completion(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The body of the answer."""
        messages = request["messages"]
        asked = next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")
        answer = next((text for key, text in self.table.items() if key in asked), self.default)
        answers = [answer] if isinstance(answer, str) else list(answer)
        if self.one_choice:
            texts = [answers[request.get("seed", 0) % len(answers)]]
        else:
            texts = [answers[place % len(answers)] for place in range(request.get("n", 1))]
        prompt = sum(len(message["content"].split()) for message in messages)
        completion = sum(len(text.split()) for text in texts)
        return {
            "id": "chatcmpl-test",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": request["model"],
            "choices": [
                {
                    "index": place,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text},
                }
                for place, text in enumerate(texts)
            ],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "total_tokens": prompt + completion,
            },
        }


class _Handler(BaseHTTPRequestHandler):
    server_double: ChatServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: tests read `requests`."""

    def do_GET(self) -> None:
        if self.path.rstrip("/").endswith("/models"):
            self._send(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})
        else:
            self._send(404, {"error": {"message": f"no such path: {self.path}"}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        if not self.path.endswith("/chat/completions"):
            self._send(404, {"error": {"message": f"no such path: {self.path}"}})
            return
        double = self.server_double
        fault = double.take(request, {k.lower(): v for k, v in self.headers.items()})
        try:
            self._answer(request, fault)
        except (BrokenPipeError, ConnectionResetError):  # the client has given up
            self.close_connection = True
        finally:
            double.release()

    def _answer(self, request: dict[str, Any], fault: Fault | None) -> None:
        double = self.server_double
        if request["model"] != MODEL and fault is None:
            fault = Fault("status", 404, message=f"The model {request['model']} does not exist")
        kind = fault.kind if fault is not None else ""
        if fault is not None and kind == "status":
            error = {"message": fault.message, "code": fault.code or None, "type": "test"}
            self._send(fault.status, {"error": error}, fault.retry_after)
        elif kind == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"id": "chatcmpl')
            self.close_connection = True
        elif kind == "garbage":
            self._send_bytes(200, b'{"id": "chatcmpl-test", "choices": [{"message"')
        elif kind == "empty":
            self._send(200, {**double.completion(request), "choices": []})
        else:
            if fault is not None:
                double.stall(fault.seconds)
            self._send(200, double.completion(request))

    def _send(self, status: int, content: object, retry_after: float | None = None) -> None:
        self._send_bytes(status, json.dumps(content).encode(), retry_after)

    def _send_bytes(self, status: int, body: bytes, retry_after: float | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if retry_after is not None:
            self.send_header("Retry-After", f"{retry_after:g}")
        self.end_headers()
        self.wfile.write(body)
