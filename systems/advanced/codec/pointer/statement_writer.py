"""A statement's tree to tokens."""

from __future__ import annotations

from collections.abc import Iterator

from ...schema_graph.graph import SchemaGraph
from . import vocabulary as v
from .statement import (
    Aggregate,
    Among,
    Between,
    Bracketed,
    Column,
    Comparison,
    Condition,
    Core,
    Derived,
    Exists,
    Expression,
    Junction,
    Like,
    Literal,
    Null,
    Query,
    Source,
    Star,
    Subquery,
)


class Missing(LookupError):
    """A table or column of the schema that the graph has no item for."""


def write(query: Query, graph: SchemaGraph) -> tuple[int, ...]:
    """The tokens of a tree, with END. Raises Missing where the graph lacks an item."""
    return (*_Writer(graph).query(query), v.END)


class _Writer:
    """One method for each kind of node; each yields the node's tokens."""

    def __init__(self, graph: SchemaGraph) -> None:
        self.columns = graph.column_items
        self.tables = {graph.items[number].table: number for number in graph.table_items}

    def query(self, query: Query) -> Iterator[int]:
        for number, core in enumerate(query.cores):
            if number:
                yield v.ID[query.operators[number - 1]]
            yield from self.core(core)
        if query.order:
            yield v.ORDER
            for key, descending in query.order:
                yield from self.expression(key)
                yield v.DESC if descending else v.ASC
        if query.limit is not None:
            if query.limit.token != v.LIMIT_ONE:
                yield v.LIMIT
            yield query.limit.token

    def core(self, core: Core) -> Iterator[int]:
        if core.distinct:
            yield v.DISTINCT
        for item in core.items:
            yield from self.expression(item)
        yield v.FROM
        for source in core.sources:
            yield from self.source(source)
        if core.where is not None:
            yield v.WHERE
            yield from self.condition(core.where, "")
        if core.group:
            yield v.GROUP
            for key in core.group:
                yield from self.expression(key)
        if core.having is not None:
            yield v.HAVING
            yield from self.condition(core.having, "")

    def source(self, source: Source | Derived) -> Iterator[int]:
        if isinstance(source, Derived):
            yield from self.subquery(source.query)
            return
        if source.kind:
            yield v.LEFT_JOIN if source.kind == "LEFT" else v.CROSS_JOIN
        yield from (v.SECOND,) * source.instance
        if source.table not in self.tables:
            raise Missing(f"table {source.table}")
        yield v.SIZE + self.tables[source.table]
        for left, right in source.on:
            yield v.ON
            yield from self.column(left)
            yield from self.column(right)

    def column(self, column: Column) -> Iterator[int]:
        if column.outer:
            yield v.OUTER
        yield from (v.SECOND,) * column.instance
        number = self.columns.get((column.table, column.column))
        if number is None:
            raise Missing(f"column {column.column} of table {column.table}")
        yield v.SIZE + number

    def subquery(self, query: Query) -> Iterator[int]:
        yield v.SUBQUERY
        yield from self.query(query)
        yield v.CLOSE

    def expression(self, node: Expression) -> Iterator[int]:
        if isinstance(node, Column):
            yield from self.column(node)
        elif isinstance(node, Literal):
            yield node.token
        elif isinstance(node, Star):
            yield v.STAR
        elif isinstance(node, Aggregate):
            if isinstance(node.argument, Star):
                yield v.COUNT_ALL
                return
            yield v.ID[node.name]
            if node.distinct:
                yield v.DISTINCT
            yield from self.expression(node.argument)
        elif isinstance(node, Bracketed):
            yield v.SQUARE
            yield from self.expression(node.inner)
            yield v.SQUARE_END
        elif isinstance(node, Subquery):
            yield from self.subquery(node.query)
        else:
            yield from self.expression(node.operands[0])
            for operator, operand in zip(node.operators, node.operands[1:], strict=True):
                yield v.ID[operator]
                yield from self.expression(operand)

    def condition(self, node: Condition, inside: str) -> Iterator[int]:
        if isinstance(node, Junction):
            bracketed = inside == "AND" or inside == node.word
            if bracketed:
                yield v.OPEN
            for number, part in enumerate(node.parts):
                if number:
                    yield v.ID[node.word]
                yield from self.condition(part, node.word)
            if bracketed:
                yield v.CLOSE
        elif isinstance(node, Exists):
            yield v.NOT_EXISTS if node.negated else v.EXISTS
            yield from self.subquery(node.query)
        else:
            yield from self.expression(node.left)
            yield from self.rest(node)

    def rest(self, node: Comparison | Among | Like | Between | Null) -> Iterator[int]:
        """A predicate without its left side."""
        if isinstance(node, Comparison):
            yield v.ID[node.operator]
            yield from self.expression(node.right)
        elif isinstance(node, Among):
            yield v.NOT_IN if node.negated else v.IN
            if isinstance(node.choices, Subquery):
                yield from self.subquery(node.choices.query)
            else:
                yield from (choice.token for choice in node.choices)
        elif isinstance(node, Like):
            yield v.NOT_LIKE if node.negated else v.LIKE
            if node.shape:
                yield v.ID[node.shape]
            yield node.literal.token
        elif isinstance(node, Between):
            yield v.NOT_BETWEEN if node.negated else v.BETWEEN
            yield from self.expression(node.low)
            yield from self.expression(node.high)
        else:
            yield v.IS_NOT_NULL if node.negated else v.IS_NULL
