"""SQL to tokens: for training, for scoring given statements; never needed to write one.

sqlglot parses. Aliases vanish, ASC is said, joins are left out where the schema tells them, and
tables stand in the order in which SELECT names them, the others as the schema has them. Here are
queries; what stands in their FROM and in their conditions is encoded in files of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from t2s_bench.databases.schema import Schema

from ...reading import Node, argument, literal_text, parse
from ...schema_graph.graph import SchemaGraph
from . import vocabulary as v
from .encode_conditions import Conditions, Scope
from .encode_from import From
from .grammar import State
from .literals import Literals
from .nodes import inside, is_a, unaliased
from .shortest_from import shortened
from .statement import (
    Column,
    Core,
    Derived,
    Expression,
    Inexpressible,
    Literal,
    Query,
    Source,
    Star,
    all_of,
)
from .statement_writer import Missing, write

__all__ = ["Inexpressible", "encode"]


def encode(sql: str, schema: Schema, graph: SchemaGraph) -> tuple[int, ...]:
    """The tokens of a SQLite statement, END last.

    `decode` gives a statement of the same meaning back, not the same text. Raises Inexpressible,
    and nothing else: among others for functions, CASE, windows, WITH, and arithmetic on literals
    that the question does not name.
    """
    tree = parse(sql)
    if tree is None:
        raise Inexpressible("sqlglot cannot read it")
    try:
        tokens = write(_Queries(schema, graph).query(tree, None), graph)
    except Missing as error:
        raise Inexpressible(f"the graph has no item for {error}") from error
    except RecursionError:
        raise Inexpressible("nested too deep") from None
    state = State.start(graph)
    for token in tokens:
        if not state.allowed()[token]:
            raise Inexpressible("the grammar has no such statement")
        state = state.advance(token)
    return tokens


_SETS = {"Union": "UNION", "Intersect": "INTERSECT", "Except": "EXCEPT"}
_HANDLED = frozenset(
    ("expressions", "from", "from_", "joins", "where", "group", "having", "order", "limit")
) | {"distinct", "kind"}


class _Queries:
    """Queries of one statement: set operations, SELECT, GROUP BY, HAVING, ORDER BY, LIMIT."""

    def __init__(self, schema: Schema, graph: SchemaGraph) -> None:
        self.schema = schema
        self.literals = Literals(graph)
        self.conditions = Conditions(schema, self.literals, self.query)
        self.from_ = From(schema, self.conditions, self.query)

    def query(self, node: Node, outside: Scope | None) -> Query:
        """One query with its set operations."""
        kind = type(node).__name__
        if kind == "Subquery" and not argument(node, "with"):
            return self.query(node.this, outside)
        if argument(node, "with"):
            raise Inexpressible("WITH")
        if kind == "Select":
            core, scope = self.core(node, outside)
            return self.ordered(node, Query((core,)), scope)
        if kind not in _SETS:
            raise Inexpressible(f"a statement of kind {kind}")
        left, right = self.query(node.this, outside), self.query(node.expression, outside)
        if left.order or left.limit or right.order or right.limit or len(right.cores) > 1:
            raise Inexpressible("order or nesting inside a set operation")
        name = _SETS[kind]
        if node.args.get("distinct") is False:
            if name != "UNION":
                raise Inexpressible(f"{name} ALL")
            name = "UNION ALL"
        both = Query((*left.cores, *right.cores), (*left.operators, name))
        first = node
        while type(first).__name__ in _SETS:
            first = first.this
        _, scope = self.core(first, outside)
        return self.ordered(node, both, scope)

    def ordered(self, node: Node, query: Query, scope: Scope) -> Query:
        """The query with the node's ORDER BY and LIMIT."""
        order = []
        if node.args.get("order"):
            for term in node.args["order"].expressions:
                if term.args.get("nulls_first") not in (None, not term.args.get("desc")):
                    raise Inexpressible("NULLS FIRST or LAST")
                key = self.conditions.expression(term.this, scope)
                if isinstance(key, Literal) and key.text.isdecimal():
                    place = int(key.text) - 1
                    if not 0 <= place < len(query.cores[0].items):
                        raise Inexpressible("ORDER BY of a column number that is not there")
                    key = query.cores[0].items[place]
                order.append((key, bool(term.args.get("desc"))))
        limit = None
        if node.args.get("limit"):
            number = node.args["limit"].expression
            if node.args.get("offset") or type(number).__name__ != "Literal":
                raise Inexpressible("OFFSET or a computed LIMIT")
            if number.name == "1":
                limit = Literal("1", v.LIMIT_ONE)
            else:
                limit = self.literals.find(literal_text(number))
                if not limit.text.isdecimal():
                    raise Inexpressible("LIMIT of a literal that is no number")
        return replace(query, order=tuple(order), limit=limit)

    def core(self, node: Node, outside: Scope | None) -> tuple[Core, Scope]:
        """A SELECT without ORDER BY and LIMIT, and its scope."""
        for name, value in node.args.items():
            if value and name not in _HANDLED and name != "offset":
                raise Inexpressible(f"{name.upper().strip('_')} in SELECT")
        scope = Scope(outside)
        scope.items = {e.alias.lower(): e.this for e in node.expressions if is_a(e, "Alias")}
        sources, edges, conditions = self.from_.sources(node, scope)
        distinct = node.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            raise Inexpressible("DISTINCT ON")
        items = [
            item for e in node.expressions for item in self.items(unaliased(e), scope, sources)
        ]
        if node.args.get("where"):
            conditions.append(self.conditions.condition(node.args["where"].this, scope))
        group = node.args.get("group")
        if group is not None and any(
            value for name, value in group.args.items() if name != "expressions"
        ):
            raise Inexpressible("GROUP BY of sets")
        terms = group.expressions if group else []
        keys = [_item(self.conditions.expression(inside(term), scope), items) for term in terms]
        having = None
        if node.args.get("having"):
            having = self.conditions.condition(node.args["having"].this, scope)
            if not keys:
                raise Inexpressible("HAVING without GROUP BY")
        core = Core(
            tuple(items),
            tuple(sources),
            distinct is not None,
            all_of(conditions),
            tuple(keys),
            having,
        )
        order = node.args.get("order") if node.parent is None or is_a(node, "Select") else None
        terms = order.expressions if order else []
        extra = [self.conditions.expression(term.this, scope) for term in terms]
        return shortened(core, edges, extra, self.schema), scope

    def items(
        self, node: Node, scope: Scope, sources: list[Source | Derived]
    ) -> Iterator[Expression]:
        """A selected item; `t.*` is all columns of t."""
        if is_a(node, "Star"):
            yield Star()
        elif is_a(node, "Column") and is_a(node.this, "Star"):
            if len(sources) == 1:
                yield Star()
                return
            instance = scope.tables.get(node.table.lower())
            if instance is None:
                raise Inexpressible("all columns of a derived table")
            for n in range(len(self.schema.tables[instance[0]].columns)):
                yield Column(instance[0], n, instance[1])
        else:
            yield self.conditions.expression(inside(node), scope)


def _item(key: Expression, items: list[Expression]) -> Expression:
    """What GROUP BY of a column number means."""
    if isinstance(key, Literal) and key.text.isdecimal():
        place = int(key.text) - 1
        if not 0 <= place < len(items):
            raise Inexpressible("GROUP BY of a column number that is not there")
        return items[place]
    return key
