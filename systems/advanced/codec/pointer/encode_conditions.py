"""Expressions and conditions, as sqlglot's tree has them.

Columns are looked up in the scopes around them, double-quoted names that are none are literals as
in SQLite, and NOT goes down to the comparisons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from t2s_bench.databases.schema import Schema

from ...reading import Node, literal_text
from .joins import Instance, foreign_keys
from .literals import Literals
from .nodes import inside, is_a, string
from .statement import (
    Aggregate,
    Among,
    Arithmetic,
    Between,
    Bracketed,
    Column,
    Comparison,
    Condition,
    Exists,
    Expression,
    Inexpressible,
    Junction,
    Like,
    Literal,
    Null,
    Query,
    Star,
    Subquery,
)

_AGGREGATES = {"Sum": "SUM", "Avg": "AVG", "Min": "MIN", "Max": "MAX"}
_COMPARISONS = {"EQ": "=", "NEQ": "!=", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_ARITHMETIC = {"Add": "+", "Sub": "-", "Mul": "×", "Div": "/"}


@dataclass
class Scope:
    """The sources of one SELECT by the names it gives them, in order."""

    outside: Scope | None
    tables: dict[str, Instance] = field(default_factory=dict)
    items: dict[str, Node] = field(default_factory=dict)


class Conditions:
    """Expressions and conditions of one statement; `query` encodes the subqueries in them."""

    def __init__(
        self, schema: Schema, literals: Literals, query: Callable[[Node, Scope | None], Query]
    ) -> None:
        self.schema = schema
        self.keys = foreign_keys(schema)
        self.literals = literals
        self.query = query

    def expression(self, node: Node, scope: Scope) -> Expression:
        """A value: column, literal, aggregate, arithmetic, subquery."""
        kind = type(node).__name__
        if kind == "Column":
            return self._column(node, scope)
        if kind in ("Literal", "Neg"):
            if kind == "Neg" and not is_a(node.this, "Literal"):
                raise Inexpressible("a negated expression")
            return self.literals.find(literal_text(node))
        if kind == "Paren":
            inner = self.expression(node.this, scope)
            return Bracketed(inner) if isinstance(inner, Arithmetic) else inner
        if kind in _AGGREGATES or kind == "Count":
            return self._aggregate(node, kind, scope)
        if kind in _ARITHMETIC:
            operands: list[Expression] = []
            operators: list[str] = []
            left = self.expression(node.this, scope)
            right = self.expression(node.expression, scope)
            if isinstance(left, Arithmetic):
                operands, operators = list(left.operands), list(left.operators)
            else:
                operands = [left]
            if isinstance(right, Arithmetic):  # a product on the right of a sum
                operands += right.operands
                operators += [_ARITHMETIC[kind], *right.operators]
            else:
                operands.append(right)
                operators.append(_ARITHMETIC[kind])
            return Arithmetic(tuple(operands), tuple(operators))
        if kind in ("Subquery", "Select"):
            return Subquery(self.query(node, scope))
        raise Inexpressible(kind)

    def _aggregate(self, node: Node, kind: str, scope: Scope) -> Aggregate:
        """An aggregate; COUNT of a literal is COUNT(*)."""
        name = "COUNT" if kind == "Count" else _AGGREGATES[kind]
        inner, distinct = node.this, False
        if node.expressions:
            raise Inexpressible(f"{name} of several")
        if is_a(inner, "Distinct"):
            if len(inner.expressions) != 1:
                raise Inexpressible("DISTINCT of several")
            inner, distinct = inner.expressions[0], True
        if is_a(inner, "Star"):
            if name != "COUNT" or distinct:
                raise Inexpressible(f"{name} of *")
            return Aggregate("COUNT", Star())
        inner = inside(inner)
        if is_a(inner, "Literal") and name == "COUNT" and not distinct:
            return Aggregate("COUNT", Star())
        argument_ = self.expression(inner, scope)
        if isinstance(argument_, Arithmetic):
            argument_ = Bracketed(argument_)
        return Aggregate(name, argument_, distinct)

    def _column(self, node: Node, scope: Scope) -> Expression:
        """The column of the innermost scope that has it, an item's alias, or a literal."""
        if is_a(node.this, "Star"):
            raise Inexpressible("* in an expression")
        name, table = node.name.lower(), node.table.lower()
        where: Scope | None = scope
        while where is not None:
            for alias, instance in where.tables.items():
                real = self.schema.tables[instance[0]].name.lower()
                if table and table != alias and not (table == real and table not in where.tables):
                    continue
                place = self.keys.column(instance[0], name)
                if place is not None:
                    shadowed = where is not scope and instance in scope.tables.values()
                    if where is not scope and scope.outside is not where and shadowed:
                        raise Inexpressible("a table at three depths")
                    return Column(instance[0], place, instance[1], shadowed)
            where = where.outside
        if not table and name in scope.items:
            return self.expression(inside(scope.items[name]), scope)
        if not table and node.this.args.get("quoted"):
            return self.literals.find(literal_text(string(node.name)))
        raise Inexpressible(f"no column '{node.sql()}' in scope")

    def condition(self, node: Node, scope: Scope, negated: bool = False) -> Condition:
        """A condition; NOT goes down to the comparisons."""
        kind = type(node).__name__
        if kind == "Paren":
            return self.condition(node.this, scope, negated)
        if kind == "Not":
            return self.condition(node.this, scope, not negated)
        if kind in ("And", "Or"):
            word = kind.upper() if not negated else {"And": "OR", "Or": "AND"}[kind]
            parts: list[Condition] = []
            for side in (node.this, node.expression):
                part = self.condition(side, scope, negated)
                if isinstance(part, Junction) and part.word == word:
                    parts.extend(part.parts)
                else:
                    parts.append(part)
            return Junction(word, tuple(parts))
        if kind in _COMPARISONS:
            return self._comparison(node, _COMPARISONS[kind], scope, negated)
        if kind == "Exists":
            return Exists(negated, _existing(self.query(node.this, scope)))
        if kind not in ("In", "Like", "Between", "Is"):
            raise Inexpressible(kind)
        # Newer sqlglot writes NOT IN and NOT LIKE as one node.
        negated = negated != bool(node.args.get("negate"))
        left_node = inside(node.this)
        if kind == "In":
            left = self.expression(left_node, scope)
            if node.args.get("query"):
                query = self.query(node.args["query"], scope)
                return Among(left, negated, Subquery(query))
            choices = [self.expression(inside(e), scope) for e in node.expressions]
            literals = [choice for choice in choices if isinstance(choice, Literal)]
            if len(literals) < len(choices) or not literals:
                raise Inexpressible("IN of a list that is not all literals")
            return Among(left, negated, tuple(literals))
        if kind == "Like":
            return self._like(node, self.expression(left_node, scope), negated)
        if kind == "Between":
            low, high = (self.expression(inside(node.args[end]), scope) for end in ("low", "high"))
            return Between(self.expression(left_node, scope), negated, low, high)
        if kind == "Is" and is_a(node.expression, "Null"):
            return Null(self.expression(left_node, scope), negated)
        raise Inexpressible(kind)

    def _comparison(self, node: Node, operator: str, scope: Scope, negated: bool) -> Comparison:
        """A comparison with the column on the left where only the right has one."""
        if negated:
            operator = _OPPOSITE[operator]
        left = self.expression(inside(node.this), scope)
        right = self.expression(inside(node.expression), scope)
        if isinstance(left, Literal | Subquery) and not isinstance(right, Literal | Subquery):
            left, operator, right = right, _FLIPPED[operator], left
        return Comparison(left, operator, right)

    def _like(self, node: Node, left: Expression, negated: bool) -> Like:
        """LIKE; wildcards at the ends become a shape where the rest is an item."""
        pattern = node.expression
        quoted = is_a(pattern, "Column") and not pattern.table and pattern.this.args.get("quoted")
        if not quoted and not is_a(pattern, "Literal"):
            raise Inexpressible("LIKE of no literal")
        text = str(pattern.name)
        before, after = text.startswith("%"), text.endswith("%") and len(text) > 1
        inner = text[before : len(text) - after].strip("%")
        shape = ("%" if before else "") + "…" + ("%" if after else "")
        if (before or after) and "%" not in inner:
            found = self.literals.get(literal_text(string(inner)))
            if found is not None:
                return Like(left, negated, shape, found)
        return Like(left, negated, "", self.literals.find(literal_text(string(text))))


def _existing(query: Query) -> Query:
    """What EXISTS selects does not matter."""
    if query.operators:
        return query
    core = query.cores[0]
    if all(isinstance(item, Literal | Column | Star) for item in core.items):
        core = replace(core, items=(Star(),), distinct=False)
    return replace(query, cores=(core,))
