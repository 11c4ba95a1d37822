"""Tokens for schema linking: the quick way gives what sqlglot's tokenizer gives."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from t2s_bench.metrics import name_tokens

SIGNS = "1 2.5 1e5 1a '' 'it''s' \"\" `x` [y] x'ff' . * x.y \"q\".z ( ) , ; < <= <> != = == => >"
MORE_SIGNS = ">= >> -> - --c / /*c*/ + % || & :: @a :b ? \\ é t1 _x a1 by begin replace show end"
WORDS = "select from where values is in cast as over not null union all with recursive"
PIECES = [
    *SIGNS.split(),
    *MORE_SIGNS.split(),
    *WORDS.split(),
    *("group by", "order  by", "partition by", "primary key", "double precision", "'a b'", '"C d"'),
    *("\n", "\t"),
]


def both_ways(sql: str) -> tuple[object, object]:
    try:
        slow: object = name_tokens._of_any_text(sql, "sqlite")
    except name_tokens.Unreadable:
        slow = None
    try:
        return name_tokens.name_tokens(sql), slow
    except name_tokens.Unreadable:
        return None, slow


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(["", " ", "  "]))))
def test_pieces_of_sql_in_any_order_have_sqlglots_tokens(pieces: list[tuple[str, str]]) -> None:
    quick, slow = both_ways("".join(piece + space for piece, space in pieces))
    assert quick == slow


def test_published_queries_have_sqlglots_tokens_and_are_mostly_plain(shared: Path) -> None:
    cases = json.loads((shared / "eval_reference" / "cases.json").read_text())
    texts = sorted({case[key] for case in cases for key in ("gold", "pred")}, key=hash)[:800]
    plain = [text for text in texts if name_tokens._plain_tokens(text) is not None]
    assert len(plain) > 0.7 * len(texts)
    for text in plain:
        quick, slow = both_ways(text)
        assert quick == slow, text
