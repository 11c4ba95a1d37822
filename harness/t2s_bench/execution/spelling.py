"""One spelling for the SQL texts that SQLite cannot tell apart.

Systems write the same statement in other letters and spaces, and half of all right predictions are
the gold in this sense: one execution serves them all.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Longest text that is read, in characters.
LONGEST = 10_000
_LITERAL = re.compile(r"""('[^']*'|"[^"]*")""")
_WORD = re.compile(r"(['\"])\w*\1", re.ASCII)
_SPACES = re.compile(r"[ \t\n\f\r]+")  # what SQLite takes for space


def one_case(sql: str) -> str:
    """The text in lower case, its literals as they are; what is hard to read stays as it is.

    >>> one_case("SELECT Name FROM t WHERE a = 'X'")
    "select name from t where a = 'X'"
    """
    if not _is_plain(sql):
        return sql
    pieces = _LITERAL.split(sql)
    pieces[::2] = map(str.lower, pieces[::2])
    return "".join(pieces)


def one_spelling(sql: str) -> str:
    """The text in lower case with as few spaces as can be, its literals as they are.

    SQLite compiles two texts of one spelling to the same program: same rows, order, steps. Only
    messages and the names of result columns differ. What is hard to read stays as it is.

    >>> one_spelling("SELECT  Count ( * ) FROM t WHERE a = 'X  y' ;")
    "select count(*)from t where a = 'X  y'"
    >>> one_spelling("SELECT 'a' 'b'"), one_spelling("SELECT 'a''b'")
    ("select 'a' 'b'", "select 'a''b'")
    """
    return _spelled(sql) if len(sql) <= LONGEST else sql


@lru_cache(maxsize=1024)
def _spelled(sql: str) -> str:
    if not _is_plain(sql):
        return sql
    pieces = _LITERAL.split(sql)
    pieces[::2] = map(_shortened, pieces[::2])
    text = "".join(pieces).rstrip(" ")
    if len(pieces) > 1 and text.count("select") > 1 and _may_name_an_expression(pieces):
        return sql
    # A second one would be a second statement, which is an error.
    return text[:-1].rstrip(" ") if text.endswith(";") else text


def _is_plain(sql: str) -> bool:
    """Whether it has no comments, no other quotes and no characters that SQLite may take apart."""
    return sql.isascii() and not (
        "--" in sql or "/*" in sql or "[" in sql or "`" in sql or "\0" in sql
    )


def _may_name_an_expression(pieces: list[str]) -> bool:
    """Whether a literal may be the name of an inner query's column: the text of its expression."""
    return any(
        not _WORD.fullmatch(literal)
        and (literal[0] == '"' or before.rstrip(" ").endswith((".", "(", ",")))
        for before, literal in zip(pieces[::2], pieces[1::2], strict=False)
    )


def _shortened(text: str) -> str:
    """What stands between literals, without the spaces beside brackets and commas."""
    text = text.lower()
    if not text.isprintable():
        text = _SPACES.sub(" ", text)
    while "  " in text:
        text = text.replace("  ", " ")
    for sign in "(),":
        if sign in text:
            text = text.replace(f" {sign}", sign).replace(f"{sign} ", sign)
    return text
