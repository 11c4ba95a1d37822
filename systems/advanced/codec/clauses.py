r"""Where the clauses of SQL text begin, while it is still being written.

A boundary is the end of a keyword that opens a clause, in the statement itself or in a subquery:
FROM, WHERE, GROUP BY, HAVING, ORDER BY, LIMIT, UNION, INTERSECT, EXCEPT, and the SELECT of a
subquery. Quoted text, comments, and brackets of functions and windows hold none. An answer ends
with its fence (three backticks).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..language_model.model import Stop

FENCE = "```"
# Quotes that are still open swallow the rest, as they do for the reader of the whole statement.
_PART = re.compile(
    r"""
      (?P<quoted> '(?:[^']|'')*(?:'|\Z) | "(?:[^"]|"")*(?:"|\Z) | `(?!``)[^`]*(?:`|\Z)
          | \[[^\]]*(?:\]|\Z) | --[^\n]*(?:\n|\Z) | /\*(?:.(?!\*/))*.?(?:\*/|\Z) )
    | (?P<fence> ``` )
    | (?P<word> (?:GROUP|ORDER)\s+BY\b | \w+ )
    | (?P<open> \( )
    | (?P<close> \) )
    | (?P<other> \S )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CLAUSES = frozenset(
    {"FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "UNION", "INTERSECT", "EXCEPT"}
)
_SET_OPERATIONS = frozenset({"UNION", "INTERSECT", "EXCEPT"})


@dataclass(frozen=True)
class Boundary:
    """A keyword that opens a clause, its place in the text, and how many brackets it lies in."""

    keyword: str
    start: int
    end: int
    depth: int


def boundaries(sql: str) -> Iterator[Boundary]:
    """All boundaries in order; a fence ends the statement and is the last, with keyword FENCE.

    >>> [one.keyword for one in boundaries("SELECT a FROM t WHERE b > (SELECT max(b) FROM")]
    ['FROM', 'WHERE', 'SELECT', 'FROM']
    """
    # For each open bracket, whether it holds a query.
    brackets: list[bool] = []
    before = ""
    for part in _PART.finditer(sql):
        kind = str(part.lastgroup)
        word = " ".join(part.group().upper().split()) if kind == "word" else part.group()
        if kind == "fence":
            yield Boundary(FENCE, part.start(), part.end(), 0)
            return
        if kind == "quoted" and part.group().startswith(("--", "/*")):
            continue
        if kind == "open":
            brackets.append(False)
        elif kind == "close" and brackets:
            brackets.pop()
        elif kind == "word":
            if before == "(" and word in ("SELECT", "WITH"):
                brackets[-1] = True
                if word == "SELECT":
                    yield Boundary(word, part.start(), part.end(), len(brackets))
            elif (
                word in _CLAUSES
                and before not in (".", "DISTINCT")  # t.from; IS DISTINCT FROM
                and (not brackets or brackets[-1])
            ):
                yield Boundary(word, part.start(), part.end(), len(brackets))
        before = word


def next_boundary(text: str, start: int) -> int | None:
    """The end of the first boundary or fence beyond a place."""
    return next((one.end for one in boundaries(text) if one.end > start), None)


def next_fence(text: str, start: int) -> int | None:
    """The end of the fence beyond a place."""
    ends = (one.end for one in boundaries(text) if one.keyword == FENCE and one.end > start)
    return next(ends, None)


def statement(text: str) -> str:
    r"""The SQL of an answer: what stands before the fence, without a final semicolon.

    >>> statement("SELECT 1;\n```\nThat is all.")
    'SELECT 1'
    """
    fence = next((one.start for one in boundaries(text) if one.keyword == FENCE), len(text))
    return text[:fence].strip().removesuffix(";").rstrip()


def executable_prefix(text: str) -> str:
    """The longest statement that the complete clauses of unfinished SQL make, or ''.

    >>> executable_prefix("SELECT a FROM t WHERE b > 1 ORDER BY")
    'SELECT a FROM t WHERE b > 1'
    >>> executable_prefix("SELECT a FROM")
    ''
    """
    whole, has_source = "", False
    for one in boundaries(text):
        if one.depth or one.keyword == FENCE:
            continue
        if has_source:
            whole = text[: one.start].strip()
        if one.keyword == "FROM":
            has_source = True
        elif one.keyword in _SET_OPERATIONS:
            has_source = False
    return whole


# A server looks for both spellings; `find` decides.
CLAUSE_STOP = Stop(
    next_boundary,
    (FENCE, *sorted(word for key in (*_CLAUSES, "(SELECT") for word in (key, key.lower()))),
)
END_STOP = Stop(next_fence, (FENCE,))
