"""Serving one page on this machine only, from memory."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOOPBACK = "127.0.0.1"


def page_server(text: str) -> ThreadingHTTPServer:
    """A server of this one page at `/`, on loopback at a free port; `serve_forever` runs it."""
    content = text.encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.split("?")[0] != "/":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing: the address was printed, and a page asks once."""

    return ThreadingHTTPServer((LOOPBACK, 0), Handler)
