"""Mistakes in aggregates: another function, another thing counted, duplicates kept or lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from sqlglot import exp

from .. import nulls
from ..query import Query
from ..syntax import Node, aggregates, columns_in, ignores_duplicates, is_scalar, short

_OTHER: dict[type[Node], type[Node]] = {
    exp.Min: exp.Max,
    exp.Max: exp.Min,
    exp.Avg: exp.Sum,
    exp.Sum: exp.Avg,
}


def function(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """MIN for MAX, AVG for SUM, COUNT(*) for COUNT(column), and back."""
    for node in query.of(*_OTHER):
        other = _OTHER[type(node)]
        if {type(node), other} == {exp.Avg, exp.Sum} and _sign_only(node):
            continue
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
            repeated = _repeated(query, select) if isinstance(node.this, exp.Star) else None
            if repeated is not None and not isinstance(node.parent, exp.Window):
                new = exp.Count(this=exp.Distinct(expressions=[repeated]), big_int=True)
                yield f"{short(node)} became {short(new)}", query.changed((node, new))
        elif not nulls.never_null(query, node.this, select):
            yield f"{short(node)} became COUNT(*)", query.changed((node, star))


def _nullable(query: Query, select: exp.Select) -> exp.Column | None:
    """The first column of a SELECT's sources that can be NULL, as a mistaken thing to count."""
    for source in query.sources(select):
        for name in source.relation.columns:
            if nulls.is_nullable(query, select, source, name):
                return exp.column(name, table=source.alias, quoted=True)
    return None


def _sign_only(node: Node) -> bool:
    """Whether only the aggregate's sign counts, which a sum and an average share."""
    compared = node.parent
    return isinstance(compared, (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ)) and any(
        isinstance(side, exp.Literal) and side.name == "0" for side in compared.iter_expressions()
    )


def _repeated(query: Query, select: exp.Select) -> exp.Column | None:
    """The foreign key that one might count distinct values of where rows are meant."""
    grouped = query.determined(select, query.places(query.group_keys(select), select))
    for source in query.sources(select):
        for key in source.relation.foreign_keys if source.relation.table is not None else ():
            for name, _ in sorted(key.pairs):
                column = exp.column(name, table=source.alias, quoted=True)
                place = (source.alias, name)
                if place not in grouped and not _each_once(query, select, [place]):
                    return column
    return None


def distinct(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """DISTINCT lost or added, in a SELECT or in an aggregate."""
    for select in query.selects():
        if ignores_duplicates(select) or is_scalar(select):
            continue
        if query.unique_given(select, query.outputs(select)):
            continue
        changed = select.copy()
        if select is not query.tree and not select.args.get("distinct"):
            continue  # nobody adds a DISTINCT to a subquery by mistake
        if select.args.get("distinct"):
            changed.set("distinct", None)
            yield f"DISTINCT lost in {short(select)}", query.changed((select, changed))
        else:
            changed.set("distinct", exp.Distinct())
            yield f"DISTINCT added in {short(select)}", query.changed((select, changed))
    for node in query.of(exp.Count, exp.Sum, exp.Avg):
        owner = node.find_ancestor(exp.Select)
        inner = node.this
        if _sign_only(node):
            continue
        # SQLite has no DISTINCT in window functions.
        if owner is None or not any(node is one for one in aggregates(owner)):
            continue
        if isinstance(inner, exp.Distinct):
            values = query.places(inner.expressions, owner)
            if _each_once(query, owner, values):
                continue
            new = type(node)(this=inner.expressions[0].copy())
            yield f"DISTINCT lost in {short(node)}", query.changed((node, new))
        elif not isinstance(inner, (exp.Star, exp.Literal)) and not _each_once(
            query, owner, query.places([inner], owner)
        ):
            if isinstance(node, exp.Count) and not columns_in(inner):
                continue
            new = type(node)(this=exp.Distinct(expressions=[inner.copy()]))
            yield f"DISTINCT added in {short(node)}", query.changed((node, new))


def _each_once(query: Query, select: exp.Select, values: Iterable[tuple[str, str]]) -> bool:
    """Whether values that are aggregated occur once in their group at most."""
    known = query.places(query.group_keys(select), select) | set(values)
    reached = query.determined(select, known)
    return query.rows_fixed(select, reached)
