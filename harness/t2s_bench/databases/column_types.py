"""What the columns of a SQLite table hold, so that a server's column loses nothing of it.

SQLite stores any value in any column. The declared type is believed only where every stored value
fits it: a DATE whose texts are all dates is a date, one with 'unknown' among them stays text.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from t2s_bench.databases.connection import quote_identifier
from t2s_bench.databases.schema import Table

# More decimal digits than DuckDB's DECIMAL (38) are no column of ours.
MOST_DIGITS = 38
_INT32 = 2**31
_LARGEST = "1.7976931348623157e308"
# Integers beyond this are not all doubles.
_EXACT_DOUBLE = 2**53
_DECIMAL = re.compile(r"(?:NUMERIC|DECIMAL|DEC|NUMBER)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", re.I)


class Kind(str, Enum):
    """What a column holds."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    BIGINT = "bigint"
    DECIMAL = "decimal"
    DOUBLE = "double"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TEXT = "text"
    BYTES = "bytes"


@dataclass(frozen=True)
class ColumnType:
    """A kind with its sizes.

    `length` is the longest value in characters and `size` in bytes (TEXT and BYTES). `digits` and
    `scale` are those of DECIMAL. `nul` says that some text holds a NUL character, `infinite` that a
    DOUBLE is infinite, `fraction` that a TIMESTAMP has fractions of a second. `note` says in words
    what the declared type had promised and the values do not keep.
    """

    kind: Kind
    length: int = 0
    size: int = 0
    digits: int = 0
    scale: int = 0
    nul: bool = False
    infinite: bool = False
    fraction: bool = False
    note: str = ""


