"""Tokens to SQL: joins written out, names qualified where more than one table is in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from t2s_bench.databases.prompt import identifier
from t2s_bench.databases.schema import Schema

from ...schema_graph.graph import SchemaGraph
from .joins import Edge, Instance, connect, foreign_keys
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
from .statement_reader import read
from .vocabulary import OUTER

__all__ = ["Malformed", "decode"]


def decode(tokens: Sequence[int], schema: Schema, graph: SchemaGraph) -> str:
    """The SQLite statement that finished tokens stand for.

    Raises Malformed, and nothing else, on tokens that are no statement. What it returns names only
    what the schema has, in scope; that it runs is all but certain, that it means something is not.
    """
    return _Renderer(schema, OUTER in tokens).query(read(tokens, graph), ())


@dataclass
class _Scope:
    """What one FROM brings into sight: the name of each table."""

    names: dict[Instance, str] = field(default_factory=dict)
    qualified: bool = False


class _Renderer:
    """`told_apart`: a table in a subquery gets a name of its own where one around it has it too."""

    def __init__(self, schema: Schema, told_apart: bool) -> None:
        self.schema = schema
        self.told_apart = told_apart
        self.keys = foreign_keys(schema)
        self.aliases = 0

    def query(self, query: Query, outside: tuple[_Scope, ...]) -> str:
        """One query; `outside` are the scopes around it, the innermost last."""
        cores = []
        scopes: tuple[_Scope, ...] = ()
        for core in query.cores:
            text, scopes = self.core(core, outside)
            cores.append(text)
        sql = cores[0]
        for operator, text in zip(query.operators, cores[1:], strict=True):
            sql += f" {operator} {text}"
        if query.order:
            keys = []
            for key, descending in query.order:
                text = self.position(key, query) if query.operators else self.text(key, scopes)
                keys.append(text + (" DESC" if descending else ""))
            sql += " ORDER BY " + ", ".join(keys)
        if query.limit is not None:
            sql += f" LIMIT {query.limit.text}"
        return sql

    def position(self, key: Expression, query: Query) -> str:
        """A compound is ordered by one of its columns: its number."""
        for core in query.cores:
            if key in core.items:
                return str(core.items.index(key) + 1)
        raise Malformed("a compound is ordered by what it does not select")

    def core(self, core: Core, outside: tuple[_Scope, ...]) -> tuple[str, tuple[_Scope, ...]]:
        scope = _Scope()
        sources = self.sources(core, scope, outside)
        scopes = (*outside, scope)
        items = ", ".join(self.text(item, scopes) for item in core.items)
        sql = f"SELECT {'DISTINCT ' if core.distinct else ''}{items} FROM {sources}"
        if core.where is not None:
            sql += " WHERE " + self.condition(core.where, scopes)
        if core.group:
            sql += " GROUP BY " + ", ".join(self.text(key, scopes) for key in core.group)
        if core.having is not None:
            sql += " HAVING " + self.condition(core.having, scopes)
        return sql, scopes

    def sources(self, core: Core, scope: _Scope, outside: tuple[_Scope, ...]) -> str:
        tables = [source for source in core.sources if isinstance(source, Source)]
        instances = {(source.table, source.instance) for source in tables}
        if len(instances) < len(tables):
            raise Malformed("one instance of a table twice in FROM")
        for source in tables:
            if source.instance and (source.table, source.instance - 1) not in instances:
                raise Malformed("a second instance of a table without the first")
            self.check_on(source, instances)
        derived = core.sources[0]
        if isinstance(derived, Derived):
            if tables:
                raise Malformed("a derived table stands alone in FROM")
            return f"({self.query(derived.query, outside)}) AS {self.alias('derived')}"
        plan = connect(tables, self.keys)
        scope.qualified = len(plan) > 1
        seen_outside = {name for one in outside for name in one.names.values()}
        parts = []
        for joined in plan:
            name = self.schema.tables[joined.instance[0]].name
            alias = name
            if joined.instance[1] or (self.told_apart and name in seen_outside):
                alias = self.alias(name)
                scope.qualified = True
            scope.names[joined.instance] = alias
            table = identifier(name)
            parts.append(table if alias == name else f"{table} AS {identifier(alias)}")
        sql = parts[0]
        for joined, part in zip(plan[1:], parts[1:], strict=True):
            sql += f" {'LEFT JOIN' if joined.kind == 'LEFT' else 'JOIN'} {part}"
            if joined.edges:
                sql += " ON " + " AND ".join(self.equal(edge, scope) for edge in joined.edges)
        return sql

    def check_on(self, source: Source, instances: set[Instance]) -> None:
        for left, right in source.on:
            for end in (left, right):
                if end.outer or (end.table, end.instance) not in instances:
                    raise Malformed("ON names a table that FROM does not")

    def alias(self, name: str) -> str:
        """A new name that no table of the schema has."""
        self.aliases += 1
        alias = f"{name}_{self.aliases + 1}"
        while self.schema.table(alias) is not None:
            alias += "_"
        return alias

    def equal(self, edge: Edge, scope: _Scope) -> str:
        return " = ".join(
            self.named(scope.names[table, instance], table, column)
            for table, instance, column in edge
        )

    def named(self, name: str, table: int, column: int) -> str:
        return f"{identifier(name)}.{identifier(self.schema.tables[table].columns[column].name)}"

    def text(self, node: Expression, scopes: tuple[_Scope, ...]) -> str:
        if isinstance(node, Column):
            return self.column(node, scopes)
        if isinstance(node, Literal):
            return node.text
        if isinstance(node, Star):
            return "*"
        if isinstance(node, Aggregate):
            distinct = "DISTINCT " if node.distinct else ""
            inner = node.argument.inner if isinstance(node.argument, Bracketed) else node.argument
            return f"{node.name}({distinct}{self.text(inner, scopes)})"
        if isinstance(node, Bracketed):
            return f"({self.text(node.inner, scopes)})"
        if isinstance(node, Subquery):
            return f"({self.query(node.query, scopes)})"
        assert isinstance(node, Arithmetic)
        sql = self.text(node.operands[0], scopes)
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            sign = "*" if operator == "×" else operator
            sql += f" {sign} {self.text(operand, scopes)}"
        return sql

    def column(self, column: Column, scopes: tuple[_Scope, ...]) -> str:
        reach = scopes[:-1] if column.outer else scopes
        instance = (column.table, column.instance)
        for scope in reversed(reach):
            if instance in scope.names:
                name = self.schema.tables[column.table].columns[column.column].name
                if scope is scopes[-1] and not scope.qualified:
                    return identifier(name)
                return self.named(scope.names[instance], column.table, column.column)
        table = self.schema.tables[column.table].name
        raise Malformed(f"{table} is not in FROM")

    def condition(self, node: Condition, scopes: tuple[_Scope, ...]) -> str:
        if isinstance(node, Junction):
            parts = []
            for part in node.parts:
                text = self.condition(part, scopes)
                parts.append(f"({text})" if isinstance(part, Junction) else text)
            return f" {node.word} ".join(parts)
        if isinstance(node, Exists):
            return f"{_not(node.negated)}EXISTS ({self.query(node.query, scopes)})"
        left = self.text(node.left, scopes)
        if isinstance(node, Comparison):
            return f"{left} {node.operator} {self.text(node.right, scopes)}"
        if isinstance(node, Among):
            choices = (
                self.query(node.choices.query, scopes)
                if isinstance(node.choices, Subquery)
                else ", ".join(choice.text for choice in node.choices)
            )
            return f"{left} {_not(node.negated)}IN ({choices})"
        if isinstance(node, Like):
            return f"{left} {_not(node.negated)}LIKE {_pattern(node)}"
        if isinstance(node, Between):
            low, high = self.text(node.low, scopes), self.text(node.high, scopes)
            if _greater(low, high):  # nothing lies between them in this order
                low, high = high, low
            return f"{left} {_not(node.negated)}BETWEEN {low} AND {high}"
        assert isinstance(node, Null)
        return f"{left} IS {_not(node.negated)}NULL"


def _greater(one: str, other: str) -> bool:
    """Whether both are numbers, the first one greater."""
    try:
        return float(one) > float(other)
    except ValueError:
        return False


def _not(negated: bool) -> str:
    return "NOT " if negated else ""


def _pattern(node: Like) -> str:
    text = node.literal.text
    if text.startswith("'"):
        text = text[1:-1]
    return f"'{node.shape.replace('…', text)}'" if node.shape else f"'{text}'"
