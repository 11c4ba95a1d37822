"""One spelling for statements that differ only in spelling, fast enough for every leaf of a search.

No parser: a statement becomes its tokens, with case outside quotes, white space, optional words and
synonymous operators levelled, and conditions joined by AND in a fixed order. Two statements with
one spelling have one result; statements that differ in more (aliases, order of joins) stay apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|\w[\w.]*|<>|!=|==|<=|>=|\|\||\S"
)
_QUOTES = "'\"`["
_SAME = {"!=": "<>", "==": "="}
# Words that say what holds without them; `AS` is one in an alias, and in CAST no one misses it.
_OPTIONAL = frozenset({"as", "asc", "inner", "outer"})
_CONDITIONS = frozenset({"where", "having", "on"})
_AFTER = frozenset(
    {"where", "group", "having", "order", "limit", "window", "on", ",", ")"}
    | {"union", "intersect", "except"}
    | {"join", "left", "right", "full", "cross", "natural"}
)
# Where one of these stands beside an AND, the AND may belong to it.
_UNSORTED = frozenset({"or", "between", "case"})


def canonical(sql: str) -> str:
    """The statement's spelling as a key; not meant to be executed.

    >>> canonical("SELECT a FROM t WHERE x != 'B' AND y = 1;")
    "select a from t where x <> 'B' and y = 1"
    >>> canonical("select a  from t where y=1 AND x<>'B'") == canonical(
    ...     "SELECT a FROM t WHERE x != 'B' AND y = 1"
    ... )
    True
    """
    tokens = []
    for token in _TOKEN.findall(sql):
        if token[0] not in _QUOTES:
            token = _SAME.get(token, token.lower())
            if token in _OPTIONAL:
                continue
        tokens.append(token)
    while tokens and tokens[-1] == ";":
        tokens.pop()
    return " ".join(_in_order(tokens) if "and" in tokens else tokens)


def _in_order(tokens: Sequence[str]) -> list[str]:
    """The same with the conditions of every AND sorted, from the inside out."""
    ordered: list[str] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        ordered.append(token)
        at += 1
        if token in _CONDITIONS:
            conditions, at = _conditions(tokens, at)
            ordered += conditions
    return ordered


def _conditions(tokens: Sequence[str], start: int) -> tuple[list[str], int]:
    depth, at, sortable = 0, start, True
    parts: list[list[str]] = [[]]
    while at < len(tokens):
        token = tokens[at]
        if depth == 0 and token in _AFTER:
            break
        depth += (token == "(") - (token == ")")
        if depth == 0 and token == "and":
            parts.append([])
        else:
            sortable = sortable and not (depth == 0 and token in _UNSORTED)
            parts[-1].append(token)
        at += 1
    inner = [_in_order(part) for part in parts]
    if sortable:
        inner.sort()
    joined = inner[0]
    for part in inner[1:]:
        joined = [*joined, "and", *part]
    return joined, at
