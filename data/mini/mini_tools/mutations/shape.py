"""Mistakes in the form of a query: set operations, CASE, windows, order, lost functions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlglot import exp

from .. import nulls
from ..query import Query
from ..syntax import Node, columns_in, ignores_duplicates, short, unwrapped

_RANKS: dict[type[Node], type[Node]] = {
    exp.Rank: exp.DenseRank,
    exp.DenseRank: exp.Rank,
    exp.RowNumber: exp.Rank,
    exp.Lag: exp.Lead,
    exp.Lead: exp.Lag,
    exp.FirstValue: exp.LastValue,
    exp.LastValue: exp.FirstValue,
}
_BY_POSITION = (
    exp.RowNumber,
    exp.Lag,
    exp.Lead,
    exp.FirstValue,
    exp.LastValue,
    exp.NthValue,
    exp.Ntile,
    # A named window: which function uses it is not seen here.
    exp.Identifier,
)


def set_operation(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """UNION, UNION ALL, INTERSECT and EXCEPT for each other, and EXCEPT the wrong way round."""
    for node in query.of(exp.Union, exp.Intersect, exp.Except):
        assert isinstance(node, exp.SetOperation)
        clause = node.find_ancestor(exp.With)
        recursive = clause is not None and clause.args.get("recursive")
        keeps = isinstance(node, exp.Union) and not node.args.get("distinct")
        wanted: list[tuple[type[exp.SetOperation], bool]] = []
        if isinstance(node, exp.Union):
            if not ignores_duplicates(node) and not _disjoint(query, node):
                wanted.append((exp.Union, keeps))
            if not recursive:
                wanted += [(exp.Intersect, True), (exp.Except, True)]
        else:
            swapped = exp.Except if isinstance(node, exp.Intersect) else exp.Intersect
            wanted = [(exp.Union, True), (swapped, True)]
        for kind, distinct in wanted:
            new = _as(node, kind, distinct)
            yield f"{_name(node)} became {_name(new)}", query.changed((node, new))
        if isinstance(node, exp.Except):
            new = _as(node, exp.Except, True)
            new.set("this", node.expression.copy())
            new.set("expression", node.this.copy())
            yield "EXCEPT the other way round", query.changed((node, new))


def _disjoint(query: Query, node: exp.SetOperation) -> bool:
    """Whether the sides share no row, by unlike constants in one column, nor repeat one."""
    sides = [node.this, node.expression]
    if not all(isinstance(side, exp.Select) for side in sides):
        return False
    left, right = (query.outputs(side) for side in sides)
    constants = any(
        isinstance(a, exp.Literal) and isinstance(b, exp.Literal) and a != b
        for a, b in zip(map(unwrapped, left), map(unwrapped, right), strict=False)
    )
    return constants and all(
        query.unique_given(side, query.outputs(side))
        for side in sides
        if isinstance(side, exp.Select)
    )


def _as(node: exp.SetOperation, kind: type[exp.SetOperation], distinct: bool) -> exp.SetOperation:
    arguments = {name: value for name, value in node.copy().args.items() if name != "distinct"}
    return kind(distinct=distinct, **arguments)


def _name(node: exp.SetOperation) -> str:
    return node.key.upper() + ("" if node.args.get("distinct") else " ALL")


def case(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """The results of neighbouring branches of CASE, or of IIF, swapped."""
    for node in query.of(exp.Case):
        holders = [(branch, "true") for branch in node.args["ifs"]]
        if node.args.get("default") is not None:
            holders.append((node, "default"))
        for (first, one), (second, two) in zip(holders, holders[1:], strict=False):
            a, b = first.args[one], second.args[two]
            yield (
                f"CASE results {short(a, 20)} and {short(b, 20)} swapped",
                query.changed((a, b.copy()), (b, a.copy())),
            )
    for node in query.of(exp.If):
        a, b = node.args.get("true"), node.args.get("false")
        if not isinstance(node.parent, exp.Case) and a is not None and b is not None:
            yield "IIF results swapped", query.changed((a, b.copy()), (b, a.copy()))


def window(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """PARTITION BY, ORDER BY or the frame of a window left out, and another ranking function."""
    for node in query.of(exp.Window):
        if node.args.get("partition_by"):
            new = node.copy()
            new.set("partition_by", None)
            yield f"dropped PARTITION BY in {short(node)}", query.changed((node, new))
        # Without an order these functions take rows as they come: no query with a meaning.
        ordered = isinstance(node.this, _BY_POSITION) or node.args.get("spec") is not None
        for name, label in (("order", "ORDER BY"), ("spec", "the frame")):
            if node.args.get(name) is not None and not (name == "order" and ordered):
                new = node.copy()
                new.set(name, None)
                yield f"dropped {label} in {short(node)}", query.changed((node, new))
        function = node.this
        select = node.find_ancestor(exp.Select)
        other = _RANKS.get(type(function))
        if other is None or select is None:
            continue
        if isinstance(function, exp.RowNumber) and _is_total(query, node, select):
            continue
        if isinstance(function, (exp.Rank, exp.DenseRank)) and _only_first(query, node):
            continue
        arguments = {} if isinstance(function, exp.RowNumber) else function.copy().args
        changed = other(**arguments)
        yield f"{short(function)} became {short(changed)}", query.changed((function, changed))


def _is_total(query: Query, node: Node, select: exp.Select) -> bool:
    """Whether a window's order has no ties, so that all ranking functions agree."""
    order = node.args.get("order")
    keys = [ordered.this for ordered in (order.expressions if order is not None else [])]
    keys += node.args.get("partition_by") or []
    return query.unique_given(select, keys)


