"""Words as the value look-up compares them: no case, no accents, no plural, no punctuation.

The same folding is applied to cells and to questions, so it need not be linguistically right, only
the same on both sides.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Scripts that are written without spaces between words, or with particles joined to them: Thai to
# Khmer, kana, CJK ideographs, Hangul. Each of their characters is a word of its own.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_ASCII_WORD = re.compile("[0-9a-z]+")
_POSSESSIVE = re.compile(r"(?<=\w)['’][sS]\b")
_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|‘([^’]+)’|«([^»]+)»|(?<!\w)'([^']+)'(?!\w)")

_STOP_WORDS = """
a an the of in on at to for from by with without and or not no nor but if than then as is are was
were be been being do does did done have has had having what which who whom whose where when why
how many much there their they them it its this that these those we us our i me my you your he she
his her him all any each every both either some such same only also more most less least between
among over under above below after before during until since while into per about show list give
find return tell display name number count total average one can could should would will may please
"""
# Words of questions that say nothing about cells when they stand alone.
STOP_WORDS = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True)
class Word:
    """A word of a text: its folded form and its place in the text (`text[start:end]`)."""

    folded: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words of a text, in order.

    >>> [word.folded for word in words("Zoë's cities: New-York, 北京")]
    ['zoe', 'city', 'new', 'york', '北', '京']
    """
    found = []
    for match in _WORD.finditer(_POSSESSIVE.sub(_blank, text)):
        folded = _folded(match.group())
        if folded:
            found.append(Word(folded, *match.span()))
    return found


def fold(text: str) -> str:
    """A text as its folded words with a space between them; empty where it has no words.

    >>> fold("JetBlue  Airways")
    'jetblue airway'
    """
    if "'" in text or "’" in text:
        text = _POSSESSIVE.sub(_blank, text)
    if text.isascii():  # most cells, and there are millions of them
        found = _ASCII_WORD.findall(text.lower())
        return " ".join([_singular(word) if word[-1] == "s" else word for word in found])
    return " ".join(filter(None, map(_folded, _WORD.findall(text))))


def quoted(text: str) -> list[tuple[int, int]]:
    """The places of what stands in quotation marks.

    >>> text = "the document named 'Summer Show' of the owner's"
    >>> [text[start:end] for start, end in quoted(text)]
    ['Summer Show']
    """
    places = []
    for match in _QUOTED.finditer(text):
        assert match.lastindex is not None  # one of the alternatives has matched
        places.append(match.span(match.lastindex))
    return places


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _folded(word: str) -> str:
    if word.isascii():
        return _singular(word.lower())
    plain = unicodedata.normalize("NFKD", word.casefold())
    return _singular("".join(letter for letter in plain if letter.isalnum()))


def _singular(word: str) -> str:
    """Takes an English plural's ending off; the same for a cell as for a question."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1]
