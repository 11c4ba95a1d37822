"""Words of a question that speak for one of SQL's choices: "at least" for >=, "both" for INTERSECT.

English only: of a question in another language nothing is said here.
"""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache

# The head of a part (see `parts.Part`) → phrases for it, on word boundaries.
_CUES = {
    "COUNT": "how many|number of|count",
    "COUNT DISTINCT": "how many (?:different|distinct|unique)|number of (?:different|distinct|uni)",
    "AVG": "average|mean|on average",
    "SUM": "total|sum|in all|altogether",
    "MAX": "maximum|max|highest|largest|biggest|greatest|most|longest|latest|top",
    "MIN": "minimum|min|lowest|smallest|least|fewest|shortest|earliest",
    "DISTINCT": "different|distinct|unique",
    ">": "(?:more|greater|larger|higher|older|longer|bigger|later|better) than|over|above|after"
    "|exceed(?:s|ing)?|beyond",
    ">=": "at least|or (?:more|above|higher|later|greater|older)|no less than|not less than"
    "|minimum of",
    "<": "(?:less|fewer|smaller|lower|younger|shorter|earlier) than|under|below|before",
    "<=": "at most|or (?:less|fewer|below|lower|earlier|younger)|no more than|not more than|up to",
    "!=": "not|other than|except|excluding|besides|isn't|aren't|don't|doesn't|didn't",
    "LIKE": "contain(?:s|ing)?|includ(?:es?|ing)|substring|the word|the letter|has|have"
    "|start(?:s|ing)? with|begin(?:s|ning)? with|end(?:s|ing)? (?:with|in)",
    "BETWEEN": "between|from .+ to|in the range",
    "NOT IN": "not|never|without|no|don't|doesn't|didn't|haven't|hasn't|except|excluding",
    "NOT LIKE": "not|no|without|doesn't|don't",
    "IS NULL": "no|without|missing|unknown|not|null",
    "INTERSECT": "both|and also|as well as",
    "UNION": "or|either",
    "EXCEPT": "not|never|without|no|don't|doesn't|didn't|haven't|hasn't|except|excluding|but not",
    "OR": "or|either",
    "DESC": "descending|decreasing|highest|largest|biggest|greatest|most|longest|latest|newest"
    "|most recent|top|maximum|heaviest|best|reverse",
    "ASC": "ascending|increasing|lowest|smallest|least|fewest|shortest|earliest|minimum|lightest"
    "|alphabetical(?:ly)?|alphabetic|lexicographic(?:al)?|worst",
}
_OPPOSITES = {">": (">=",), "<": ("<=",), "!=": (), "COUNT": ("COUNT DISTINCT",)}
# Cues that a right statement rarely leaves unanswered, and choices that it rarely makes uncued,
# among the candidates for 741 questions of held-out training databases.
_ANSWERED = ["AVG", "SUM", "MIN", ">", "<", "<=", "BETWEEN", "EXCEPT", "COUNT", "DISTINCT"]
_CUED = ["AVG", "SUM", "MIN", "BETWEEN", "COUNT", "DISTINCT", "UNION", "LIKE", "!=", "DESC"]
_ENGLISH = re.compile(
    r"\b(?:the|of|what|which|who|whose|where|how|is|are|for|in|by|with|all|list|show|find|give)\b",
    re.IGNORECASE,
)
_ONE_ROW = re.compile(
    r"\b(how many|what is the (total|average|mean|maximum|minimum|number|sum)|count the)\b", re.I
)
_EACH = re.compile(r"\b(each|every|per|for all|by|different|respective(ly)?|all the)\b", re.I)


def speaks_for(head: str, text: str) -> bool:
    """Whether the text has a cue for this choice and none of a narrower one.

    >>> speaks_for(">", "older than 20"), speaks_for(">", "20 or more"), speaks_for("ASC", "lowest")
    (True, False, True)
    """
    if not _pattern(head).search(text):
        return False
    return not any(_pattern(other).search(text) for other in _OPPOSITES.get(head, ()))


def heard(text: str) -> frozenset[str] | None:
    """The choices that the text has cues for; None where it is not English.

    >>> sorted(heard("the average age of those older than 20") or "")
    ['>', 'AVG']
    """
    if not _ENGLISH.search(text):
        return None
    return frozenset(head for head in _CUES if speaks_for(head, text))


def disagreements(heard: frozenset[str] | None, names: Container[str]) -> int:
    """How many cues a statement with these names leaves unanswered, and choices it makes uncued.

    >>> disagreements(heard("the average age of singers"), {"singer", "singer.age", "MIN"})
    2
    """
    if heard is None:
        return 0
    unanswered = sum(head in heard and head not in names for head in _ANSWERED)
    return unanswered + sum(head in names and head not in heard for head in _CUED)


def known(head: str) -> bool:
    """Whether there are cues for this choice at all."""
    return head in _CUES


def wants_one_row(text: str) -> bool | None:
    """Whether the answer should be one row, several, or (None) the text does not tell.

    >>> wants_one_row("How many singers are there?"), wants_one_row("How many for each country?")
    (True, False)
    """
    if _EACH.search(text):
        return False if _ONE_ROW.search(text) else None
    return True if _ONE_ROW.search(text) else None


@lru_cache(maxsize=64)
def _pattern(head: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_CUES[head]})(?!\w)", re.IGNORECASE)
