"""The viewer as one HTML file."""

from __future__ import annotations

from t2s_bench.reports.page import asset, page
from t2s_bench.viewer.content import Content

_SCRIPTS = (
    "dom.js",
    "viewer/data.js",
    "viewer/list.js",
    "viewer/sql.js",
    "viewer/results.js",
    "viewer/schema.js",
    "viewer/tree.js",
    "viewer/question.js",
    "viewer/main.js",
)


def viewer_page(content: Content) -> str:
    """The page's text; it needs nothing beside it."""
    return page(
        content.title,
        asset("viewer/body.html"),
        styles=("base.css", "viewer/page.css"),
        scripts=_SCRIPTS,
        data=content.head,
        parts=content.parts,
    )