def _only_first(query: Query, node: Node) -> bool:
    """Whether a rank is only ever compared with 1, where all ranks with ties agree."""
    alias = node.parent.alias.lower() if isinstance(node.parent, exp.Alias) else ""
    uses = [c for c in query.of(exp.Column) if c.name.lower() == alias]
    return bool(uses) and all(
        isinstance(use.parent, exp.EQ)
        and isinstance(use.parent.expression, exp.Literal)
        and use.parent.expression.name == "1"
        for use in uses
    )


def order(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Each key of an ORDER BY that matters the other way round."""
    for node in query.of(exp.Order):
        owner = node.parent
        inner = isinstance(owner, exp.Query) and owner is not query.tree
        if inner and owner is not None and owner.args.get("limit") is None:
            continue
        for position, ordered in enumerate(node.expressions):
            before = [one.this for one in node.expressions[:position]]
            if isinstance(owner, exp.Select) and before and _fixed(query, owner, before):
                break
            down = not ordered.args.get("desc")
            new = ordered.copy()
            new.set("desc", down)
            new.set("nulls_first", not down)
            word = "descending" if down else "ascending"
            yield f"ORDER BY {short(ordered.this)} {word}", query.changed((ordered, new))


def _fixed(query: Query, select: exp.Select, keys: list[Node]) -> bool:
    """Whether the keys so far already leave no ties."""
    spelled = []
    for key in keys:
        bare = unwrapped(key)
        if isinstance(bare, exp.Literal) and not bare.is_string:
            bare = unwrapped(select.expressions[int(bare.name) - 1])
        elif isinstance(bare, exp.Column) and query.place(bare, select) is None:
            named = [e for e in select.expressions if e.alias.lower() == bare.name.lower()]
            bare = unwrapped(named[0]) if named else bare
        spelled.append(bare)
    return query.unique_given(select, spelled)


def function(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """CAST, COALESCE, NULLIF, LOWER, UPPER, TRIM and ABS left out."""
    kinds = (exp.Cast, exp.Coalesce, exp.Nullif, exp.Lower, exp.Upper, exp.Trim, exp.Abs)
    for node in query.of(*kinds):
        select = node.find_ancestor(exp.Select)
        inner = unwrapped(node.this)
        if select is None or (
            isinstance(node, exp.Coalesce) and nulls.never_null(query, inner, select)
        ):
            continue
        # SQLite's x / 0 is NULL already.
        if isinstance(node, exp.Nullif) and _divides(node):
            continue
        if isinstance(node, exp.Cast) and _cast_is_idle(query, node, inner):
            continue
        new = node.this.copy()
        bare = isinstance(new, (exp.Column, exp.Func, exp.Literal, exp.Paren))
        yield f"dropped {short(node)}", query.changed((node, new if bare else exp.Paren(this=new)))


def _divides(node: Node) -> bool:
    below, parent = node, node.parent
    while isinstance(parent, exp.Paren):
        below, parent = parent, parent.parent
    return isinstance(parent, (exp.Div, exp.Mod)) and below.arg_key == "expression"


def _cast_is_idle(query: Query, node: exp.Cast, inner: Node) -> bool:
    """Whether a CAST changes no value, up to 5.0 for 5."""
    if not node.to.is_type("int", "bigint"):
        return _is_real(query, inner)
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    if isinstance(inner, (exp.TimeToStr, exp.Substring)) and (
        # Arithmetic makes a number of the text '07' itself, and groups stay the same.
        isinstance(parent, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Group))
    ):
        return True
    if isinstance(inner, exp.Round) and inner.args.get("decimals") is None:
        return True
    return "JULIANDAY" in inner.sql().upper() and all(
        _is_day(query, column) for column in columns_in(inner)
    )


def _is_day(query: Query, column: exp.Column) -> bool:
    """Whether a column holds dates without a time."""
    if column.find_ancestor(exp.Date, exp.Select) is not column.find_ancestor(exp.Select):
        return True
    home = query.home(column)
    if home is None:
        return False
    return dict(home[1].relation.types).get(column.name.lower()) == "DATE"


def _is_real(query: Query, node: Node) -> bool:
    if isinstance(node, exp.Avg):
        return True
    if isinstance(node, (exp.Sum, exp.Min, exp.Max)):
        return _is_real(query, unwrapped(node.this))
    if not isinstance(node, exp.Column):
        return False
    home = query.home(node)
    return home is not None and home[1].relation.is_real(node.name.lower())
