"""Mistakes in aggregates: another function, another thing counted, duplicates kept or lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlglot import exp

from ..query import (
    Query,
    aggregates,
    columns_in,
    ignores_duplicates,
    is_scalar,
    short,
    unwrapped,
)

_OTHER: dict[type[exp.Expression], type[exp.Func]] = {
    exp.Min: exp.Max,
    exp.Max: exp.Min,
    exp.Avg: exp.Sum,
    exp.Sum: exp.Avg,
}


def function(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """MIN for MAX, AVG for SUM, COUNT(*) for COUNT(column), and back."""
    for node in query.of(*_OTHER):
        other = _OTHER[type(node)]
        yield (
            f"{node.key.upper()} became {other.key.upper()} in {short(node)}",
            query.changed((node, other(this=node.this.copy()))),
        )
    for node in query.of(exp.Count):
        select = node.find_ancestor(exp.Select)
        if select is None or isinstance(node.this, exp.Distinct):
            continue
        star = exp.Count(this=exp.Star(), big_int=True)
        if isinstance(node.this, (exp.Star, exp.Literal)):
            column = _nullable(query, select)
            if column is not None:
                new = exp.Count(this=column, big_int=True)
                yield f"{short(node)} became {short(new)}", query.changed((node, new))
        elif not query.never_null(node.this, select):
            yield f"{short(node)} became COUNT(*)", query.changed((node, star))


def _nullable(query: Query, select: exp.Select) -> exp.Column | None:
    """The first column of a SELECT's sources that can be NULL, as a mistaken thing to count."""
    for source in query.sources(select):
        for name in source.relation.columns:
            if query.is_nullable(select, source, name):
                return exp.column(name, table=source.alias, quoted=True)
    return None


def distinct(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """DISTINCT lost or added, in a SELECT or in an aggregate."""
    for select in query.selects():
        if ignores_duplicates(select) or is_scalar(select):
            continue
        if query.unique_given(select, query.outputs(select)):
            continue
        changed = select.copy()
        if select.args.get("distinct"):
            changed.set("distinct", None)
            yield f"DISTINCT lost in {short(select)}", query.changed((select, changed))
        else:
            changed.set("distinct", exp.Distinct())
            yield f"DISTINCT added in {short(select)}", query.changed((select, changed))
    for node in query.of(exp.Count, exp.Sum, exp.Avg):
        owner = node.find_ancestor(exp.Select)
        inner = node.this
        # SQLite has no DISTINCT in window functions.
        if owner is None or not any(node is one for one in aggregates(owner)):
            continue
        if isinstance(inner, exp.Distinct):
            if _each_once(query, owner, inner.expressions[0]):
                continue
            new = type(node)(this=inner.expressions[0].copy())
            yield f"DISTINCT lost in {short(node)}", query.changed((node, new))
        elif not isinstance(inner, (exp.Star, exp.Literal)) and not _each_once(query, owner, inner):
            if isinstance(node, exp.Count) and not columns_in(inner):
                continue
            new = type(node)(this=exp.Distinct(expressions=[inner.copy()]))
            yield f"DISTINCT added in {short(node)}", query.changed((node, new))


def _each_once(query: Query, select: exp.Select, item: exp.Expression) -> bool:
    """Whether a value that is aggregated occurs once in its group at most."""
    items = [unwrapped(item), *query.group_keys(select)]
    reached = query.determined(select, query.places(items, select))
    return all(query.has_key(source, reached) for source in query.sources(select))