def column_types(connection: sqlite3.Connection, table: Table) -> tuple[ColumnType, ...]:
    """The type of each column, from one scan over all values of the table."""
    expressions = [_statistics(column.name, column.type) for column in table.columns]
    width = len(_NAMES)
    found: list[object] = []
    # SQLite takes at most 2,000 result columns.
    for start in range(0, len(expressions), 2_000 // width):
        some = ", ".join(expressions[start : start + 2_000 // width])
        found += connection.execute(f"SELECT {some} FROM {quote_identifier(table.name)}").fetchone()
    return tuple(
        _decide(column.type, _named(found, place)) for place, column in enumerate(table.columns)
    )


def unified(types: Sequence[ColumnType]) -> ColumnType | None:
    """One type for columns that a foreign key compares, or None where they hold different kinds.

    >>> unified([ColumnType(Kind.INTEGER), ColumnType(Kind.BIGINT)]).kind.value
    'bigint'
    >>> unified([ColumnType(Kind.INTEGER), ColumnType(Kind.TEXT)]) is None
    True
    """
    kinds = {one.kind for one in types}
    if kinds == {Kind.INTEGER, Kind.BIGINT}:
        kinds = {Kind.BIGINT}
    if len(kinds) > 1 or len({(one.digits, one.scale, one.nul) for one in types}) > 1:
        return None
    return ColumnType(
        kinds.pop(),
        max(one.length for one in types),
        max(one.size for one in types),
        types[0].digits,
        types[0].scale,
        types[0].nul,
        any(one.infinite for one in types),
        any(one.fraction for one in types),
        types[0].note,
    )


_NAMES = (
    "integers", "reals", "texts", "blobs", "least", "most", "outside_bool", "outside_decimal",
    "infinite", "not_date", "not_timestamp", "fractions", "length", "size", "nuls",
)  # fmt: skip


def _statistics(column: str, declared: str) -> str:
    c = quote_identifier(column)
    integer = f"typeof({c}) = 'integer'"
    number = f"typeof({c}) IN ('integer', 'real')"
    text = f"typeof({c}) = 'text'"
    digits, scale = _digits(declared)
    # Without a modifier SQLite gives 2023-02-31 back as it is.
    date = f"{c} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' AND {c} >= '0001'"
    moment = (
        f"{c} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*'"
        f" AND {c} >= '0001' AND datetime(substr({c}, 1, 19), '+0 days') IS substr({c}, 1, 19)"
        f" AND (length({c}) = 19 OR (length({c}) BETWEEN 21 AND 26 AND substr({c}, 20, 1) = '.'"
        f" AND substr({c}, 21) NOT GLOB '*[^0-9]*'))"
    )
    return ", ".join(
        [
            f"count(CASE WHEN {integer} THEN 1 END)",
            f"count(CASE WHEN typeof({c}) = 'real' THEN 1 END)",
            f"count(CASE WHEN {text} THEN 1 END)",
            f"count(CASE WHEN typeof({c}) = 'blob' THEN 1 END)",
            f"min(CASE WHEN {integer} THEN {c} END)",
            f"max(CASE WHEN {integer} THEN {c} END)",
            f"count(CASE WHEN {integer} AND {c} NOT IN (0, 1) THEN 1 END)",
            f"count(CASE WHEN {number} AND (round({c}, {scale}) <> {c}"
            f" OR abs({c} + 0.0) >= 1e{digits - scale}) THEN 1 END)",
            f"count(CASE WHEN abs({c} + 0.0) > {_LARGEST} AND typeof({c}) = 'real' THEN 1 END)",
            f"count(CASE WHEN {text} AND NOT ({date} AND date({c}, '+0 days') IS {c}) THEN 1 END)",
            f"count(CASE WHEN {text} AND NOT ({moment}) THEN 1 END)",
            f"count(CASE WHEN {text} AND substr({c}, 20, 1) = '.' THEN 1 END)",
            f"max(CASE WHEN {text} THEN length({c}) END)",
            f"max(CASE WHEN typeof({c}) IN ('text', 'blob') THEN length(CAST({c} AS BLOB)) END)",
            f"count(CASE WHEN {text} AND instr(CAST({c} AS BLOB), x'00') > 0 THEN 1 END)",
        ]
    )


def _named(found: Sequence[object], place: int) -> dict[str, object]:
    """The statistics of one column out of those of all."""
    width = len(_NAMES)
    return dict(zip(_NAMES, found[place * width : (place + 1) * width], strict=True))


def _decide(declared: str, found: dict[str, object]) -> ColumnType:
    count = {name: int(str(value)) for name, value in found.items() if value is not None}
    upper = declared.upper()
    length, size = count.get("length", 0), count.get("size", 0)
    integers, reals, texts, blobs = (
        count[name] for name in ("integers", "reals", "texts", "blobs")
    )
    nul = count["nuls"] > 0
    if not (integers or reals or texts or blobs):
        return _declared_type(upper)
    if blobs:
        note = f"{blobs:,} of its values are BLOBs" if integers or reals or texts else ""
        return ColumnType(Kind.BYTES, length, size, note=note)
    if texts:
        return _text_type(upper, count, length, size, nul)
    return _number_type(upper, count)


def _text_type(upper: str, count: dict[str, int], length: int, size: int, nul: bool) -> ColumnType:
    numbers = count["integers"] + count["reals"]
    if not numbers and ("DATE" in upper or "TIMESTAMP" in upper):
        if not count["not_date"]:
            return ColumnType(Kind.DATE)
        if not count["not_timestamp"]:
            return ColumnType(Kind.TIMESTAMP, fraction=count["fractions"] > 0)
    promised = _declared_type(upper).kind
    note = ""
    if numbers:
        note = f"{count['texts']:,} of its values are text, {numbers:,} are numbers"
        # What a number takes as text.
        length, size = max(length, 24), max(size, 24)
    elif promised not in (Kind.TEXT, Kind.BYTES):
        note = f"{upper} holds text that is none"
    return ColumnType(Kind.TEXT, length, size, nul=nul, note=note)


def _number_type(upper: str, count: dict[str, int]) -> ColumnType:
    digits, scale = _digits(upper)
    if _DECIMAL.search(upper) and digits <= MOST_DIGITS and not count["outside_decimal"]:
        return ColumnType(Kind.DECIMAL, digits=digits, scale=scale)
    least, most = count.get("least", 0), count.get("most", 0)
    if not count["reals"]:
        if "BOOL" in upper and not count["outside_bool"]:
            return ColumnType(Kind.BOOLEAN)
        wide = least < -_INT32 or most >= _INT32
        return ColumnType(Kind.BIGINT if wide else Kind.INTEGER)
    if max(-least, most) > _EXACT_DOUBLE:
        note = "integers that are no doubles stand among real numbers"
        return ColumnType(Kind.TEXT, 24, 24, note=note)
    return ColumnType(Kind.DOUBLE, infinite=count["infinite"] > 0)


def _declared_type(upper: str) -> ColumnType:
    """The type of a column without values, by SQLite's rules of affinity and the common names."""
    if "INT" in upper:
        return ColumnType(Kind.INTEGER)
    if "CHAR" in upper or "CLOB" in upper or "TEXT" in upper or not upper:
        return ColumnType(Kind.TEXT)
    if "BLOB" in upper or "BINARY" in upper:
        return ColumnType(Kind.BYTES)
    if "BOOL" in upper:
        return ColumnType(Kind.BOOLEAN)
    if "DATETIME" in upper or "TIMESTAMP" in upper:
        return ColumnType(Kind.TIMESTAMP)
    if "DATE" in upper:
        return ColumnType(Kind.DATE)
    if "TIME" in upper:
        return ColumnType(Kind.TEXT)
    digits, scale = _digits(upper)
    if _DECIMAL.search(upper) and digits <= MOST_DIGITS:
        return ColumnType(Kind.DECIMAL, digits=digits, scale=scale)
    return ColumnType(Kind.DOUBLE)


def _digits(declared: str) -> tuple[int, int]:
    """Digits and scale of a declared DECIMAL.

    >>> _digits("numeric(8, 2)"), _digits("INTEGER")
    ((8, 2), (18, 0))
    """
    found = _DECIMAL.search(declared)
    if found is None:
        return 18, 0
    digits, scale = int(found[1]), int(found[2] or 0)
    return (digits, scale) if 0 <= scale <= digits and digits > 0 else (MOST_DIGITS + 1, 0)
