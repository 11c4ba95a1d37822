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

# A comment, a backslash, a doubled quote, a figure that touches a word, a name beyond ASCII and a
# rare sign are not plain. Neither is text that starts with a command, or holds a keyword of two
# words other than the three below: sqlglot takes these together.
_TOKEN = re.compile(
    r"'[^'\\]*'(?!')|\"[^\"\\]*\"(?!\")|(?:group|order|partition)\s+by(?!\w)"
    r"|[a-z_]\w*(?![\w'\"])|\d+(?:\.\d+)?(?![\w.])|<=|>=|<>|!=|[(),*;+=<>]|-(?![->])|/(?!\*)"
    r"|\.(?=[a-z_*\"])",
    re.ASCII | re.IGNORECASE,
)
_PLAIN = re.compile(rf"(?:{_TOKEN.pattern}|\s)*", re.ASCII | re.IGNORECASE)
_NOT_PLAIN = re.compile(
    r"\A\s*(?:execute|fetch|rename|replace|show|call|explain|optimize|prepare|vacuum)\b|;\s*\w"
    r"|\b(?:begin|by\s+by|double|sql|security|primary|foreign|similar|grouping|char|character"
    r"|indexed|sort|cluster|connect|distribute|partitioned)\b|<\s*<|>\s*>|=\s*[=>]|\*\s*\*",
    re.ASCII | re.IGNORECASE,
)


class Unreadable(ValueError):
    """The text is no query: no SELECT, or brackets or quotes that do not close."""


def name_tokens(sql: str, dialect: str = "sqlite") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Kinds and texts, both with two END at the end; raises Unreadable for quotes left open.

    A kind is `name`, `value`, or a reserved word or sign itself. Names are in lower case.

    >>> name_tokens("SELECT Id FROM t WHERE b = 'X'")[0][:-2]
    ('SELECT', 'name', 'FROM', 'name', 'WHERE', 'name', '=', 'value')
    """
    if dialect == "sqlite" and _PLAIN.fullmatch(sql) and not _NOT_PLAIN.search(sql):
        return _of_plain_text(sql)
    return _of_any_text(sql, _DIALECTS.get(dialect, dialect))


def _of_plain_text(sql: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    kinds, texts = [], []
    for token in _TOKEN.findall(sql):
        first = token[0]
        if first == "'":
            kind, token = VALUE, token[1:-1]
        elif first == '"':
            kind, token = NAME, token[1:-1].lower()
        elif first.isdigit():
            kind = VALUE
        elif first.isalpha() or first == "_":
            kind = token.upper()
            if kind[-3:-2].isspace():  # GROUP BY and its like, whatever stands between
                token = kind = " ".join(kind.split())
            elif kind not in _RESERVED:
                kind, token = NAME, token.lower()
        else:
            kind = token
        kinds.append(kind)
        texts.append(token)
    return (*kinds, END, END), (*texts, END, END)


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
