"""Readable names of tables and columns: words instead of identifiers, singular and plural."""

from __future__ import annotations

import re

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[^\w%#]+|_+")
_IRREGULAR = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "staff": "staff",
    "series": "series",
    "species": "species",
    "aircraft": "aircraft",
    "information": "information",
    "equipment": "equipment",
    "data": "data",
    "faculty": "faculty",
    "news": "news",
    "address": "addresses",
    "status": "statuses",
}
_SINGULAR = {plural: singular for singular, plural in _IRREGULAR.items()}


def split_name(name: str) -> str:
    """An identifier as lower-case words.

    >>> split_name("StuID"), split_name("Max_Gross_Weight")
    ('stu id', 'max gross weight')
    """
    words = _NOT_WORD.split(_CAMEL.sub(" ", name))
    return " ".join(word.lower() for word in words if word) or name.lower()


def plural(words: str) -> str:
    """The last word in the plural.

    >>> plural("school bus"), plural("city"), plural("singers"), plural("person")
    ('school buses', 'cities', 'singers', 'people')
    """
    start, _, last = words.rpartition(" ")
    return f"{start} {_plural(last)}".strip()


def singular(words: str) -> str:
    """The last word in the singular.

    >>> singular("cities"), singular("address"), singular("courses"), singular("branches")
    ('city', 'address', 'course', 'branch')
    """
    start, _, last = words.rpartition(" ")
    return f"{start} {_singular(last)}".strip()


def without_prefix(column: str, table: str) -> str:
    """A column's words without its table's in front: 'singer name' of 'singer' is 'name'.

    >>> without_prefix("singer name", "singers"), without_prefix("age", "singer")
    ('name', 'age')
    """
    for prefix in (table, singular(table)):
        if column.startswith(prefix + " "):
            return column[len(prefix) + 1 :]
    return column


def _plural(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word != _singular(word) or word in _SINGULAR or not word[-1:].isalpha():
        return word
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return word[:-1] + "ies"
    return word + "s"


def _singular(word: str) -> str:
    if word in _SINGULAR:
        return _SINGULAR[word]
    if word in _IRREGULAR or len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word
