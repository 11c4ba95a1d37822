"""A self-contained HTML page: styles, scripts and data in one file that asks nobody for anything.

The page's own policy (a Content-Security-Policy with the digests of the one style and the one
script) forbids every request and every other script, so that text from models and benchmarks could
not run even if it got out of its place. Data goes in as JSON or as compressed JSON; scripts build
the page from it by text nodes only, never by markup.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

_ASSETS = Path(__file__).parent / "assets"


def page(
    title: str,
    body: str,
    *,
    styles: Sequence[str],
    scripts: Sequence[str],
    data: object,
    parts: Mapping[str, object] | None = None,
) -> str:
    """The page's text.

    `body` is markup of one's own, without any text from outside. `styles` and `scripts` name files
    beside this one in `assets/`; scripts share one scope, in this order. `data` is there at once as
    `DATA`; each of `parts` is compressed and unpacked by `part(name)` when a script asks for it.
    """
    style = "\n".join(asset(name) for name in styles)
    program = "\n".join(['"use strict";', "{", *(asset(name) for name in scripts), "}"])
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(program)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    blocks = [f'<script type="application/json" id="data">{embedded(data)}</script>']
    blocks += [
        f'<script type="text/plain" id="part-{escape(name)}">{_packed(value)}</script>'
        for name, value in (parts or {}).items()
    ]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            '<link rel="icon" href="data:,">',
            f"<title>{escape(title)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            body,
            *blocks,
            f"<script>{program}</script>",
            "</body>",
            "</html>",
            "",
        ]
    )


def asset(name: str) -> str:
    """The text of one file in `assets/`."""
    return (_ASSETS / name).read_text(encoding="utf-8")


def embedded(data: object) -> str:
    r"""JSON that cannot end the element it stands in, whatever text is in it.

    >>> embedded({"sql": "</script><!--"})
    '{"sql":"\\u003c/script>\\u003c!--"}'
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _packed(data: object) -> str:
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    # No time in the header: the same data give the same bytes.
    return base64.b64encode(gzip.compress(text.encode("ascii"), 6, mtime=0)).decode()


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
