"""Where the clauses of a statement end, and what of an unfinished one can be run."""

from __future__ import annotations

from collections.abc import Sequence

from t2s_bench.databases.schema import Schema

from ...schema_graph.graph import SchemaGraph
from . import vocabulary as v
from .decode import Malformed, decode


def boundary(tokens: Sequence[int]) -> bool:
    """Whether the last token opens a clause, also of a subquery, or ends the statement."""
    return bool(tokens) and (tokens[-1] in v.CLAUSES or tokens[-1] == v.END)


def boundaries(tokens: Sequence[int]) -> list[int]:
    """The lengths of all prefixes that end at a boundary."""
    return [n + 1 for n, token in enumerate(tokens) if token in v.CLAUSES or token == v.END]


def executable_prefix(tokens: Sequence[int], schema: Schema, graph: SchemaGraph) -> str:
    """The longest statement of whole clauses, subqueries only as a whole; "" if there is none."""
    for end in reversed(_outer_boundaries(tokens)):
        try:
            return decode((*tokens[:end], v.END), schema, graph)
        except Malformed:
            continue
    return ""


def _outer_boundaries(tokens: Sequence[int]) -> list[int]:
    """Where a clause of the statement itself ends: the places of the keyword after it."""
    depth, ends = 0, []
    for n, token in enumerate(tokens):
        if token in (v.SUBQUERY, v.OPEN):
            depth += 1
        elif token == v.CLOSE:
            depth -= 1
        elif not depth and token != v.FROM and (token in v.CLAUSES or token == v.END):
            ends.append(n)
    return ends
