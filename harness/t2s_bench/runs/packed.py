"""Long columns of few distinct values, one character a question: small files, readable diffs.

A column is written as `{"values": […], "codes": "0110…"}`, where the n-th character of the alphabet
is the n-th value; with more values than characters, as `{"values": […], "places": [0, 1, …]}`.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

_ALPHABET = string.digits + string.ascii_letters


def pack(column: Sequence[object], values: Sequence[object] | None = None) -> dict[str, object]:
    """Packs JSON values, whose order of `values` is that of first appearance unless it is given.

    >>> pack([1.0, 0.0, None, 1.0], [0.0, 1.0, None])
    {'values': [0.0, 1.0, None], 'codes': '1021'}
    """
    listed = list(dict.fromkeys(column)) if values is None else list(values)
    number = {value: place for place, value in enumerate(listed)}
    places = [number[value] for value in column]
    if len(listed) > len(_ALPHABET):
        return {"values": listed, "places": places}
    return {"values": listed, "codes": "".join(_ALPHABET[place] for place in places)}


def unpack(packed: Mapping[str, Any]) -> list[Any]:
    """The column behind a packed one; KeyError, IndexError and ValueError tell a damaged one.

    >>> unpack({"values": ["match", "mismatch"], "codes": "001"})
    ['match', 'match', 'mismatch']
    """
    values = packed["values"]
    if "codes" in packed:
        return [values[_ALPHABET.index(code)] for code in packed["codes"]]
    return [values[place] for place in packed["places"]]
