"""What the roles answered, read from their text; what cannot be read is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from t2s_bench.databases.schema import Schema

from ..language_model.model import Stop
from ..task import Linking
from .chat_prompts import item_names
from .clauses import FENCE
from .codec import Constraint

# What a constraint may name besides schema items and literals (see `reading.keywords`).
_KEYWORDS = frozenset(
    [
        *("=", "!=", ">", ">=", "<", "<=", "COUNT", "SUM", "AVG", "MIN", "MAX", "IN", "NOT IN"),
        *("LIKE", "NOT LIKE", "BETWEEN", "NOT BETWEEN", "EXISTS", "NOT EXISTS", "IS NULL"),
        *("IS NOT NULL", "AND", "OR", "DISTINCT", "ASC", "DESC", "UNION", "INTERSECT", "EXCEPT"),
        *("GROUP BY", "HAVING", "ORDER BY", "LIMIT"),
    ]
)
_LITERAL = re.compile(r"'(?:[^']|'')*'|-?\d+(?:\.\d+)?")
_LINE = re.compile(r"\s*[-*]?\s*(require|forbid)\s+(.+?)\s*", re.IGNORECASE)


def _fence(text: str, start: int) -> int | None:
    at = text.find(FENCE, max(0, start - len(FENCE) + 1))
    return at + len(FENCE) if at >= 0 else None


# The end of a block that holds no SQL.
BLOCK_STOP = Stop(_fence, (FENCE,))


def block(text: str) -> str:
    """What stands before the closing fence."""
    return text.split(FENCE, 1)[0]


def named_items(text: str, schema: Schema) -> Mapping[str, str]:
    """The schema items that lines name: as the schema spells it → the line as it was written.

    A column also names its table. Unknown names are left out.
    """
    known = {name.lower(): name for name in item_names(schema)}
    found: dict[str, str] = {}
    for line in block(text).splitlines():
        name = known.get(line.strip().lstrip("-* ").replace('"', "").replace("`", "").lower())
        if name is None:
            continue
        found.setdefault(name, line)
        table = next((one.name for one in schema.tables if name.startswith(one.name + ".")), None)
        if table is not None:
            found.setdefault(table, line)
    return found


def blended(named: Mapping[str, float], prior: Linking | None, schema: Schema) -> Linking:
    """The schema role's list as a linking.

    A named item has the probability of its line, an unnamed one none; where there is a prior, the
    mean of both counts, so that items stay ranked among the unnamed ones.
    """

    def odds(name: str, before: float | None) -> float:
        own = named.get(name, 0.0)
        return own if before is None else (own + before) / 2

    tables, columns = [], []
    for place, table in enumerate(schema.tables):
        tables.append(odds(table.name, prior.tables[place] if prior else None))
        columns.append(
            tuple(
                odds(
                    f"{table.name}.{column.name}",
                    prior.columns[place][number] if prior else None,
                )
                for number, column in enumerate(table.columns)
            )
        )
    return Linking(tuple(tables), tuple(columns))


def parse_critique(text: str, schema: Schema) -> Constraint | None:
    """The constraint that a critique asks for; None where it names nothing that there is."""
    known = {name.lower(): name for name in item_names(schema)}
    require: set[str] = set()
    forbid: set[str] = set()
    for line in block(text).splitlines():
        found = _LINE.fullmatch(line)
        if not found:
            continue
        name = found.group(2)
        if _LITERAL.fullmatch(name):
            real: str | None = name
        elif " ".join(name.upper().split()) in _KEYWORDS:
            real = " ".join(name.upper().split())
        else:
            real = known.get(name.lower())
        if real is not None:
            (require if found.group(1).lower() == "require" else forbid).add(real)
    # Asked both ways, a name says nothing.
    both = require & forbid
    require, forbid = require - both, forbid - both
    if not require and not forbid:
        return None
    parts = [f"the query uses {name}" for name in sorted(require)]
    parts += [f"the query does not use {name}" for name in sorted(forbid)]
    return Constraint(frozenset(require), frozenset(forbid), "; ".join(parts))
