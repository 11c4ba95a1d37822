"""Value candidates: the literals that the SQL of a question may contain.

Found cells with the cell's own spelling, what stands in quotation marks, numbers and number words,
capitalised spans, and a little of what a question implies (see `implied`). Otherwise what it only
implies is not found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from t2s_bench.databases.schema import Schema
from t2s_bench.databases.value_words import fold, quoted
from t2s_bench.databases.values import ValueIndex

from .implied import aliases, dates, flags
from .matching import Matches
from .words import Token

MOST = 20
LEAST_SCORE = 0.6
# More digits than a number has: Python reads no integer of thousands, and a float has 17.
LONGEST_NUMBER = 40
_COUNTED = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty
"""
_NUMBER_WORDS: dict[str, int | float] = {
    **{word: number for number, word in enumerate(_COUNTED.split())},
    **{"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60},
    **{"hundred": 100, "thousand": 1000, "million": 1_000_000},
    **{"twice": 2, "once": 1, "single": 1, "both": 2, "half": 0.5},
    **{"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5},
}
# Codes that many databases have for what questions say in words.
_CODES = {"female": "F", "woman": "F", "girl": "F", "male": "M", "man": "M", "boy": "M"}
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_NEGATIVE = re.compile(r"(?<![\w.-])-\d+(?:\.\d+)?\b")
_LETTER = re.compile(r"\b(?:letter|character|grade|type)s?\s+['\"]?(\w)\b")


@dataclass(frozen=True)
class Candidate:
    """One literal: where the question has it, where it is a cell, and how it was found."""

    literal: str
    words: tuple[str, ...]
    span: tuple[int, int]
    sources: tuple[tuple[int, int], ...]
    origin: str


def value_candidates(
    text: str, tokens: Sequence[Token], schema: Schema, index: ValueIndex, marks: Matches
) -> list[Candidate]:
    """At most `MOST` candidates, each literal once, the surest kinds first."""
    found: dict[str, Candidate] = {}

    def add(
        literal: str, span: tuple[int, int], sources: Sequence[tuple[int, int]], origin: str
    ) -> None:
        known = found.get(literal)
        if known is not None:
            more = tuple(dict.fromkeys((*known.sources, *sources)))
            found[literal] = Candidate(literal, known.words, known.span, more, known.origin)
            return
        words = tuple(fold(literal.strip("'").replace("''", "'")).split()[:6]) or (literal[:12],)
        found[literal] = Candidate(literal, words, span, tuple(sources), origin)

    places = {
        (table.name.lower(), column.name.lower()): (t, c)
        for t, table in enumerate(schema.tables)
        for c, column in enumerate(table.columns)
    }
    for start, end in quoted(text):
        span = _span(tokens, start, end)
        # Some write spaces within the marks.
        inner = text[start:end].strip()
        if span and inner:
            add(text_literal(inner), span, (), "quoted")
    for pattern in (_DATE, _NEGATIVE, _LETTER):
        for found_at in pattern.finditer(text):
            start, end = found_at.span(found_at.lastindex or 0)
            span = _span(tokens, start, end)
            if span:
                plain = text[start:end]
                number = _number(plain) if pattern is _NEGATIVE else None
                add(number or text_literal(plain), span, (), "number" if number else "quoted")
    for n, token in enumerate(tokens):
        number = _number(token.text)
        if number is not None:
            add(number, (n, n), (), "number")
            if re.fullmatch(r"\d+", token.text) and (len(token.text) > 4 or token.text[0] == "0"):
                add(text_literal(token.text), (n, n), (), "number")
    for date, start, end in dates(text):
        span = _span(tokens, start, end)
        if span:
            add(text_literal(date), span, (), "number")
    for match in index.search(text, limit=40):
        place = places.get((match.table.lower(), match.column.lower()))
        span = _span(tokens, *match.span)
        if match.score < LEAST_SCORE or place is None or span is None:
            continue
        number = _number(match.value)
        column = schema.tables[place[0]].columns[place[1]]
        if (
            number is not None
            and number in found
            and "char" not in column.type.lower()
            and "text" not in column.type.lower()
        ):
            add(number, span, [place], "cell")
        else:
            add(text_literal(match.value), span, [place], "cell")
    for name, span in aliases(tokens):
        for match in index.search(name if len(name) > 3 else name.upper(), limit=5):
            place = places.get((match.table.lower(), match.column.lower()))
            if place is not None and match.value.lower() == name:
                add(text_literal(match.value), span, [place], "cell")
    for match in flags(index):
        place = places.get((match.table.lower(), match.column.lower()))
        if place is None:
            continue
        named = marks.columns[place[0]][place[1]].nonzero()[0].tolist()
        if named:
            add(text_literal(match.value), (named[0], named[-1]), [place], "cell")
    for n, token in enumerate(tokens):
        if token.folded in _CODES:
            add(text_literal(_CODES[token.folded]), (n, n), (), "number word")
        value = _NUMBER_WORDS.get(token.text.lower())
        if value is not None:
            add(str(value), (n, n), (), "number word")
    first = 1
    while first < len(tokens):
        last = first
        while (
            last < len(tokens)
            and tokens[last].text[:1].isupper()
            and (last == first or "\n" not in text[tokens[last - 1].end : tokens[last].start])
        ):
            last += 1
        if last > first:
            start, end = tokens[first].start, tokens[last - 1].end
            add(text_literal(text[start:end]), (first, last - 1), (), "capitalised")
        first = last + 1
    return list(found.values())[:MOST]


def text_literal(text: str) -> str:
    """A text as SQL writes it.

    >>> text_literal("O'Brien")
    "'O''Brien'"
    """
    return "'" + text.replace("'", "''") + "'"


def _number(text: str) -> str | None:
    plain = text.replace(",", "").rstrip("%")
    if len(plain) > LONGEST_NUMBER or not re.fullmatch(r"-?\d+(\.\d+)?", plain):
        return None
    if "." in plain:
        return repr(float(plain))
    return str(int(plain))


def _span(tokens: Sequence[Token], start: int, end: int) -> tuple[int, int] | None:
    covered = [n for n, token in enumerate(tokens) if token.start < end and token.end > start]
    return (covered[0], covered[-1]) if covered else None
