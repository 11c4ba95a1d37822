"""FROM, as sqlglot's tree has it: its sources, and which of their columns its joins make equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from t2s_bench.databases.schema import Schema

from ...reading import Node, argument
from .encode_conditions import Conditions, Scope
from .joins import Edge, Instance, Reference, foreign_keys
from .nodes import conjuncts, is_a
from .statement import Column, Condition, Derived, Inexpressible, Query, Source


class From:
    """FROM of the queries of one statement; `query` encodes a derived table."""

    def __init__(
        self,
        schema: Schema,
        conditions: Conditions,
        query: Callable[[Node, Scope | None], Query],
    ) -> None:
        self.keys = foreign_keys(schema)
        self.places = {table.name.lower(): n for n, table in enumerate(schema.tables)}
        self.conditions = conditions
        self.query = query

    def sources(
        self, node: Node, scope: Scope
    ) -> tuple[list[Source | Derived], dict[Instance, list[Edge]], list[Condition]]:
        """What FROM names; the equal columns of ON by the table that it joins; the rest of ON."""
        start = argument(node, "from")
        if start is None:
            raise Inexpressible("no FROM")
        joins = node.args.get("joins") or []
        sources: list[Source | Derived] = []
        for number, (source, kind) in enumerate(
            [(start.this, ""), *((join.this, _kind(join)) for join in joins)]
        ):
            if is_a(source, "Subquery"):
                if number or joins:
                    raise Inexpressible("a derived table that is joined")
                sources.append(Derived(self.query(source.this, scope.outside)))
                continue
            place = self.places.get(source.name.lower()) if is_a(source, "Table") else None
            if place is None:
                raise Inexpressible(f"no table '{source.name}'")
            name = source.alias_or_name.lower()
            if name in scope.tables:
                raise Inexpressible("one name for two tables")
            scope.tables[name] = (place, 0)
            sources.append(Source(place, 0, kind))
        sources = _numbered(node, scope, sources)
        edges: dict[Instance, list[Edge]] = {}
        conditions: list[Condition] = []
        for join in joins:
            self._on(join, scope, edges, conditions)
        return sources, edges, conditions

    def _on(
        self,
        join: Node,
        scope: Scope,
        edges: dict[Instance, list[Edge]],
        conditions: list[Condition],
    ) -> None:
        """Adds what one join says."""
        here = scope.tables[join.this.alias_or_name.lower()]
        outer = _kind(join) == "LEFT"
        told = edges.setdefault(here, [])
        for name in join.args.get("using") or []:
            own = self.keys.column(here[0], name.name)
            found = ((one, self.keys.column(one[0], name.name)) for one in scope.tables.values())
            other = next(
                ((*one, place) for one, place in found if one != here and place is not None), None
            )
            if own is None or other is None:
                raise Inexpressible("USING of a column that is not there")
            told.append(((*here, own), other))
        on = join.args.get("on")
        for part in conjuncts(on) if on is not None else ():
            if is_a(part, "Boolean") and part.this:
                continue
            edge = self._edge(part, scope)
            if edge is not None and (not outer or here in (edge[0][:2], edge[1][:2])):
                told.append(edge)
            elif outer:
                raise Inexpressible("LEFT JOIN on more than equal columns")
            else:
                conditions.append(self.conditions.condition(part, scope))

    def _edge(self, node: Node, scope: Scope) -> Edge | None:
        """Two columns of different tables of this FROM that are equal."""
        if not (is_a(node, "EQ") and is_a(node.this, "Column") and is_a(node.expression, "Column")):
            return None
        ends = [self.conditions.expression(end, scope) for end in (node.this, node.expression)]
        references: list[Reference] = []
        for end in ends:
            if not isinstance(end, Column) or end.outer:
                return None
            if (end.table, end.instance) not in scope.tables.values():
                return None
            references.append((end.table, end.instance, end.column))
        one, other = references
        return None if one[:2] == other[:2] else (one, other)


def _numbered(node: Node, scope: Scope, sources: list[Source | Derived]) -> list[Source | Derived]:
    """Numbers the instances of each table: as SELECT names them, then as FROM does."""
    if len({table for table, _ in scope.tables.values()}) == len(scope.tables):
        return sources
    from sqlglot import exp

    named = [
        column.table.lower() for item in node.expressions for column in item.find_all(exp.Column)
    ]
    seen: dict[int, int] = {}
    for name in dict.fromkeys((*named, *scope.tables)):
        if name in scope.tables:
            table = scope.tables[name][0]
            scope.tables[name] = (table, seen.get(table, 0))
            seen[table] = seen.get(table, 0) + 1
    return [
        replace(source, instance=instance) if isinstance(source, Source) else source
        for source, (_, instance) in zip(sources, scope.tables.values(), strict=True)
    ]


def _kind(join: Node) -> str:
    """The kind of a join: LEFT, or nothing for an inner one."""
    side = str(join.args.get("side") or "").upper()
    method = str(join.args.get("method") or "").upper()
    if side == "LEFT" and not method:
        return "LEFT"
    if side or method:
        raise Inexpressible(f"{side or method} JOIN")
    return ""
