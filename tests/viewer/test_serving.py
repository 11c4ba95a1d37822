"""Serving: one page, on loopback only."""

from __future__ import annotations

import threading
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from t2s_bench.viewer.serving import page_server


def test_the_page_is_served_on_loopback_and_nothing_else() -> None:
    with page_server("<p>é</p>") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/"
            with urlopen(address) as answer:
                assert answer.read().decode() == "<p>é</p>"
                assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            with pytest.raises(HTTPError, match="404") as caught:
                urlopen(f"{address}etc/passwd")
            caught.value.close()
        finally:
            server.shutdown()
            thread.join()
        assert server.server_address[0] == "127.0.0.1"
