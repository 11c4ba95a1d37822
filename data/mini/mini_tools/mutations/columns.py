"""Mistakes in the choice of columns: another one of the same table, another grouping."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlglot import exp

from ..query import Query, Source, aggregates, ignores_duplicates, short, unwrapped

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
        for candidate in _candidates(source, name, projected=clause == "select"):
            if not _same_meaning(query, node, select, source, candidate):
                new: exp.Expression = exp.column(candidate, table=source.alias, quoted=True)
                if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
                    # A subquery's outputs keep their names, or its reader would not find them.
                    new = exp.alias_(new, node.name, quoted=True)
                yield (
                    f"{short(node)} became {candidate} in {clause.upper()}",
                    query.changed((node, new)),
                )
        yield from _twin(query, node, select, source)


def _clause(node: exp.Expression) -> str | None:
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


def _candidates(source: Source, name: str, projected: bool) -> list[str]:
    columns = source.relation.columns
    start = columns.index(name)
    following = [*columns[start + 1 :], *columns[:start]]
    kind = source.relation.class_of(name)
    alike = [one for one in following if source.relation.class_of(one) == kind]
    return (alike or (following if projected else []))[:1]


def _same_meaning(
    query: Query, node: exp.Column, select: exp.Select, source: Source, candidate: str
) -> bool:
    """Whether the replacement provably changes nothing."""
    place, new = (source.alias, node.name.lower()), (source.alias, candidate)
    if isinstance(node.parent, exp.Count):
        return query.never_null(node, select) and not query.is_nullable(select, source, candidate)
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
        if (twin.alias, name) not in query.determined(select, {place}) or (
            place not in query.determined(select, {(twin.alias, name)})
        ):
            new = exp.column(node.name, table=twin.alias, quoted=True)
            yield f"{short(node)} became {twin.alias}.{name}", query.changed((node, new))
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
