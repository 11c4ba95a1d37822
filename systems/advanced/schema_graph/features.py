"""Yes/no marks of the items: what they are and how the question names them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from t2s_bench.databases.schema import Schema

from .candidates import Candidate
from .graph import Item, Kind
from .matching import Matches

FEATURES = (
    "matched exactly",
    "matched partly",
    "matched by value",
    "number",
    "text",
    "time",
    "boolean",
    "primary key",
    "foreign key",
    "referred to",
    "quoted",
    "cell",
    "numeric literal",
    "capitalised span",
    "number word",
    "has many rows",
)
_F = {name: number for number, name in enumerate(FEATURES)}


def features(
    schema: Schema, items: Sequence[Item], marks: Matches, candidates: Sequence[Candidate]
) -> npt.NDArray[np.uint8]:
    """(items, FEATURES), in the order of the items."""
    out = np.zeros((len(items), len(FEATURES)), dtype=np.uint8)
    by_value = {source for one in candidates for source in one.sources}
    refers = {(k.table.lower(), c.lower()) for k in schema.foreign_keys for c in k.columns}
    referred = {
        (k.parent.lower(), c.lower()) for k in schema.foreign_keys for c in k.parent_columns
    }
    first = len(items) - len(candidates)
    for n, item in enumerate(items):
        if item.kind is Kind.TABLE:
            best = int(marks.tables[item.table].max(initial=0))
            table = schema.tables[item.table]
            out[n, _F["matched exactly"]] = best == 2
            out[n, _F["matched partly"]] = best == 1
            out[n, _F["matched by value"]] = any(t == item.table for t, _ in by_value)
            out[n, _F["has many rows"]] = (table.rows or 0) > 100
        elif item.kind is Kind.COLUMN:
            table = schema.tables[item.table]
            column = table.columns[item.column]
            best = int(marks.columns[item.table][item.column].max(initial=0))
            out[n, _F["matched exactly"]] = best == 2
            out[n, _F["matched partly"]] = best == 1
            out[n, _F["matched by value"]] = (item.table, item.column) in by_value
            out[n, _F[column_type(column.stated_type or column.type)]] = 1
            out[n, _F["primary key"]] = bool(column.primary_key)
            out[n, _F["foreign key"]] = (table.name.lower(), column.name.lower()) in refers
            out[n, _F["referred to"]] = (table.name.lower(), column.name.lower()) in referred
        elif item.kind is Kind.VALUE:
            one = candidates[n - first]
            out[n, _F["quoted"]] = one.origin == "quoted"
            out[n, _F["cell"]] = bool(one.sources)
            out[n, _F["numeric literal"]] = not one.literal.startswith("'")
            out[n, _F["capitalised span"]] = one.origin == "capitalised"
            out[n, _F["number word"]] = one.origin == "number word"
    return out


def column_type(declared: str) -> str:
    """'number', 'text', 'time' or 'boolean' of a declared type.

    >>> column_type("VARCHAR(20)"), column_type("bigint"), column_type("datetime")
    ('text', 'number', 'time')
    """
    name = declared.lower()
    if "bool" in name or name == "bit":
        return "boolean"
    if any(part in name for part in ("date", "time", "year")):
        return "time"
    if any(part in name for part in ("int", "num", "real", "float", "doub", "dec", "money")):
        return "number"
    return "text"
