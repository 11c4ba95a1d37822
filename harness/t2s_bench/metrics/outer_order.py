"""Whether a query asks for an order of its rows: ORDER BY in its outermost query."""

from __future__ import annotations

import re
from functools import lru_cache

# Quotes (a doubled quote is two neighbours), comments, brackets, words; the rest is skipped.
_PIECE = re.compile(
    r"'[^']*'?|\"[^\"]*\"?|`[^`]*`?|\[[^\]]*\]?|--[^\n]*|/\*.*?(?:\*/|\Z)|[()]|\w+", re.DOTALL
)


@lru_cache(maxsize=4096)
def orders_result(sql: str) -> bool:
    """Whether ORDER BY stands outside all parentheses, quotes and comments.

    A query that stands in parentheses as a whole is looked at inside of them. ORDER BY in a
    subquery, a window or an aggregate says nothing about the order of the rows.

    >>> orders_result("SELECT a FROM t ORDER /* ! */ BY a")
    True
    >>> orders_result("SELECT a FROM (SELECT a FROM t ORDER BY a) WHERE b = 'order by'")
    False
    >>> orders_result("(SELECT a FROM t ORDER BY a);")
    True
    """
    depth, outermost, ordered, previous = 0, None, False, ""
    for match in _PIECE.finditer(sql):
        piece = match[0]
        if piece.startswith(("--", "/*")):
            continue
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth -= 1
        else:
            if outermost is None:  # how many parentheses the query's first word stands in
                outermost = depth
            if depth < outermost:  # they did not enclose the whole query
                outermost, ordered = depth, False
            word = piece.lower() if depth == outermost else ""
            ordered = ordered or (previous == "order" and word == "by")
            previous = word
    return ordered
