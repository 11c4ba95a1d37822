"""Whether a query asks for an order of its result: ORDER BY in the outermost query."""

from __future__ import annotations

import re
from functools import lru_cache

# What is skipped whole: strings, quoted names, comments. Then brackets and words.
_PIECES = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/|[()]|\w+", re.DOTALL
)


@lru_cache(maxsize=4096)
def orders_result(sql: str) -> bool:
    """Whether the outermost query has an ORDER BY; one in a subquery or a window does not count.

    >>> orders_result("SELECT a FROM t ORDER  BY a"), orders_result("SELECT 'ORDER BY a' FROM t")
    (True, False)
    >>> orders_result("SELECT rank() OVER (ORDER BY a) FROM (SELECT a FROM t ORDER BY a)")
    False
    """
    depth, previous = 0, ""
    for found in _PIECES.finditer(sql):
        piece = found[0]
        if piece.startswith(("--", "/*")):
            continue
        if piece in "()":
            depth += 1 if piece == "(" else -1
        word = piece.lower()
        if depth == 0 and previous == "order" and word == "by":
            return True
        previous = word
    return False
