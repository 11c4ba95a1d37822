"""Words of questions and of schema names, folded alike."""

from __future__ import annotations

import re
from dataclasses import dataclass

from t2s_bench.databases.value_words import STOP_WORDS, fold

_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?%?|[^\W\d_]+(?:['’][^\W\d_]+)?|[<>=!%$#*]+|[\"“”'‘’]", re.U)
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
LONGEST = 90
_SHORT = {
    "id": "id",
    "num": "number",
    "no": "number",
    "nbr": "number",
    "dept": "department",
    "yr": "year",
    "addr": "address",
    "desc": "description",
    "fname": "first name",
    "lname": "last name",
    "stu": "student",
    "dob": "birth",
    "avg": "average",
    "max": "maximum",
    "min": "minimum",
    "qty": "quantity",
    "pct": "percent",
    "emp": "employee",
    "cust": "customer",
    "prof": "professor",
    "lang": "language",
    "loc": "location",
}


@dataclass(frozen=True)
class Token:
    """A word of a question with its place in the text; `stop` where it names nothing."""

    text: str
    folded: str
    start: int
    end: int
    stop: bool


def question_tokens(text: str) -> list[Token]:
    """The words, numbers and signs of a question, at most `LONGEST`."""
    found = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        folded = word.lower() if not word[0].isalpha() else fold(word) or word.lower()
        folded = folded.replace(",", "") if word[0].isdigit() else folded
        found.append(
            Token(word, folded, *match.span(), stop=folded in STOP_WORDS or not word[0].isalnum())
        )
        if len(found) == LONGEST:
            break
    return found


def name_words(name: str) -> tuple[str, ...]:
    """The folded words of a name.

    >>> name_words("StuID"), name_words("dept_addr"), name_words("countries")
    (('student', 'id'), ('department', 'address'), ('country',))
    """
    words: list[str] = []
    for part in _PART.findall(name):
        folded = fold(part) or part.lower()
        words.extend(_SHORT.get(folded, folded).split())
    return tuple(words)
