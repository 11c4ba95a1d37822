"""A real HTTP server on loopback that behaves as badly as servers do."""

from __future__ import annotations

import hashlib
import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOGIN_PAGE = b"\n<!DOCTYPE html><html><title>Sign in</title>" + b"<p>Please log in.</p>" * 50


@dataclass
class Request:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]

    @property
    def first(self) -> int | None:
        """The first byte that was asked for, None for the whole file."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(asked[1]) if asked else None


Behaviour = Callable[[BaseHTTPRequestHandler, Request, bytes], None]


@dataclass
class Server:
    """Its files, and for every file what it does at the first request, the second …; then whole."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    plans: dict[str, list[Behaviour]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def serve(self, path: str, content: bytes, *plan: Behaviour) -> str:
        """Serves a file at `path`; gives its URL."""
        self.files[path], self.plans[path] = content, list(plan)
        return f"{self.address}/{path}"

    def asked(self, path: str) -> list[int | None]:
        """The first bytes of the requests for a file, in their order."""
        return [request.first for request in self.requests if request.path == path]


def whole(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
    """A good server: ranges, entity tags, lengths."""
    first = request.first
    tag = entity_tag(content)
    if first is not None and request.headers.get("If-Range") in (None, tag):
        if first >= len(content):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(content)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        head(handler, 206, len(content) - first, tag, first, len(content))
        handler.wfile.write(content[first:])
        return
    head(handler, 200, len(content), tag)
    handler.wfile.write(content)


def cut(*, after: int) -> Behaviour:
    """Closes the connection when so many bytes of the answer are sent."""

    def behave(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
        first, tag = request.first or 0, entity_tag(content)
        ranged = request.first is not None
        status = 206 if ranged else 200
        head(handler, status, len(content) - first, tag, first if ranged else None, len(content))
        handler.wfile.write(content[first : first + after])
        handler.wfile.flush()
        handler.connection.close()

    return behave


def cut_anywhere(chance: random.Random) -> Behaviour:
    """Closes the connection at a random byte."""

    def behave(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
        left = len(content) - (request.first or 0)
        cut(after=chance.randrange(left))(handler, request, content)

    return behave


def no_ranges(inner: Behaviour = whole) -> Behaviour:
    """Ignores what range is asked for."""

    def behave(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
        plain = {key: value for key, value in request.headers.items() if key != "Range"}
        inner(handler, Request(request.path, plain), content)

    return behave


def wrong_range(shift: int) -> Behaviour:
    """Says that it sends the range that was asked for, and sends another one."""

    def behave(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
        first = request.first
        if first is None:
            whole(handler, request, content)
            return
        head(handler, 206, len(content) - first, entity_tag(content), first, len(content))
        turned = content[shift:] + content[:shift]
        handler.wfile.write(turned[first:])

    return behave


def status(code: int, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answers with an error."""

    def behave(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
        handler.send_response(code)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return behave


def page(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
    """A login page, in place of the file and under its type."""
    head(handler, 200, len(LOGIN_PAGE), "")
    handler.wfile.write(LOGIN_PAGE)


def instead(other: bytes) -> Behaviour:
    """Another file under this name."""

    def behave(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
        whole(handler, request, other)

    return behave


def silent(server: Server, *, after: int) -> Behaviour:
    """Sends so many bytes and then nothing, with the connection open."""

    def behave(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
        first, tag = request.first or 0, entity_tag(content)
        ranged = request.first is not None
        status = 206 if ranged else 200
        head(handler, status, len(content) - first, tag, first if ranged else None, len(content))
        handler.wfile.write(content[first : first + after])
        handler.wfile.flush()
        server.stopping.wait(20)

    return behave


def trickle(server: Server, pause: float) -> Behaviour:
    """Sends a byte at a time."""

    def behave(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
        first = request.first or 0
        ranged = request.first is not None
        head(
            handler,
            206 if ranged else 200,
            len(content) - first,
            entity_tag(content),
            first if ranged else None,
            len(content),
        )
        for place in range(first, len(content)):
            handler.wfile.write(content[place : place + 1])
            handler.wfile.flush()
            if server.stopping.wait(pause):
                return

    return behave


def no_length(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
    """Says neither how long nor which version; the end of the connection is the end of the file."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(content)


def elsewhere(url: str) -> Behaviour:
    """Sends the client to another address."""
    return status(302, {"Location": url})


def untagged(inner: Behaviour) -> Behaviour:
    """Tells neither entity tag nor date."""

    def behave(handler: BaseHTTPRequestHandler, request: Request, content: bytes) -> None:
        handler.no_tags = True  # type: ignore[attr-defined]
        inner(handler, request, content)

    return behave


def entity_tag(content: bytes) -> str:
    """A strong entity tag."""
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def head(
    handler: BaseHTTPRequestHandler,
    code: int,
    length: int,
    tag: str,
    first: int | None = None,
    total: int = 0,
) -> None:
    """The head of an answer."""
    handler.send_response(code)
    handler.send_header("Content-Type", "application/zip")
    handler.send_header("Content-Length", str(length))
    if tag and not getattr(handler, "no_tags", False):
        handler.send_header("ETag", tag)
        handler.send_header("Last-Modified", formatdate(0, usegmt=True))
    if first is not None:
        handler.send_header("Content-Range", f"bytes {first}-{first + length - 1}/{total}")
    handler.end_headers()


@contextmanager
def running() -> Iterator[Server]:
    """The server while it runs."""
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.no_tags = False
            request = Request(self.path.lstrip("/").split("?")[0], dict(self.headers.items()))
            served.requests.append(request)
            self.close_connection = True
            if request.path not in served.files:
                status(404)(self, request, b"")
                return
            plan = served.plans[request.path]
            behave = plan.pop(0) if plan else whole
            # The client may have gone, or the connection is closed on purpose.
            with suppress(OSError, ValueError):
                behave(self, request, served.files[request.path])

        def end_headers(self) -> None:
            # Else a client that follows a redirect may ask on the connection that is being closed.
            self.send_header("Connection", "close")
            super().end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.handle_error = lambda *_: None  # type: ignore[method-assign]
    served.address = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        served.stopping.set()
        httpd.shutdown()
        httpd.server_close()
        thread.join()
