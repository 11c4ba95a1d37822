"""Tokens to a statement's tree."""

from __future__ import annotations

from collections.abc import Sequence

from ...schema_graph.graph import Item, Kind, SchemaGraph
from . import vocabulary as v
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
    Junction,
    Like,
    Literal,
    Malformed,
    Null,
    Query,
    Source,
    Star,
    Subquery,
)

# Deeper nesting of subqueries and brackets than any statement of Spider has.
DEEPEST = 12


def read(tokens: Sequence[int], graph: SchemaGraph) -> Query:
    """The tree of a finished statement (with END). Raises Malformed, and nothing else."""
    reader = _Reader(tokens, graph)
    query = reader.query(0)
    reader.expect(v.END)
    if reader.at != len(tokens):
        raise Malformed("tokens after END")
    return query


class _Reader:
    """A recursive descent; one token decides everywhere."""

    def __init__(self, tokens: Sequence[int], graph: SchemaGraph) -> None:
        self.tokens = tokens
        self.items = graph.items
        self.at = 0

    def peek(self) -> int:
        return self.tokens[self.at] if self.at < len(self.tokens) else -1

    def accept(self, token: int) -> bool:
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def expect(self, token: int) -> None:
        if not self.accept(token):
            raise Malformed(f"'{v.TOKENS[token]}' expected at {self.at}")

    def item(self) -> Item | None:
        """The item that the next token points at."""
        number = self.peek() - v.SIZE
        return self.items[number] if 0 <= number < len(self.items) else None

    def query(self, depth: int) -> Query:
        if depth > DEEPEST:
            raise Malformed("nested too deep")
        cores = [self.core(depth)]
        operators = []
        while self.peek() in v.SET_OPERATORS:
            operators.append(v.TOKENS[self.peek()])
            self.at += 1
            cores.append(self.core(depth))
        order = []
        if self.accept(v.ORDER):
            while True:
                key = self.expression(depth)
                if not self.accept(v.DESC):
                    self.expect(v.ASC)
                order.append((key, self.tokens[self.at - 1] == v.DESC))
                if self.peek() in (v.LIMIT, v.LIMIT_ONE, v.CLOSE, v.END, -1):
                    break
        limit = None
        if self.accept(v.LIMIT_ONE):
            limit = Literal("1", v.LIMIT_ONE)
        elif self.accept(v.LIMIT):
            limit = self.literal()
            if limit is None or not limit.text.isdecimal():
                raise Malformed("LIMIT takes a whole number")
        return Query(tuple(cores), tuple(operators), tuple(order), limit)

    def core(self, depth: int) -> Core:
        distinct = self.accept(v.DISTINCT)
        items: list[Expression] = []
        while not self.accept(v.FROM):
            items.append(Star() if self.accept(v.STAR) else self.expression(depth))
        if not items:
            raise Malformed("nothing selected")
        sources = [self.source(depth, True)]
        while self.peek() in (v.SECOND, v.LEFT_JOIN, v.CROSS_JOIN) or self._at_table():
            sources.append(self.source(depth, False))
        where = self.condition(depth) if self.accept(v.WHERE) else None
        group: list[Expression] = []
        having = None
        if self.accept(v.GROUP):
            group.append(self.expression(depth))
            while self._at_operand():
                group.append(self.expression(depth))
            having = self.condition(depth) if self.accept(v.HAVING) else None
        return Core(tuple(items), tuple(sources), distinct, where, tuple(group), having)

    def _at_table(self) -> bool:
        item = self.item()
        return item is not None and item.kind is Kind.TABLE

    def _at_operand(self) -> bool:
        token = self.peek()
        return (
            token >= v.SIZE
            or token in (v.SECOND, v.OUTER, v.SQUARE, v.SUBQUERY, v.COUNT_ALL)
            or token in v.AGGREGATES
            or token in v.LITERALS
        )

    def source(self, depth: int, first: bool) -> Source | Derived:
        if first and self.accept(v.SUBQUERY):
            query = self.query(depth + 1)
            self.expect(v.CLOSE)
            return Derived(query)
        kind = ""
        if not first and self.accept(v.LEFT_JOIN):
            kind = "LEFT"
        elif not first and self.accept(v.CROSS_JOIN):
            kind = "CROSS"
        instance = 0
        while self.accept(v.SECOND):
            instance += 1
        item = self.item()
        if item is None or item.kind is not Kind.TABLE:
            raise Malformed(f"a table expected at {self.at}")
        self.at += 1
        on = []
        while not first and kind != "CROSS" and self.accept(v.ON):
            on.append((self.column(), self.column()))
        return Source(item.table, instance, kind, tuple(on))

    def column(self) -> Column:
        outer = self.accept(v.OUTER)
        instance = 0
        while self.accept(v.SECOND):
            instance += 1
        item = self.item()
        if item is None or item.kind is not Kind.COLUMN:
            raise Malformed(f"a column expected at {self.at}")
        self.at += 1
        return Column(item.table, item.column, instance, outer)

    def literal(self) -> Literal | None:
        token = self.peek()
        if token in v.LITERALS:
            self.at += 1
            return Literal(v.TOKENS[token], token)
        item = self.item()
        if item is not None and item.kind is Kind.VALUE:
            self.at += 1
            return Literal(item.text, token)
        return None

    def expression(self, depth: int) -> Expression:
        operands = [self.operand(depth)]
        operators = []
        while self.peek() in v.ARITHMETIC:
            operators.append(v.TOKENS[self.peek()])
            self.at += 1
            operands.append(self.operand(depth))
        return Arithmetic(tuple(operands), tuple(operators)) if operators else operands[0]

    def operand(self, depth: int) -> Expression:
        if depth > DEEPEST:
            raise Malformed("nested too deep")
        token = self.peek()
        if token in v.AGGREGATES:
            self.at += 1
            distinct = self.accept(v.DISTINCT)
            return Aggregate(v.TOKENS[token], self.operand(depth + 1), distinct)
        if self.accept(v.COUNT_ALL):
            return Aggregate("COUNT", Star())
        if self.accept(v.SQUARE):
            inner = self.expression(depth + 1)
            self.expect(v.SQUARE_END)
            return Bracketed(inner)
        if token == v.SUBQUERY:
            return self.subquery(depth)
        return self.literal() or self.column()

    def subquery(self, depth: int) -> Subquery:
        self.expect(v.SUBQUERY)
        query = self.query(depth + 1)
        self.expect(v.CLOSE)
        return Subquery(query)

    def condition(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise Malformed("nested too deep")
        parts = [self.conjunction(depth)]
        while self.accept(v.OR):
            parts.append(self.conjunction(depth))
        return parts[0] if len(parts) == 1 else Junction("OR", tuple(parts))

    def conjunction(self, depth: int) -> Condition:
        parts = [self.predicate(depth)]
        while self.accept(v.AND):
            parts.append(self.predicate(depth))
        return parts[0] if len(parts) == 1 else Junction("AND", tuple(parts))

    def predicate(self, depth: int) -> Condition:
        if self.accept(v.OPEN):
            inner = self.condition(depth + 1)
            self.expect(v.CLOSE)
            return inner
        if self.peek() in (v.EXISTS, v.NOT_EXISTS):
            negated = self.peek() == v.NOT_EXISTS
            self.at += 1
            return Exists(negated, self.subquery(depth).query)
        left = self.expression(depth)
        token = self.peek()
        self.at += 1
        if token in v.COMPARISONS:
            return Comparison(left, v.TOKENS[token], self.expression(depth))
        if token in (v.IN, v.NOT_IN):
            return Among(left, token == v.NOT_IN, self.choices(depth))
        if token in (v.LIKE, v.NOT_LIKE):
            shape = ""
            if self.peek() in v.SHAPES:
                shape = v.TOKENS[self.peek()]
                self.at += 1
            literal = self.literal()
            if literal is None:
                raise Malformed(f"a literal expected at {self.at}")
            return Like(left, token == v.NOT_LIKE, shape, literal)
        if token in (v.BETWEEN, v.NOT_BETWEEN):
            low = self.expression(depth)
            return Between(left, token == v.NOT_BETWEEN, low, self.expression(depth))
        if token in (v.IS_NULL, v.IS_NOT_NULL):
            return Null(left, token == v.IS_NOT_NULL)
        raise Malformed(f"a comparison expected at {self.at - 1}")

    def choices(self, depth: int) -> tuple[Literal, ...] | Subquery:
        if self.peek() == v.SUBQUERY:
            return self.subquery(depth)
        choices = []
        while (literal := self.literal()) is not None:
            choices.append(literal)
        if not choices:
            raise Malformed(f"a literal or a subquery expected at {self.at}")
        return tuple(choices)
