"""Self-contained pages: no request, no way out for text, the same bytes."""

from __future__ import annotations

import base64
import hashlib
import json
import re

from t2s_bench.reports.page import asset, page

HOSTILE = "</script><script>alert(1)</script><!--<script>\u2028\ud800"


def make() -> str:
    return page(
        HOSTILE.replace("\ud800", ""),
        "<main></main>",
        styles=("base.css",),
        scripts=("dom.js",),
        data={"text": HOSTILE},
        parts={"one": [HOSTILE]},
    )


def test_hostile_text_stays_inside_its_element_and_comes_back() -> None:
    text = make()
    assert len(re.findall(r"<script", text)) == 3 and text.count("</script>") == 3
    assert "<!--" not in text
    found = re.search(r'id="data">(.*?)</script>', text)
    assert found and json.loads(found[1]) == {"text": HOSTILE}


def test_parts_come_back_from_their_compressed_form() -> None:
    import gzip

    found = re.search(r'id="part-one">(.*?)</script>', make())
    assert found and json.loads(gzip.decompress(base64.b64decode(found[1]))) == [HOSTILE]


def test_only_the_pages_own_script_and_style_may_run() -> None:
    text = make()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy and "default-src 'none'" in policy[1] and "unsafe" not in policy[1]
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        assert body
        digest = base64.b64encode(hashlib.sha256(body[1].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy[1]


def test_nothing_is_asked_for_elsewhere() -> None:
    # The one address is the name of SVG's elements, which nobody fetches.
    assert set(re.findall(r"https?://[^\s\"')]*", make())) == {"http://www.w3.org/2000/svg"}
    assert "url(" not in make() and "@import" not in make()


def test_scripts_never_make_markup_from_text() -> None:
    names = ["dom.js"]
    for folder in ("leaderboard", "viewer"):
        from pathlib import Path

        import t2s_bench.reports.page as module

        found = Path(module.__file__).parent / "assets" / folder
        names += [f"{folder}/{path.name}" for path in sorted(found.glob("*.js"))]
    assert len(names) > 10
    for name in names:
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert way not in asset(name), name


def test_the_same_content_gives_the_same_bytes() -> None:
    assert make() == make()
