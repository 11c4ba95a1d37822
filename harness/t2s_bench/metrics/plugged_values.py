"""A prediction with the values of its gold plugged in, as Spider's `--plug_value` does it.

Values are string literals, and numbers that stand between spaces once the tokens are joined by
spaces. The text turns to lower case on the way, the values do not. Source:
taoyds/test-suite-sql-eval, `parse.py`; the tokens are sqlparse's, as there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

# Stands for a value while the text is taken apart; the official script's own word.
_PLACE = "VALUERARE"
_LOWER_PLACE = _PLACE.lower()
# Whole words that the official patterns find in the words joined by spaces, but for a lone digit at
# the very start, with which no statement begins.
_DECIMAL = re.compile(r"[-+]?\d*\.\d+")
_INTEGER = re.compile(r"[^tT]?\d+")
_ALIAS = re.compile(r"[Tt]\d+\.")
# Text in which sqlparse sees just these tokens; its lexer takes fifty times as long.
_TOKEN = re.compile(
    r"""'(?:[^'\\]|'')*'(?!')|"(?:[^"\\]|"")*"(?!")|\d+\.\d+(?![\w.])|\d+(?![\w.])"""
    r"|[A-Za-z]\w*(?!\w)|[<>=!]+(?![<>=!])|[(),*]|\.(?=[A-Za-z*])",
    re.ASCII,
)
# From the first text that is none of these on, the rest is one piece.
_PIECE = re.compile(rf"{_TOKEN.pattern}|\S[\s\S]*", re.ASCII)
# Databases that every SQLite connection knows by name.
_DATABASES = frozenset(("main", "temp"))


@dataclass(frozen=True)
class TakenApart:
    """A query's words in lower case with a marker in the place of each value.

    `places` are the markers' positions, `texts` says which of them held a string, and `values` are
    the query's own values, sorted. A `plain` text means the same before and after; `own` are the
    values that stood in its places, None where more than values was changed. One of `fixed_width`
    selects no `*`, so values cannot change the number of its columns. `qualifiers` are the numbers
    of the places before a dot, and `names` all words that stand before none: a table or an alias
    is among them (both empty where a literal may hold another one).
    """

    words: tuple[str, ...]
    places: tuple[int, ...]
    texts: tuple[bool, ...]
    values: tuple[str, ...]
    plain: bool
    own: tuple[str, ...] | None
    fixed_width: bool
    qualifiers: tuple[int, ...] = ()
    names: frozenset[str] = frozenset()


def assignments(values: tuple[str, ...], texts: tuple[bool, ...]) -> Iterator[tuple[str, ...]]:
    """Every way to fill places with values; `texts` says which places held a string.

    Strings go to places of strings and numbers to places of numbers first. The official script
    takes the assignments in the order of a set, which changes from run to run.
    """
    yield from product(*([value for value in values if _is_text(value) == text] for text in texts))
    for chosen in product(values, repeat=len(texts)):
        if tuple(map(_is_text, chosen)) != texts:
            yield chosen


def names_no_table(parts: TakenApart, chosen: tuple[str, ...]) -> bool:
    """Whether a value stands before a dot though nothing is called so: SQLite cannot run the text.

    Officially every alias that ends in a digit, but for `t1` and its like, is the place of a value.
    Of the many ways to rename `c1` and `c2`, few do it alike wherever they stand.

    >>> parts = taken_apart("SELECT c1.a FROM t AS c1 WHERE c1.b = 'x'")
    >>> names_no_table(parts, ("'y'", "'z'", "'y'", "'w'"))
    True
    >>> names_no_table(parts, ("'y'", "'y'", "'y'", "'w'"))
    False
    """
    if not parts.qualifiers:
        return False
    named = {name_of(value) for n, value in enumerate(chosen) if n not in parts.qualifiers}
    wanted = {name_of(chosen[number]) for number in parts.qualifiers}
    return not wanted <= named | parts.names


@lru_cache(maxsize=1024)
def name_of(value: str) -> str:
    """The name that a value is where SQLite takes it for one, in lower case."""
    quote = value[0]
    if quote in "'\"":
        value = value[1:-1].replace(quote * 2, quote)
    return value.lower()


def filled(parts: TakenApart, chosen: tuple[str, ...]) -> str:
    """The query with these values in its places.

    >>> parts, gold = taken_apart("SELECT A FROM t LIMIT 1"), taken_apart("SELECT a FROM t LIMIT 3")
    >>> [filled(parts, chosen) for chosen in assignments(gold.values, parts.texts)]
    ['select a from t limit 3']
    """
    words = list(parts.words)
    for place, value in zip(parts.places, chosen, strict=True):
        words[place] = value
    return " ".join(words)


@lru_cache(maxsize=1024)
def _is_text(value: str) -> bool:
    return value[0] in "'\""


@lru_cache(maxsize=4096)
def taken_apart(sql: str) -> TakenApart:
    """Finds the values of a query.

    >>> parts = taken_apart("SELECT T1.a FROM t AS T1 WHERE b > 2.5 AND c='x'")
    >>> " ".join(parts.words), parts.values
    ('select t1 . a from t as t1 where b > valuerare and c = valuerare', ("'x'", '2.5'))
    """
    whole = sql.strip()
    sql = whole.replace(";", "").replace("\t", "")
    found_tokens = plain_tokens(sql)
    plain = found_tokens is not None
    tokens = found_tokens or []
    quoted = [token for token in tokens if token[0] in "'\""]
    # No literal can then hold another one, or a dot after what looks like an alias.
    simple = plain and not any("'" in text[1:-1] or '"' in text[1:-1] for text in quoted)
    if simple:
        words = [_PLACE if token[0] in "'\"" else token for token in tokens]
    else:
        text, quoted = _respaced(sql, plain)
        for literal in quoted:
            text = text.replace(literal.strip(), _PLACE)
        words = text.split()
    values = list(quoted)
    texts = [word == _PLACE for word in words]
    ending = [word for word in words if word[-1].isdecimal()]
    for pattern in (_DECIMAL, _INTEGER) if ending else ():
        found = {word for word in ending if pattern.fullmatch(word)}
        if found:
            values += [word for word in words if word in found]
            words = [_PLACE if word in found else word for word in words]
    if not simple:
        words, texts = _aliases_apart(words, texts)
    text = " ".join(words).lower()
    words = text.split(" ") if words else []
    places = [number for number, word in enumerate(words) if word == _LOWER_PLACE]
    own = None
    qualifiers: tuple[int, ...] = ()
    names: frozenset[str] = frozenset()
    if simple and sql.rstrip() == whole.rstrip(";").rstrip():
        own = tuple([tokens[place] for place in places])
    before_dot = {number - 1 for number, word in enumerate(words) if word == "."}
    if simple and before_dot.intersection(places):
        qualifiers = tuple([n for n, place in enumerate(places) if place in before_dot])
        free = set(range(len(words))).difference(before_dot, places)
        names = _DATABASES.union([words[number] for number in free])
    return TakenApart(
        tuple(words),
        tuple(places),
        tuple([texts[place] for place in places]),
        tuple(sorted(set(values))),
        plain,
        own,
        " *" not in text.replace("( *", ""),
        qualifiers,
        names,
    )


def plain_tokens(sql: str) -> list[str] | None:
    """The tokens of text that is plain, else None."""
    tokens: list[str] = _PIECE.findall(sql)
    return tokens if not tokens or _TOKEN.fullmatch(tokens[-1]) else None


def _aliases_apart(words: list[str], texts: list[bool]) -> tuple[list[str], list[bool]]:
    """Words such as T1.a in their pieces."""
    spread, kinds = [], []
    for word, is_text in zip(words, texts, strict=True):
        pieces = word.replace(".", " . ").split() if _ALIAS.search(word) else [word]
        spread += pieces
        kinds += [is_text] * len(pieces)
    return spread, kinds


def _respaced(sql: str, plain: bool) -> tuple[str, list[str]]:
    """The text with one space between its tokens, and its string literals."""
    tokens = plain_tokens(sql) if plain else None
    if tokens is not None:
        return " ".join(tokens), [token for token in tokens if token[0] in "'\""]
    from sqlparse.tokens import String, Whitespace

    text = " ".join(value for kind, value in _tokens(sql) if kind is not Whitespace)
    return text, [value for kind, value in _tokens(text) if kind in (String.Single, String.Symbol)]


def _tokens(sql: str) -> list[tuple[object, str]]:
    """The tokens of the first statement, without sqlparse's costly grouping of them."""
    from sqlparse.engine import FilterStack

    for statement in FilterStack().run(sql):
        return [(token.ttype, token.value) for token in statement.flatten()]
    return []
