"""Long columns of few distinct values, one character a question: small files, readable diffs.

A column is written as `{"values": […], "codes": "0110…"}`, where the n-th character of the alphabet
is the n-th value. Where there are more values than characters, `"width"` characters stand for one:
its number in base 62.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

_ALPHABET = string.digits + string.ascii_letters
_BASE = len(_ALPHABET)


def pack(column: Sequence[object], values: Sequence[object] | None = None) -> dict[str, object]:
    """Packs JSON values, whose order of `values` is that of first appearance unless it is given.

    >>> pack([1.0, 0.0, None, 1.0], [0.0, 1.0, None])
    {'values': [0.0, 1.0, None], 'codes': '1021'}
    >>> pack(["m", "n"], [*range(62), "m", "n"])["codes"]
    '1011'
    """
    listed = list(dict.fromkeys(column)) if values is None else list(values)
    number = {value: place for place, value in enumerate(listed)}
    width = 1
    while len(listed) > _BASE**width:
        width += 1
    codes = "".join(_code(number[value], width) for value in column)
    packed: dict[str, object] = {"values": listed, "codes": codes}
    return packed if width == 1 else {**packed, "width": width}


def unpack(packed: Mapping[str, Any]) -> list[Any]:
    """The column behind a packed one; KeyError, IndexError and ValueError tell a damaged one.

    >>> unpack({"values": ["match", "mismatch"], "codes": "001"})
    ['match', 'match', 'mismatch']
    """
    values, codes, width = packed["values"], packed["codes"], packed.get("width", 1)
    if len(codes) % width:
        raise ValueError(f"{len(codes)} characters are not a column of width {width}")
    return [values[_number(codes[start : start + width])] for start in range(0, len(codes), width)]


def _code(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, _BASE)
        digits = _ALPHABET[digit] + digits
    return digits


def _number(code: str) -> int:
    number = 0
    for digit in code:
        number = number * _BASE + _ALPHABET.index(digit)
    return number
