"""Mistakes in the choice of columns: another one of the same table, another grouping."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlglot import exp

from .. import nulls
from ..query import Query, Source
from ..syntax import Node, aggregates, ignores_duplicates, short, unwrapped

_CLAUSES = (exp.Where, exp.Group, exp.Having)


def other(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Each column of SELECT, WHERE, GROUP BY and HAVING replaced by the next of its kind."""
    for node in query.of(exp.Column):
        assert isinstance(node, exp.Column)
        home = query.home(node)
        clause = _clause(node)
        if home is None or clause is None or home[1].relation.table is None:
            continue
        select, source = home
        name = node.name.lower()
        if name not in source.relation.columns:
            continue
        if clause == "select" and _unread(query, node):
            continue
        if clause == "group" and _beside_own(query, node, select, source):
            continue
        for candidate in _candidates(source, name, clause):
            if not _same_meaning(query, node, select, source, (source.alias, candidate)):
                new: Node = exp.column(candidate, table=source.alias, quoted=True)
                if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
                    # A subquery's outputs keep their names, or its reader would not find them.
                    new = exp.alias_(new, node.name, quoted=True)
                yield (
                    f"{short(node)} became {candidate} in {clause.upper()}",
                    query.changed((node, new)),
                )
        yield from _twin(query, node, select, source)


def _clause(node: Node) -> str | None:
    """The clause a column stands in, or None where another family deals with it."""
    below, above = node, node.parent
    while above is not None:
        if isinstance(above, _CLAUSES):
            return str(above.key)
        if isinstance(above, (exp.Join, exp.Order, exp.Window)) and below is not above.this:
            return None
        if isinstance(above, exp.Select):
            is_output = below.arg_key == "expressions"
            return "select" if is_output and not isinstance(above.parent, exp.Exists) else None
        below, above = above, above.parent
    return None


def _candidates(source: Source, name: str, clause: str) -> list[str]:
    """Columns one might have meant instead: keys for a key, else the same type; two at most."""
    relation = source.relation
    start = relation.columns.index(name)
    following = [*relation.columns[start + 1 :], *relation.columns[:start]]
    keys = {column for key in relation.keys for column in key}
    keys |= {column for key in relation.foreign_keys for column, _ in key.pairs}
    same = [one for one in following if relation.class_of(one) == relation.class_of(name)]
    alike = [one for one in same if (one in keys) == (name in keys)]
    if clause == "group":
        return alike[:1]
    return (alike or same or (following if clause == "select" else []))[:2]


def _beside_own(query: Query, node: exp.Column, select: exp.Select, source: Source) -> bool:
    """Whether GROUP BY names another column of the table, as in GROUP BY id, name."""
    rest = [key for key in query.group_keys(select) if key is not node]
    return any(alias == source.alias for alias, _ in query.places(rest, select))


def _unread(query: Query, node: exp.Column) -> bool:
    """Whether the column is the output of a subquery in FROM or WITH that nothing reads."""
    output: Node = node
    while not isinstance(output.parent, exp.Select) and output.parent is not None:
        output = output.parent
    select = output.parent
    if not isinstance(select, exp.Select) or output.index is None:
        return False
    reader: Node | None = select.parent
    while isinstance(reader, exp.SetOperation):
        if reader.args.get("distinct"):
            return False
        reader = reader.parent
    named = isinstance(reader, exp.CTE)
    if not named and not isinstance(getattr(reader, "parent", None), (exp.From, exp.Join)):
        return False
    if not isinstance(reader, exp.DerivedTable) or select.args.get("distinct"):
        return False
    names = reader.alias_column_names
    name = (names[output.index] if names else output.alias_or_name).lower()
    if any(star.find_ancestor(exp.Count) is None for star in query.of(exp.Star)):
        return False
    return not any(
        column.name.lower() == name
        and (home := query.home(column)) is not None
        # Columns of subqueries, not of tables, can be this output.
        and home[1].relation.table is None
        for column in query.of(exp.Column)
        if isinstance(column, exp.Column)
    )


def _same_meaning(
    query: Query,
    node: exp.Column,
    select: exp.Select,
    source: Source,
    new: tuple[str, str],
) -> bool:
    """Whether the replacement provably changes nothing."""
    place = (source.alias, node.name.lower())
    if isinstance(node.parent, exp.Count) and nulls.never_null(query, node, select):
        return not nulls.is_nullable(query, select, source, new[1])
    if isinstance(node.parent, (exp.Count, exp.Is)):
        return source.optional and all(
            nulls.present_with_row(query, select, source, name) for name in (place[1], new[1])
        )
    if isinstance(node.parent, exp.Group):
        rest = [key for key in query.group_keys(select) if key is not node]
        known = query.places(rest, select)
        return new in query.determined(select, known | {place}) and place in query.determined(
            select, known | {new}
        )
    return False


def _twin(
    query: Query, node: exp.Column, select: exp.Select, source: Source
) -> Iterator[tuple[str, str]]:
    """In a self-join, the same column of the table's other alias."""
    name = node.name.lower()
    place = (source.alias, name)
    for twin in query.sources(select):
        if twin.alias == source.alias or twin.relation.table != source.relation.table:
            continue
        new = (twin.alias, name)
        # One alias may be joined to the other on this very column.
        same = (new, place) in query.equal_pairs(select) or (place, new) in query.equal_pairs(
            select
        )
        if not same and not (
            isinstance(node.parent, exp.Group) and _same_meaning(query, node, select, source, new)
        ):
            column = exp.column(node.name, table=twin.alias, quoted=True)
            yield f"{short(node)} became {twin.alias}.{name}", query.changed((node, column))
            return


def grouping(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Each GROUP BY column left out, and a key of the table added."""
    for select in query.selects():
        group = select.args.get("group")
        if group is None:
            continue
        counted = aggregates(select) or select.args.get("having") is not None
        if not counted and ignores_duplicates(select):
            continue
        keys = query.group_keys(select)
        for position, item in enumerate(group.expressions):
            rest = keys[:position] + keys[position + 1 :]
            known = query.determined(select, query.places(rest, select))
            if rest and query.follows(unwrapped(keys[position]), select, known):
                continue
            edit = (item, None) if rest else (group, None)
            yield f"dropped GROUP BY {short(item)}", query.changed(edit)
        known = query.determined(select, query.places(keys, select))
        for source in query.sources(select):
            missing = [
                name
                for key in source.relation.keys[:1]
                for name in sorted(key)
                if (source.alias, name) not in known
            ]
            if missing:
                added = group.copy()
                added.append("expressions", exp.column(missing[0], table=source.alias, quoted=True))
                yield (
                    f"added {source.alias}.{missing[0]} to GROUP BY",
                    query.changed((group, added)),
                )
                break
