"""Proofs that a column or an expression cannot be NULL in the rows of a SELECT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from .syntax import Node, columns_in, conjuncts, is_left, unwrapped

if TYPE_CHECKING:
    from .query import Query, Source

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
_REJECTS_NULL = (*_COMPARISONS, exp.Like, exp.In, exp.Between, exp.Glob)
# A NULL argument can come out of these as something else.
_HIDES_NULL = (exp.Coalesce, exp.Case, exp.If, exp.Is, exp.Query, exp.Count, exp.Or)
_KEEPS_NULL = (
    exp.Lower,
    exp.Upper,
    exp.Length,
    exp.Cast,
    exp.Round,
    exp.Abs,
    exp.Date,
    exp.TimeToStr,
    exp.TsOrDsToTimestamp,
)


def never_null(query: Query, item: Node, select: exp.Select) -> bool:
    """Whether an expression cannot be NULL in the rows that reach the SELECT's outputs."""
    node = unwrapped(item)
    if isinstance(node, (exp.Literal, exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank)):
        return True
    if isinstance(node, exp.Column):
        home = query.home(node)
        if home is None:
            return False
        owner, source = home
        return not is_nullable(query, owner, source, node.name.lower())
    if isinstance(node, exp.Coalesce):
        return any(never_null(query, one, select) for one in [node.this, *node.expressions])
    if isinstance(node, exp.Window):
        return isinstance(node.this, (exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank))
    if isinstance(node, exp.Case):
        results = [one.args["true"] for one in node.args["ifs"]] + [node.args.get("default")]
        return all(one is not None and never_null(query, one, select) for one in results)
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.DPipe)):
        return never_null(query, node.this, select) and never_null(query, node.expression, select)
    if isinstance(node, _KEEPS_NULL):
        return never_null(query, node.this, select)
    # The sources hold no invalid dates.
    if isinstance(node, exp.Anonymous) and node.name.lower() == "julianday":
        return never_null(query, node.expressions[0], select)
    return False


def may_be_missing(query: Query, select: exp.Select, source: Source) -> bool:
    """Whether an outer join can leave the source's columns NULL in the rows that remain."""
    return source.optional and not any(
        rejects_null(query, condition, select, (source.alias, None))
        for condition in filters(query, select, after=source.join)
    )


def is_nullable(
    query: Query, select: exp.Select, source: Source, name: str, ignored: exp.Join | None = None
) -> bool:
    """Whether a source's column can be NULL in the rows that pass the conditions.

    The ON of the join `ignored` proves nothing.
    """
    if name in source.relation.not_null and not may_be_missing(query, select, source):
        return False
    return not any(
        rejects_null(query, condition, select, (source.alias, name))
        for condition in filters(query, select, ignored=ignored)
    )


def present_with_row(query: Query, select: exp.Select, source: Source, name: str) -> bool:
    """Whether a column of an outer-joined source is NULL only where no row matched."""
    on = conjuncts(source.join.args.get("on")) if source.join is not None else []
    return name in source.relation.not_null or any(
        rejects_null(query, condition, select, (source.alias, name)) for condition in on
    )


def filters(
    query: Query,
    select: exp.Select,
    after: exp.Join | None = None,
    ignored: exp.Join | None = None,
) -> list[Node]:
    """Conditions every row has passed: WHERE and the ON of inner joins (later than `after`)."""
    where = select.args.get("where")
    found = conjuncts(where.this if where else None)
    joins = [s.join for s in query.sources(select) if s.join is not None]
    later = after is None
    for join in joins:
        if later and join is not ignored and not is_left(join):
            found.extend(conjuncts(join.args.get("on")))
        later = later or join is after
    return found


def rejects_null(
    query: Query, condition: Node, select: exp.Select, place: tuple[str, str | None]
) -> bool:
    """Whether a condition cannot hold while the column (or the whole source) is NULL."""
    bare = unwrapped(condition)
    while isinstance(bare, exp.Not) and isinstance(unwrapped(bare.this), _REJECTS_NULL):
        bare = unwrapped(bare.this)
    if isinstance(bare, exp.Not):
        inner = unwrapped(bare.this)
        if not (isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null)):
            return False
        bare, tested = inner, [inner.this]
    elif isinstance(bare, (exp.In, exp.Between)):
        tested = [bare.this]
    elif isinstance(bare, _REJECTS_NULL):
        tested = [bare.this, bare.expression]
    else:
        return False
    return any(
        _matches(query, column, select, place) and not _hidden(column, bare)
        for side in tested
        for column in columns_in(side)
    )


def _matches(
    query: Query, column: exp.Column, select: exp.Select, place: tuple[str, str | None]
) -> bool:
    found = query.place(column, select)
    return found is not None and found[0] == place[0] and place[1] in (None, found[1])


def _hidden(column: exp.Column, below: Node) -> bool:
    node: Node | None = column.parent
    while node is not None and node is not below:
        if isinstance(node, _HIDES_NULL):
            return True
        node = node.parent
    return False
