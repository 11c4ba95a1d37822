"""Tokens of a query as Spider's exact set match sees them.

The official script is lenient in odd places because it splits SQL as if it were English prose
(nltk's `word_tokenize` with `preserve_line=True`). This module gives the same tokens without nltk:
whether `age>=3` can be parsed (it cannot) depends on nothing else.
Source of the behaviour: taoyds/test-suite-sql-eval, `process_sql.py`; nltk 3.10.
"""

from __future__ import annotations

import re


class SpiderSyntaxError(ValueError):
    """SQL outside the subset that Spider's official parser accepts; its text is the reason."""


# Characters that prose splitting sets apart wherever they stand: brackets, punctuation,
# typographic quotes, and the dashes U+2012 to U+2015. Not `=`, `/`, `+`, `|` or a lone hyphen.
_APART = r";@#$%&?!*()<>{}\[\]«»“”‘’„\u2012-\u2015"
_TOKEN = re.compile(
    rf"[{_APART}]"
    r"|``|`"
    r"|\.{2,}"
    r"|--"
    # What is left is a word: it may hold single dots and single hyphens.
    rf"|(?:[^\s`.\-{_APART}]+|\.(?!\.)|-(?!-))+"
)
# A comma or colon is set apart unless a digit follows. The character after it is consumed, so of
# two in a row the second one sticks to what comes next.
_SEPARATOR = re.compile(r"([,:])(\D)")
# Text without one of these has all its commas set apart: plain replacement takes a tenth.
_SEPARATOR_KEPT = re.compile(r":|,[\d,]")
# The last full stop of the text is set apart, closing brackets and quotes after it allowed.
_CLOSERS = ")]}>»”’ "
_OPERATOR_STARTS = frozenset(("!", "<", ">"))
# English contractions that are split when they are a word of their own; `wanna` only at the end.
_CONTRACTION = re.compile(r"(?i)\b(?:(can)(not)|(gim)(me)|(gon)(na)|(got)(ta)|(lem)(me))\b")
_WANNA = re.compile(r"(?i)\b(wan)(na)\Z")
_CONTRACTION_PARTS = ("nnot", "mme", "nna", "tta")  # one of them is in each


def tokenize(sql: str) -> list[str]:
    """Splits SQL into lower-case tokens; a string literal is one token, in double quotes, as given.

    Single quotes count as double quotes. A literal that touches a word stays glued to it and is
    then no literal; only `=` before it is set apart. `! =`, `> =` and `< =` are joined. Takes time
    linear in the text. Raises SpiderSyntaxError on an odd number of quotes.

    >>> tokenize("SELECT T1.Name FROM t WHERE a >= 5 AND b='It is;'")
    ['select', 't1.name', 'from', 't', 'where', 'a', '>=', '5', 'and', 'b=__val_41_48__']
    >>> tokenize("WHERE b ='It is;' AND a>=5")
    ['where', 'b', '=', '"It is;"', 'and', 'a', '>', '=5']
    """
    pieces = sql.replace("'", '"').split('"')
    if len(pieces) % 2 == 0:
        raise SpiderSyntaxError("odd number of quotes")
    literals: dict[str, str] = {}
    if len(pieces) > 1:
        start = 0
        for number, piece in enumerate(pieces):
            if number % 2:
                # The official placeholder, to the letter: it decides what sticks to a literal.
                key = f"__val_{start - 1}_{start + len(piece)}__"
                literals[key] = f'"{piece}"'
                pieces[number] = key
            start += len(piece) + 1
        sql = "".join(pieces)
    if sql.isascii():
        tokens = split_prose(sql.lower())
    else:  # lower case depends on the letters around where a sigma ends a word
        tokens = [word.lower() for word in split_prose(sql)]
    if "=__" in sql:
        tokens = _equals_apart(tokens)
    if literals:
        tokens = [literals.get(token, token) for token in tokens]
    if not _OPERATOR_STARTS.isdisjoint(tokens):
        tokens = _operators_joined(tokens)
    return tokens


def split_prose(text: str) -> list[str]:
    """Splits text without quotes `'` and `"` as nltk's `word_tokenize` does; keeps the case.

    >>> split_prose("f(a,b) is 3,5 -- I cannot, T1.* .")
    ['f', '(', 'a', ',', 'b', ')', 'is', '3,5', '--', 'I', 'can', 'not', ',', 'T1.', '*', '.']
    """
    spaced = _final_stop_apart(text) + " "
    if _SEPARATOR_KEPT.search(spaced):
        spaced = _SEPARATOR.sub(r" \1 \2", spaced)
    else:
        spaced = spaced.replace(",", " , ")
    words: list[str] = _TOKEN.findall(spaced)
    lowered = text.lower()
    if any(part in lowered for part in _CONTRACTION_PARTS):
        return [part for word in words for part in _contraction_split(word)]
    return words


def _final_stop_apart(text: str) -> str:
    ended = text.rstrip()
    body = ended.rstrip(_CLOSERS)
    if len(body) > 1 and body[-1] == "." and body[-2] != ".":
        return f"{body[:-1]} . {ended[len(body) :]}"
    return text


def _contraction_split(word: str) -> list[str]:
    word = _WANNA.sub(r" \1 \2", word)
    spaced = _CONTRACTION.sub(lambda found: f" {' '.join(filter(None, found.groups()))} ", word)
    return spaced.split()


def _equals_apart(tokens: list[str]) -> list[str]:
    """Cuts the `=` off a literal's placeholder, and off nothing else."""
    apart: list[str] = []
    for token in tokens:
        apart.extend(("=", token[1:]) if token.startswith("=__val_") else (token,))
    return apart


def _operators_joined(tokens: list[str]) -> list[str]:
    """Makes one token of `!`, `<` or `>` and the `=` after it."""
    joined: list[str] = []
    for token in tokens:
        if token == "=" and joined and joined[-1] in _OPERATOR_STARTS:
            joined[-1] += "="
        else:
            joined.append(token)
    return joined
