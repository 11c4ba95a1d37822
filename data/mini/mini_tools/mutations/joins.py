"""Mistakes in joins: the wrong kind, a table forgotten, a condition in WHERE instead of ON."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlglot import exp

from .. import nulls
from ..query import Query, Source
from ..syntax import Node, columns_in, conjuncts, is_left, part, short, unwrapped


def kind(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """INNER for LEFT and LEFT for INNER, and a LEFT JOIN's condition moved to WHERE."""
    for select in query.selects():
        for source in query.sources(select):
            join = source.join
            if join is None or (join.args.get("on") is None and not join.args.get("using")):
                continue
            if _always_matches(query, select, source):
                continue
            if is_left(join):
                if not nulls.may_be_missing(query, select, source):
                    continue
                inner = join.copy()
                inner.set("side", None)
                inner.set("kind", None)
                yield f"LEFT JOIN {source.alias} became INNER", query.changed((join, inner))
                yield from _moved(query, select, source)
            else:
                removed = any(
                    nulls.rejects_null(query, condition, select, (source.alias, None))
                    for condition in nulls.filters(query, select, after=join)
                )
                if removed or _group_removed(query, select, source):
                    continue
                left = join.copy()
                left.set("side", "LEFT")
                left.set("kind", None)
                yield f"JOIN {source.alias} became LEFT JOIN", query.changed((join, left))


def _group_removed(query: Query, select: exp.Select, source: Source) -> bool:
    """Whether HAVING removes the groups that a LEFT JOIN would add.

    Such a group is a single row, if the GROUP BY columns fix the row of every other source; its
    COUNT(*) is 1, its COUNT of the source's columns 0 and any other aggregate of them NULL.
    """
    having = select.args.get("having")
    if having is None or select.args.get("group") is None:
        return False
    keys = query.places(query.group_keys(select), select)
    known = query.determined(
        select, {place for place in keys if place[0] != source.alias}, without=source.alias
    )
    others = [other for other in query.sources(select) if other.alias != source.alias]
    if not all(query.has_key(other, known) for other in others):
        return False
    return any(_fails_alone(query, one, select, source) for one in conjuncts(having.this))


def _fails_alone(query: Query, condition: Node, select: exp.Select, source: Source) -> bool:
    if not isinstance(condition, (exp.GT, exp.GTE, exp.EQ)):
        return False
    aggregate, bound = condition.this, condition.expression
    columns = columns_in(aggregate)
    inside = bool(columns) and all(_belongs(query, one, select, source) for one in columns)
    if isinstance(aggregate, exp.Count) and isinstance(bound, exp.Literal):
        value = 0 if inside else 1
        limit = float(bound.name)
        holds = {exp.GT: value > limit, exp.GTE: value >= limit, exp.EQ: value == limit}
        return (inside or isinstance(aggregate.this, exp.Star)) and not holds[type(condition)]
    bare = isinstance(aggregate, exp.AggFunc) and isinstance(aggregate.this, exp.Column)
    return bare and inside and not isinstance(aggregate, exp.Count)


def _moved(query: Query, select: exp.Select, source: Source) -> Iterator[tuple[str, str]]:
    assert source.join is not None
    conditions = conjuncts(source.join.args.get("on"))
    for condition in conditions[1:] if len(conditions) > 1 else []:
        places = [query.place(column, select) for column in columns_in(condition)]
        if {place[0] for place in places if place is not None} != {source.alias}:
            continue
        rest = [one.copy() for one in conditions if one is not condition]
        where = select.args.get("where")
        joined = source.join.copy()
        joined.set("on", exp.and_(*rest, copy=False))
        if where is not None:
            added = exp.and_(where.this.copy(), condition.copy(), copy=False)
            edits: list[tuple[Node, Node | None]] = [
                (source.join, joined),
                (where, exp.Where(this=added)),
            ]
            yield f"moved {short(condition)} from ON to WHERE", query.changed(*edits)
            continue
        whole = select.copy()
        copied = (whole.args.get("joins") or [])[select.args["joins"].index(source.join)]
        copied.replace(joined)
        whole.set("where", exp.Where(this=condition.copy()))
        yield f"moved {short(condition)} from ON to WHERE", query.changed((select, whole))


def dropped(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """A joined table left out together with the conditions on it."""
    for select in query.selects():
        for source in query.sources(select):
            if source.join is None or select.is_star:
                continue
            where = select.args.get("where")
            conditions = conjuncts(where.this if where is not None else None)
            about = [one for one in conditions if _mentions(query, one, select, source)]
            inside = {id(node) for one in [source.join, *about] for node in one.walk()}
            outside = [
                column
                for column in columns_in(select)
                if id(column) not in inside and _belongs(query, column, select, source)
            ]
            if outside or (not about and _superfluous(query, select, source)):
                continue
            edits: list[tuple[Node, Node | None]] = [(source.join, None)]
            if about and where is not None:
                rest = [one.copy() for one in conditions if not any(one is it for it in about)]
                edits.append((where, exp.Where(this=exp.and_(*rest, copy=False)) if rest else None))
            also = " with its conditions" if about else ""
            yield f"dropped table {source.alias}{also}", query.changed(*edits)


def _mentions(query: Query, node: Node, select: exp.Select, source: Source) -> bool:
    return any(_belongs(query, column, select, source) for column in columns_in(node))


def _belongs(query: Query, column: exp.Column, select: exp.Select, source: Source) -> bool:
    home = query.home(column)
    return home is not None and home[0] is select and home[1].alias == source.alias


def _superfluous(query: Query, select: exp.Select, source: Source) -> bool:
    """Whether a join neither removes nor repeats a row."""
    assert source.join is not None
    if not is_left(source.join) and not _always_matches(query, select, source):
        return False
    others = {
        (other.alias, name)
        for other in query.sources(select)
        if other.alias != source.alias
        for name in other.relation.columns
    }
    reached = query.determined(select, others)
    start = part(select, "from")
    return start is not None and query.has_key(source, reached)


def _always_matches(query: Query, select: exp.Select, source: Source) -> bool:
    """Whether a join finds a partner for every row, as its ON is a foreign key NOT NULL."""
    pairs: dict[str, set[tuple[str, str]]] = {}
    join = source.join
    assert join is not None
    conditions = conjuncts(join.args.get("on"))
    if not conditions or source.relation.table is None:
        return False
    for condition in conditions:
        if not isinstance(condition, exp.EQ):
            return False
        sides = [unwrapped(condition.this), unwrapped(condition.expression)]
        columns = [side for side in sides if isinstance(side, exp.Column)]
        places = [query.place(column, select) for column in columns]
        if len(places) != 2:
            return False
        if places[0] is not None and places[0][0] == source.alias:
            places.reverse()
        if places[0] is None or places[1] is None or places[1][0] != source.alias:
            return False
        pairs.setdefault(places[0][0], set()).add((places[0][1], places[1][1]))
    if len(pairs) != 1:
        return False
    ((alias, equal),) = pairs.items()
    child = next(s for s in query.sources(select) if s.alias == alias)
    return any(
        key.parent == source.relation.table
        and key.pairs == equal
        and not any(
            nulls.is_nullable(query, select, child, column, ignored=join) for column, _ in key.pairs
        )
        for key in child.relation.foreign_keys
    )
