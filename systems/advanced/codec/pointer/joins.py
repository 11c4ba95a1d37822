"""How the tables of a FROM list are joined: inferred from the schema, so that it need not be said.

Tables are joined in their order, each to one that is already there: by a foreign key (in the order
of the schema's keys), else by columns of one name that key columns have, else by any of one name,
else not at all (a cross product).
"""

from __future__ import annotations

from collections.abc import Sequence

from t2s_bench.databases.schema import Schema

# An instance of a table in FROM: its place in the schema, and 1 or 2.
Instance = tuple[int, int]
# Two columns that must be equal, each (instance, column).
Pair = tuple[tuple[Instance, int], tuple[Instance, int]]


def inferred(schema: Schema, before: Sequence[Instance], new: Instance) -> list[Pair]:
    """The pairs that join `new` to the latest table before it that it can be joined to."""
    for old in reversed(before):
        pairs = _by_key(schema, old, new)
        if pairs:
            return pairs
    for old in reversed(before):
        pairs = _by_name(schema, old, new)
        if pairs:
            return pairs
    return []


def _by_key(schema: Schema, old: Instance, new: Instance) -> list[Pair]:
    names = [schema.tables[old[0]].name.lower(), schema.tables[new[0]].name.lower()]
    for key in schema.foreign_keys:
        child, parent = key.table.lower(), key.parent.lower()
        if [child, parent] == names:
            ends = (old, new)
        elif [parent, child] == names:
            ends = (new, old)
        else:
            continue
        return [
            ((ends[0], _place(schema, ends[0], one)), (ends[1], _place(schema, ends[1], other)))
            for one, other in zip(key.columns, key.parent_columns, strict=True)
        ]
    return []


def _by_name(schema: Schema, old: Instance, new: Instance) -> list[Pair]:
    if old[0] == new[0]:
        return []
    one, other = schema.tables[old[0]], schema.tables[new[0]]
    shared = [
        (n, place)
        for n, column in enumerate(one.columns)
        for place, twin in enumerate(other.columns)
        if column.name.lower() == twin.name.lower()
    ]
    keyed = [
        (a, b) for a, b in shared if one.columns[a].primary_key or other.columns[b].primary_key
    ]
    identified = [(a, b) for a, b in shared if one.columns[a].name.lower().endswith("id")]
    best = keyed or identified or shared
    return [((old, best[0][0]), (new, best[0][1]))] if best else []


def _place(schema: Schema, instance: Instance, name: str) -> int:
    columns = schema.tables[instance[0]].columns
    return next(n for n, column in enumerate(columns) if column.name.lower() == name.lower())
