"""Words of questions and of schema names, folded alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from t2s_bench.databases.value_words import STOP_WORDS, fold, words

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


def question_tokens(text: str, most: int = LONGEST) -> list[Token]:
    """The words, numbers and signs of a question, at most `most`.

    In a script without spaces between words each character is a word.

    >>> [token.folded for token in question_tokens("Cities of 北京?")]
    ['city', 'of', '北', '京']
    """
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        word, start = match.group(), match.start()
        parts = [] if word.isascii() or "’" in word else words(word)
        if len(parts) > 1:
            found += [
                Token(
                    word[part.start : part.end],
                    part.folded,
                    start + part.start,
                    start + part.end,
                    stop=part.folded in STOP_WORDS,
                )
                for part in parts
            ]
        else:
            folded = word.lower() if not word[0].isalpha() else fold(word) or word.lower()
            folded = folded.replace(",", "") if word[0].isdigit() else folded
            stop = folded in STOP_WORDS or not word[0].isalnum()
            found.append(Token(word, folded, *match.span(), stop=stop))
        if len(found) >= most:
            break
    return found[:most]


def task_tokens(evidence: str, question: str) -> tuple[str, list[Token]]:
    """Evidence, where there is some, before the question, and the words of both.

    Where they are more than `LONGEST` together, the question's come first and the evidence is cut.
    """
    asked = question_tokens(question)
    if not evidence:
        return question, asked
    text = f"{evidence}\n{question}"
    shift = len(text) - len(question)
    told = question_tokens(evidence, LONGEST - len(asked)) if len(asked) < LONGEST else []
    return text, told + [
        replace(token, start=token.start + shift, end=token.end + shift) for token in asked
    ]


@lru_cache(maxsize=65_536)
def name_words(name: str) -> tuple[str, ...]:
    """The folded words of a name.

    >>> name_words("StuID"), name_words("dept_addr"), name_words("countries")
    (('student', 'id'), ('department', 'address'), ('country',))
    """
    found: list[str] = []
    for part in _PART.findall(name):
        folded = fold(part) or part.lower()
        found.extend(_SHORT.get(folded, folded).split())
    return tuple(found)
