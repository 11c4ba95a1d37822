"""SQL to the small model's tokens; for training and for judging statements from elsewhere.

What the vocabulary has no words for (functions, CASE, EXISTS, parentheses in parentheses) and
literals that are no value candidate raise `Inexpressible`. Reading is sqlglot's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

from t2s_bench.databases.schema import Schema

from ...schema_graph.graph import SchemaGraph
from .joins import Instance, Pair, inferred
from .vocabulary import END, NUMBER, TOKENS


class Inexpressible(ValueError):
    """A statement that the vocabulary and the value candidates cannot say."""


_AGGREGATES: dict[type[exp.Expr], str] = {
    exp.Count: "COUNT",
    exp.Sum: "SUM",
    exp.Avg: "AVG",
    exp.Min: "MIN",
    exp.Max: "MAX",
}
_COMPARISONS: dict[type[exp.Expr], tuple[str, str]] = {
    exp.EQ: ("=", "="),
    exp.NEQ: ("!=", "!="),
    exp.LT: ("<", ">"),
    exp.GT: (">", "<"),
    exp.LTE: ("<=", ">="),
    exp.GTE: (">=", "<="),
}
_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Div: "/",
    exp.Mul: "TIMES",
}


def encode(sql: str, schema: Schema, graph: SchemaGraph) -> tuple[int, ...]:
    """The tokens of a statement, END last; raises Inexpressible."""
    try:
        tree = sqlglot.parse_one(sql.strip().rstrip(";"), read="sqlite")
    except sqlglot.errors.SqlglotError as error:
        raise Inexpressible("cannot be read") from error
    except RecursionError as error:
        raise Inexpressible("too deep") from error
    writer = _Writer(schema, graph)
    writer.query(tree, None)
    return (*writer.tokens, END)


@dataclass
class _Scope:
    """The tables of one query by alias or name, and the query around it."""

    outer: _Scope | None
    instances: list[Instance] = field(default_factory=list)
    names: dict[str, Instance] = field(default_factory=dict)


class _Writer:
    def __init__(self, schema: Schema, graph: SchemaGraph) -> None:
        self._schema = schema
        self._graph = graph
        self._tables = {table.name.lower(): place for place, table in enumerate(schema.tables)}
        self._literals = {text.lower(): n for text, n in graph.value_items.items()}
        self.tokens: list[int] = []

    def word(self, *words: str) -> None:
        self.tokens.extend(NUMBER[word] for word in words)

    def item(self, number: int) -> None:
        self.tokens.append(len(TOKENS) + number)

    def query(self, node: exp.Expr, outer: _Scope | None) -> None:
        if isinstance(node, exp.Subquery) and not node.args.get("alias"):
            return self.query(node.this, outer)
        if isinstance(node, exp.SetOperation):
            if node.args.get("order") or node.args.get("limit") or node.args.get("with"):
                raise Inexpressible("ordered set operation")
            self.query(node.left, outer)
            name = type(node).__name__.upper()
            if isinstance(node, exp.Union) and not node.args.get("distinct"):
                name = "UNION ALL"
            right = node.right
            if isinstance(right, exp.SetOperation):
                raise Inexpressible("set operation on the right")
            if name not in NUMBER:
                raise Inexpressible(name)
            self.word(name)
            return self.query(right, outer)
        if not isinstance(node, exp.Select):
            raise Inexpressible(type(node).__name__)
        self._select(node, outer)

    def _select(self, node: exp.Select, outer: _Scope | None) -> None:
        known = {
            "expressions", "distinct", "from_", "from", "joins", "where", "group", "having",
            "order", "limit", "kind", "hint", "operation_modifiers",
        }  # fmt: skip
        for name, value in node.args.items():
            if value and name not in known:
                raise Inexpressible(name)
        scope = _Scope(outer)
        source = node.args.get("from_") or node.args.get("from")
        if source is None:
            raise Inexpressible("no FROM")
        inner = source.this
        joins = node.args.get("joins") or []
        self._collect(inner, joins, scope)
        self.word("SELECT")
        distinct = node.args.get("distinct")
        if distinct:
            if distinct.args.get("on"):
                raise Inexpressible("DISTINCT ON")
            self.word("DISTINCT")
        for place, item in enumerate(node.expressions):
            if place:
                self.word(",")
            self._expression(item.unalias(), scope)
        self.word("FROM")
        self._from(inner, joins, scope)
        where = node.args.get("where")
        if where:
            self.word("WHERE")
            self._condition(where.this, scope, False)
        group = node.args.get("group")
        if group:
            self.word("GROUP BY")
            for place, item in enumerate(group.expressions):
                if place:
                    self.word(",")
                self._column(item, scope)
        having = node.args.get("having")
        if having:
            self.word("HAVING")
            self._condition(having.this, scope, False)
        order = node.args.get("order")
        if order:
            self.word("ORDER BY")
            aliases = {item.alias.lower(): item.this for item in node.expressions if item.alias}
            for place, item in enumerate(order.expressions):
                if place:
                    self.word(",")
                what = item.this
                if isinstance(what, exp.Column) and not what.table:
                    what = aliases.get(what.name.lower(), what)
                self._expression(what, scope)
                if item.args.get("desc"):
                    self.word("DESC")
        limit = node.args.get("limit")
        if limit:
            self.word("LIMIT")
            self._value(limit.expression)

    def _collect(self, inner: exp.Expr, joins: Sequence[exp.Join], scope: _Scope) -> None:
        if isinstance(inner, exp.Subquery):
            return
        for node in (inner, *(join.this for join in joins)):
            if not isinstance(node, exp.Table) or node.args.get("joins"):
                raise Inexpressible("FROM of another kind")
            place = self._tables.get(node.name.lower())
            if place is None:
                raise Inexpressible(f"no table {node.name}")
            count = 1 + sum(known == place for known, _ in scope.instances)
            if count > 2:
                raise Inexpressible("a table three times")
            instance = (place, count)
            scope.instances.append(instance)
            scope.names[(node.alias or node.name).lower()] = instance
            scope.names.setdefault(node.name.lower(), instance)

    def _from(self, inner: exp.Expr, joins: Sequence[exp.Join], scope: _Scope) -> None:
        if isinstance(inner, exp.Subquery):
            if joins:
                raise Inexpressible("a join with a subquery")
            self.word("(")
            self.query(inner.this, scope.outer)
            return self.word(")")
        self._table(scope.instances[0])
        for number, join in enumerate(joins, 1):
            instance = scope.instances[number]
            if join.args.get("using") or (join.args.get("side") not in (None, "", "LEFT")):
                raise Inexpressible("another join")
            if join.args.get("side") == "LEFT":
                self.word("LEFT")
            self._table(instance)
            condition = join.args.get("on")
            pairs = [] if condition is None else self._pairs(condition, scope)
            own = inferred(self._schema, scope.instances[:number], instance)
            if _plain(pairs) != _plain(own):
                if not pairs:
                    raise Inexpressible("a cross join")
                for one, other in pairs:
                    self.word("ON")
                    self._pointer(one[0], one[1])
                    self._pointer(other[0], other[1])

    def _pairs(self, condition: exp.Expr, scope: _Scope) -> list[Pair]:
        pairs = []
        for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
            part = part.unnest()
            if not isinstance(part, exp.EQ):
                raise Inexpressible("a join without =")
            left, right = self._resolved(part.left, scope), self._resolved(part.right, scope)
            pairs.append((left, right))
        return pairs

    def _table(self, instance: Instance) -> None:
        if instance[1] == 2:
            self.word("SECOND")
        self.item(self._graph.table_items[instance[0]])

    def _pointer(self, instance: Instance, column: int) -> None:
        if instance[1] == 2:
            self.word("SECOND")
        number = self._graph.column_items.get((instance[0], column))
        if number is None:
            raise Inexpressible("a column that the graph leaves out")
        self.item(number)

    def _resolved(self, node: exp.Expr, scope: _Scope) -> tuple[Instance, int]:
        if not isinstance(node, exp.Column):
            raise Inexpressible("no column")
        name, table = node.name.lower(), node.table.lower()
        instances = scope.instances
        if table:
            if table not in scope.names:
                raise Inexpressible("a column of the query around")
            instances = [scope.names[table]]
        for instance in instances:
            for number, column in enumerate(self._schema.tables[instance[0]].columns):
                if column.name.lower() == name:
                    return instance, number
        raise Inexpressible(f"no column {node.sql()}")

    def _column(self, node: exp.Expr, scope: _Scope) -> None:
        instance, column = self._resolved(node, scope)
        self._pointer(instance, column)

    def _expression(self, node: exp.Expr, scope: _Scope) -> None:
        node = node.unnest()
        if isinstance(node, exp.Star):
            return self.word("*")
        name = _AGGREGATES.get(type(node))
        if name is not None:
            inner = node.this
            if node.expressions or isinstance(inner, (exp.Add, exp.Sub, exp.Mul, exp.Div)):
                raise Inexpressible("an aggregate of more")
            if name == "COUNT" and isinstance(inner, exp.Star):
                return self.word("COUNT(*)")
            self.word(name)
            if isinstance(inner, exp.Distinct):
                self.word("DISTINCT")
                if len(inner.expressions) != 1:
                    raise Inexpressible("DISTINCT of several")
                inner = inner.expressions[0]
            if isinstance(inner, exp.Star):
                raise Inexpressible("an aggregate of *")
            return self._column(inner, scope)
        operator = _ARITHMETIC.get(type(node))
        if operator is not None and isinstance(node, exp.Binary):
            self._expression(node.left, scope)
            self.word(operator)
            return self._expression(node.right, scope)
        self._column(node, scope)

    def _condition(self, node: exp.Expr, scope: _Scope, in_parens: bool) -> None:
        node = node.unnest() if isinstance(node, exp.Paren) else node
        if isinstance(node, (exp.And, exp.Or)):
            for place, side in enumerate((node.left, node.right)):
                if place:
                    self.word("AND" if isinstance(node, exp.And) else "OR")
                plain = side.unnest() if isinstance(side, exp.Paren) else side
                if isinstance(node, exp.And) and isinstance(plain, exp.Or):
                    if in_parens:
                        raise Inexpressible("parentheses in parentheses")
                    self.word("(")
                    self._condition(plain, scope, True)
                    self.word(")")
                else:
                    self._condition(plain, scope, in_parens)
            return
        self._test(node, scope)

    def _test(self, node: exp.Expr, scope: _Scope) -> None:
        negated = isinstance(node, exp.Not)
        if negated:
            node = node.this.unnest()
        words = _COMPARISONS.get(type(node))
        if words is not None and not negated and isinstance(node, exp.Binary):
            left, right, word = node.left, node.right, words[0]
            if self._is_value(left, scope) and not self._is_value(right, scope):
                left, right, word = right, left, words[1]
            self._expression(left, scope)
            self.word(word)
            return self._operand(right, scope)
        if isinstance(node, exp.Between) and not negated:
            self._expression(node.this, scope)
            self.word("BETWEEN")
            self._value(node.args["low"])
            return self._value(node.args["high"])
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            self._expression(node.this, scope)
            return self.word("IS NOT NULL" if negated else "IS NULL")
        if isinstance(node, exp.Like):
            self._expression(node.this, scope)
            # sqlglot writes NOT LIKE as an argument, other negations as a node around it.
            return self._like(node.expression, negated != bool(node.args.get("negate")))
        if isinstance(node, exp.In):
            self._expression(node.this, scope)
            self.word("NOT IN" if negated else "IN", "(")
            inner = node.args.get("query")
            if inner is not None:
                self.query(inner, scope)
            else:
                for place, value in enumerate(node.expressions):
                    if place:
                        self.word(",")
                    self._value(value, one=False)
            return self.word(")")
        raise Inexpressible(type(node).__name__)

    def _operand(self, node: exp.Expr, scope: _Scope) -> None:
        node = node.unnest() if isinstance(node, exp.Paren) else node
        if isinstance(node, (exp.Subquery, exp.Select, exp.SetOperation)):
            self.word("(")
            self.query(node.this if isinstance(node, exp.Subquery) else node, scope)
            return self.word(")")
        if self._is_value(node, scope):
            return self._value(node)
        self._column(node, scope)

    def _is_value(self, node: exp.Expr, scope: _Scope) -> bool:
        if isinstance(node, (exp.Literal, exp.Neg, exp.Boolean)):
            return True
        if isinstance(node, exp.Column) and not node.table:
            identifier = node.this
            if isinstance(identifier, exp.Identifier) and identifier.args.get("quoted"):
                try:
                    self._resolved(node, scope)
                except Inexpressible:
                    return True
        return False

    def _value(self, node: exp.Expr, one: bool = True) -> None:
        if isinstance(node, exp.Literal) and not node.is_string and node.name == "1" and one:
            return self.word("1")
        for text in _spellings(node):
            if text in self._literals:
                return self.item(self._literals[text])
        raise Inexpressible("a literal that is no candidate")

    def _like(self, node: exp.Expr, negated: bool) -> None:
        text = node.name
        plain = text.strip("%")
        if "%" in plain or "_" in plain or not plain:
            raise Inexpressible("another pattern")
        shape = ("%" if text.startswith("%") else "") + "_" + ("%" if text.endswith("%") else "")
        self.word(("NOT LIKE" if negated else "LIKE") + ("" if shape == "_" else f" {shape}"))
        self._value(exp.Literal.string(plain), one=False)


def _plain(pairs: Sequence[Pair]) -> set[frozenset[object]]:
    return {frozenset(pair) for pair in pairs}


def _spellings(node: exp.Expr) -> list[str]:
    """How the same value may be written, in lower case: as it is, as a number, as a text."""
    sign = ""
    if isinstance(node, exp.Neg):
        sign, node = "-", node.this
    text = sign + node.name
    quoted = "'" + text.replace("'", "''").lower() + "'"
    try:
        number = float(text)
    except ValueError:
        return [quoted]
    whole = str(int(number)) if number.is_integer() else repr(number)
    numbers = [whole, repr(number)]
    string = isinstance(node, exp.Column) or (isinstance(node, exp.Literal) and node.is_string)
    return [quoted, *numbers] if string else [*numbers, quoted, f"'{whole}'"]
