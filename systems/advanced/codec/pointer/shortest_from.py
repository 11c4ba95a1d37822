"""The shortest FROM that says the same: without the joins and tables that the schema tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from t2s_bench.databases.schema import Schema

from .joins import (
    Edge,
    ForeignKeys,
    Groups,
    Instance,
    Reference,
    connect,
    equalities,
    foreign_keys,
)
from .statement import (
    Aggregate,
    Among,
    Arithmetic,
    Between,
    Bracketed,
    Column,
    Comparison,
    Condition,
    Core,
    Derived,
    Exists,
    Expression,
    Inexpressible,
    Junction,
    Query,
    Source,
    Star,
    Subquery,
    all_of,
)

# All choices of tables left out are tried: two more tables take four times as long, and twelve
# 0.4 s. Spider's golds have seven at most.
MOST_TABLES = 10


def shortened(
    core: Core, told: dict[Instance, list[Edge]], order: list[Expression], schema: Schema
) -> Core:
    """The core with as little of FROM as tells the same.

    `told` are the equal columns by the table that is joined by them, `order` the keys of ORDER BY.
    Raises Inexpressible where no choice of joins written out gives them back.
    """
    keys = foreign_keys(schema)
    tables = [source for source in core.sources if isinstance(source, Source)]
    if not tables or len(tables) == 1:
        return core
    if len(tables) > MOST_TABLES:
        raise Inexpressible(f"more than {MOST_TABLES} tables in one FROM")
    edges = [edge for part in told.values() for edge in part]
    if any(source.kind == "LEFT" for source in tables):
        return replace(core, sources=_shortest(tables, told, edges, frozenset(), keys))
    core, edges = _moved(core, edges, [(s.table, s.instance) for s in tables])
    used = {c: None for c in _columns((*core.items, *core.group, *order))}
    first = dict.fromkeys((c.table, c.instance) for c in _columns(core.items) if not c.outer)
    rank = {instance: n for n, instance in enumerate(first)}
    tables.sort(key=lambda s: (rank.get((s.table, s.instance), len(rank)), s.table, s.instance))
    placed = {(s.table, s.instance): n for n, s in enumerate(tables)}
    by_later: dict[Instance, list[Edge]] = {}
    for one, other in edges:
        if placed[one[:2]] < placed[other[:2]]:
            one, other = other, one
        by_later.setdefault(one[:2], []).append((one, other))
    needed = {(c.table, c.instance) for c in used}
    for condition in (core.where, core.having):
        if condition is not None:
            needed |= {(c.table, c.instance) for c in _columns_in(condition)}
    starred = any(isinstance(item, Star) for item in core.items)
    spare = frozenset(instance for instance in placed if instance not in needed and not starred)
    return replace(core, sources=_shortest(tables, by_later, edges, spare, keys))


def _shortest(
    tables: list[Source],
    told: dict[Instance, list[Edge]],
    edges: list[Edge],
    spare: frozenset[Instance],
    keys: ForeignKeys,
) -> tuple[Source, ...]:
    """The sources with the fewest tables and the fewest joins written out that say the same.

    `spare` are tables that nothing but the joins names.
    """
    wanted = equalities(edges)
    everything = {(s.table, s.instance) for s in tables}
    left = any(source.kind == "LEFT" for source in tables)
    for size in range(min(len(spare), len(tables) - 1), -1, -1):
        for dropped in combinations(sorted(spare), size):
            kept = [s for s in tables if (s.table, s.instance) not in dropped]
            if any(s.instance and (s.table, s.instance - 1) in dropped for s in kept):
                continue
            for written in _choices(len(kept)) if not dropped else [()]:
                sources = [
                    _written(s, told) if n in written else replace(s, on=())
                    for n, s in enumerate(kept)
                ]
                plan = connect(sources, keys)
                if {joined.instance for joined in plan} != everything:
                    continue
                if left:
                    same = all(
                        equalities(joined.edges) == equalities(told.get(joined.instance, []))
                        for joined in plan
                    )
                else:
                    same = equalities(e for j in plan for e in j.edges) == wanted
                if same:
                    return tuple(sources)
    raise Inexpressible("joins that cannot be told")


def _moved(core: Core, edges: list[Edge], instances: list[Instance]) -> tuple[Core, list[Edge]]:
    """Equal columns in WHERE become joins where nothing else joins their tables."""
    where = core.where
    parts = where.parts if isinstance(where, Junction) and where.word == "AND" else (where,)
    groups = Groups()
    for one, other in edges:
        groups.join(one[:2], other[:2])
    edges, kept = list(edges), []
    for part in parts:
        if isinstance(part, Comparison) and part.operator == "=":
            left, right = part.left, part.right
            if isinstance(left, Column) and isinstance(right, Column):
                one = (left.table, left.instance, left.column)
                other = (right.table, right.instance, right.column)
                if (
                    not (left.outer or right.outer)
                    and one[:2] in instances
                    and other[:2] in instances
                    and groups.root(one[:2]) != groups.root(other[:2])
                ):
                    groups.join(one[:2], other[:2])
                    edges.append((one, other))
                    continue
        if part is not None:
            kept.append(part)
    return replace(core, where=all_of(kept)), edges


def _choices(count: int) -> Iterator[tuple[int, ...]]:
    """Which of the tables after the first have their joins written out: the fewest first."""
    for size in range(count):
        yield from combinations(range(1, count), size)


def _written(source: Source, told: dict[Instance, list[Edge]]) -> Source:
    """The source with its joins written out; without any, it is crossed."""
    edges = told.get((source.table, source.instance), [])
    if not edges:
        return replace(source, kind=source.kind or "CROSS", on=())
    return replace(source, on=tuple((_column(a), _column(b)) for a, b in edges))


def _column(reference: Reference) -> Column:
    table, instance, column = reference
    return Column(table, column, instance)


def _columns(nodes: Iterable[Expression]) -> Iterator[Column]:
    """All columns in expressions, also those in subqueries."""
    for node in nodes:
        if isinstance(node, Column):
            yield node
        elif isinstance(node, Aggregate):
            yield from _columns((node.argument,))
        elif isinstance(node, Arithmetic):
            yield from _columns(node.operands)
        elif isinstance(node, Bracketed):
            yield from _columns((node.inner,))
        elif isinstance(node, Subquery):
            yield from _columns_of(node.query)


def _columns_of(query: Query) -> Iterator[Column]:
    for core in query.cores:
        yield from _columns((*core.items, *core.group))
        for source in core.sources:
            if isinstance(source, Derived):
                yield from _columns_of(source.query)
        for condition in (core.where, core.having):
            if condition is not None:
                yield from _columns_in(condition)
    yield from _columns(key for key, _ in query.order)


def _columns_in(node: Condition) -> Iterator[Column]:
    if isinstance(node, Junction):
        for part in node.parts:
            yield from _columns_in(part)
        return
    if isinstance(node, Exists):
        yield from _columns_of(node.query)
        return
    yield from _columns((node.left,))
    if isinstance(node, Comparison):
        yield from _columns((node.right,))
    elif isinstance(node, Between):
        yield from _columns((node.low, node.high))
    elif isinstance(node, Among) and isinstance(node.choices, Subquery):
        yield from _columns_of(node.choices.query)
