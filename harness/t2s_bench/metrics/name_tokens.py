"""Tokens of a SQL text for the search of its names: names, values, reserved words and signs.

The tokens are sqlglot's. Plain text (words, numbers, closed quotes, usual signs: nine queries in
ten) is cut by one regular expression to the same tokens in a tenth of the time; everything else,
comments and other dialects among it, is left to sqlglot's tokenizer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_DIALECTS = {"postgresql": "postgres", "mariadb": "mysql"}
_WORDS = (
    "select distinct all from where group_by having order_by limit offset union except intersect "
    "join on using natural left right full outer inner cross as with recursive materialized values "
    "and or not in is like ilike glob regexp match between escape collate case when then else end "
    "null isnull notnull exists cast asc desc over filter window partition_by"
)
_RESERVED = frozenset(word.replace("_", " ").upper() for word in _WORDS.split())
END = ""
NAME, VALUE = "name", "value"  # kinds in lower case; words and signs are kinds themselves

# Not plain are a comment, a backslash, a doubled quote, a figure that touches a word, a name beyond
# ASCII, a rare sign, signs in pairs and a second statement.
_TOKEN = re.compile(
    r"'[^'\\]*'(?!')|\"[^\"\\]*\"(?!\")|(?:group|order|partition)\s+by(?!\w)"
    r"|[a-z_]\w*(?![\w'\"])|\d+(?:\.\d+)?(?![\w.])|[(),+]|\*(?!\s*\*)|;(?!\s*\w)"
    r"|(?:[<>!]=|<>|[=<>])(?!\s*[=<>])|-(?![->])|/(?!\*)|\.(?=[a-z_*\"])",
    re.ASCII | re.IGNORECASE,
)
# From the first text that is none of these on, the rest is one piece.
_PIECE = re.compile(rf"{_TOKEN.pattern}|\S[\s\S]*", re.ASCII | re.IGNORECASE)
# Words with which sqlglot takes others together: commands, and keywords of two words.
_COMMANDS = "EXECUTE FETCH RENAME REPLACE SHOW CALL EXPLAIN OPTIMIZE PREPARE VACUUM BEGIN"
_FIRST_OF_TWO = (
    "DOUBLE SQL PRIMARY FOREIGN SIMILAR GROUPING CHAR CHARACTER INDEXED SORT CLUSTER CONNECT "
    "DISTRIBUTE PARTITIONED"
)
_TAKES_MORE = frozenset((*_COMMANDS.split(), *_FIRST_OF_TWO.split()))


class Unreadable(ValueError):
    """The text is no query: no SELECT, or brackets or quotes that do not close."""


def name_tokens(sql: str, dialect: str = "sqlite") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Kinds and texts, both with two END at the end; raises Unreadable for quotes left open.

    A kind is `name`, `value`, or a reserved word or sign itself. Names are in lower case.

    >>> name_tokens("SELECT Id FROM t WHERE b = 'X'")[0][:-2]
    ('SELECT', 'name', 'FROM', 'name', 'WHERE', 'name', '=', 'value')
    """
    tokens = _plain_tokens(sql) if dialect == "sqlite" else None
    if tokens is not None:
        found = _kinds_and_texts(tokens)
        if _TAKES_MORE.isdisjoint(found[0]):
            return found
    return _of_any_text(sql, _DIALECTS.get(dialect, dialect))


def _plain_tokens(sql: str) -> list[str] | None:
    """The tokens of text that is plain, else None."""
    tokens: list[str] = _PIECE.findall(sql)
    return tokens if not tokens or _TOKEN.fullmatch(tokens[-1]) else None


def _kinds_and_texts(tokens: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not tokens:
        return (END, END), (END, END)
    kinds, texts = zip(*map(_kind_and_text, tokens), strict=True)
    return (*kinds, END, END), (*texts, END, END)


# Names, words and signs come again and again.
@lru_cache(maxsize=8192)
def _kind_and_text(token: str) -> tuple[str, str]:
    first = token[0]
    if first == "'":
        return VALUE, token[1:-1]
    if first == '"':
        return NAME, token[1:-1].lower()
    if first.isdigit():
        return VALUE, token
    if first.isalpha() or first == "_":
        word = " ".join(token.upper().split())
        if " " in word:
            return word, word
        return (word, token) if word in _RESERVED | _TAKES_MORE else (NAME, token.lower())
    return token, token


@lru_cache(maxsize=8)
def _tokenizer(dialect: str) -> tuple[Any, Mapping[Any, str]]:
    from sqlglot import TokenType
    from sqlglot.dialects.dialect import Dialect

    kinds = {TokenType.IDENTIFIER: NAME}
    for name in ("STRING", "NUMBER", "HEX_STRING", "BIT_STRING", "NATIONAL_STRING", "PARAMETER"):
        kinds[getattr(TokenType, name)] = VALUE
    return Dialect.get_or_raise(dialect), kinds


def _of_any_text(sql: str, dialect: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from sqlglot.errors import SqlglotError

    tokenizer, known = _tokenizer(dialect)
    kinds, texts = [], []
    try:
        tokens = tokenizer.tokenize(sql)
    except (SqlglotError, RecursionError) as error:
        raise Unreadable("the quotes do not close") from error
    for token in tokens:
        text = token.text
        kind = known.get(token.token_type)
        if kind is None:
            kind = text
            if text and (text[0].isalpha() or text[0] == "_"):
                kind = text.upper()
                if kind not in _RESERVED:
                    kind = NAME
        kinds.append(kind)
        texts.append(text.lower() if kind == NAME else text)
    return (*kinds, END, END), (*texts, END, END)
