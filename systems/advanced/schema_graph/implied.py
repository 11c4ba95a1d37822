"""What databases write for what questions say: dates, countries and states, yes and no.

A date is a literal in ISO's form whether or not the database has it. Abbreviations count only
where they are cells of the database, in the cell's own spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

from t2s_bench.databases.values import ValueIndex, ValueMatch

from .words import Token

_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name[:3]: n for n, name in enumerate(_MONTHS.split(), 1)}
_NAME = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS.split())
_DAY, _YEAR = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?", r"(?P<year>\d{4})"
_DATES = (
    re.compile(rf"\b(?P<month>{_NAME})\.?\s+{_DAY},?\s+{_YEAR}", re.I),
    re.compile(rf"\b{_DAY}\s+(?:of\s+)?(?P<month>{_NAME})\.?,?\s+{_YEAR}", re.I),
    re.compile(rf"\b(?P<month>\d{{1,2}})/{_DAY}/{_YEAR}\b"),
)
_ALIASES = (
    ("us", "usa", "united states", "united states of america", "america", "american"),
    ("uk", "united kingdom", "britain", "british", "england"),
    ("la", "los angeles"),
    ("nyc", "new york city", "new york"),
)
_STATES = """
al alabama|ak alaska|az arizona|ar arkansas|ca california|co colorado|ct connecticut|de delaware|
fl florida|ga georgia|hi hawaii|id idaho|il illinois|in indiana|ia iowa|ks kansas|ky kentucky|
la louisiana|me maine|md maryland|ma massachusetts|mi michigan|mn minnesota|ms mississippi|
mo missouri|mt montana|ne nebraska|nv nevada|nh new hampshire|nj new jersey|nm new mexico|
ny new york|nc north carolina|nd north dakota|oh ohio|ok oklahoma|or oregon|pa pennsylvania|
ri rhode island|sc south carolina|sd south dakota|tn tennessee|tx texas|ut utah|vt vermont|
va virginia|wa washington|wv west virginia|wi wisconsin|wy wyoming
"""
_OTHERS: dict[str, tuple[str, ...]] = {
    name: tuple(other for other in group if other != name) for group in _ALIASES for name in group
}
for _entry in _STATES.replace("\n", "").split("|"):
    _code, _state = _entry.split(" ", 1)
    _OTHERS[_state] = (*_OTHERS.get(_state, ()), _code)
# All that is asked of an index for these; single letters are values only in capitals.
_SAID = "is YES NO Y N T F TRUE FALSE"
_FLAGS = frozenset(word.lower() for word in _SAID.split()[1:])
_known: WeakKeyDictionary[ValueIndex, tuple[ValueMatch, ...]] = WeakKeyDictionary()


def dates(text: str) -> Iterator[tuple[str, int, int]]:
    """Dates in words as ISO writes them, with their places in the text.

    >>> list(dates("hired before June 21st, 2002"))
    [('2002-06-21', 13, 28)]
    """
    for pattern in _DATES:
        for match in pattern.finditer(text):
            month, day = match["month"].lower(), int(match["day"])
            number = _MONTH[month[:3]] if month.isalpha() else int(month)
            if 1 <= number <= 12 and 1 <= day <= 31:
                yield f"{match['year']}-{number:02}-{day:02}", *match.span()


def aliases(tokens: Sequence[Token]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Other names of countries, states and cities that a question names, with their words.

    Of short names only those in capitals count: "US", but not "us".
    """
    lower = [token.text.lower() for token in tokens]
    for first in range(len(tokens)):
        for length in (1, 2, 3, 4):
            name = " ".join(lower[first : first + length])
            if length > len(tokens) - first or (len(name) < 4 and not tokens[first].text.isupper()):
                continue
            for other in _OTHERS.get(name, ()):
                yield other, (first, first + length - 1)


def flags(index: ValueIndex) -> tuple[ValueMatch, ...]:
    """The cells of a database that say yes or no, with their columns."""
    if index not in _known:
        _known[index] = tuple(
            match for match in index.search(_SAID, limit=200) if match.value.lower() in _FLAGS
        )
    return _known[index]
