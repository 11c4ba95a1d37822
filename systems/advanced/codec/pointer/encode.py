"""SQL to tokens: for training, for scoring given statements; never needed to write one.

sqlglot parses. Aliases vanish, ASC is said, joins are left out where the schema tells them, and
tables stand in the order in which SELECT names them, the others as the schema has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations

from t2s_bench.databases.schema import Schema

from ...reading import Node, argument, literal_text, parse
from ...schema_graph.graph import Kind, SchemaGraph
from . import vocabulary as v
from .grammar import State
from .joins import Edge, Groups, Instance, Reference, connect, equalities, foreign_keys
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
    Null,
    Query,
    Source,
    Star,
    Subquery,
)
from .statement_tokens import Missing, write


class Inexpressible(ValueError):
    """SQL beyond the codec, or a literal that no item stands for; its text is the reason."""


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
        tokens = write(_Encoder(schema, graph).query(tree, None), graph)
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


_AGGREGATES = {"Sum": "SUM", "Avg": "AVG", "Min": "MIN", "Max": "MAX"}
_COMPARISONS = {"EQ": "=", "NEQ": "!=", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_ARITHMETIC = {"Add": "+", "Sub": "-", "Mul": "×", "Div": "/"}
_SETS = {"Union": "UNION", "Intersect": "INTERSECT", "Except": "EXCEPT"}
_HANDLED = frozenset(
    ("expressions", "from", "from_", "joins", "where", "group", "having", "order", "limit")
) | {"distinct", "kind"}


@dataclass
class _Scope:
    """The sources of one SELECT by the names it gives them, in order."""

    outside: _Scope | None
    tables: dict[str, Instance] = field(default_factory=dict)
    items: dict[str, Node] = field(default_factory=dict)


class _Encoder:
    def __init__(self, schema: Schema, graph: SchemaGraph) -> None:
        self.schema = schema
        self.keys = foreign_keys(schema)
        self.places = {table.name.lower(): n for n, table in enumerate(schema.tables)}
        self.literals = _Literals(graph)

    def query(self, node: Node, outside: _Scope | None) -> Query:
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

    def ordered(self, node: Node, query: Query, scope: _Scope) -> Query:
        """The query with the node's ORDER BY and LIMIT."""
        order = []
        if node.args.get("order"):
            for term in node.args["order"].expressions:
                if term.args.get("nulls_first") not in (None, not term.args.get("desc")):
                    raise Inexpressible("NULLS FIRST or LAST")
                key = self.expression(term.this, scope)
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

    def core(self, node: Node, outside: _Scope | None) -> tuple[Core, _Scope]:
        """A SELECT without ORDER BY and LIMIT, and its scope."""
        for name, value in node.args.items():
            if value and name not in _HANDLED and name != "offset":
                raise Inexpressible(f"{name.upper().strip('_')} in SELECT")
        scope = _Scope(outside)
        scope.items = {e.alias.lower(): e.this for e in node.expressions if _is(e, "Alias")}
        sources, edges, conditions = self.sources(node, scope)
        distinct = node.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            raise Inexpressible("DISTINCT ON")
        items = [
            item for e in node.expressions for item in self.items(_unaliased(e), scope, sources)
        ]
        if node.args.get("where"):
            conditions.append(self.condition(node.args["where"].this, scope))
        group = node.args.get("group")
        if group is not None and any(
            value for name, value in group.args.items() if name != "expressions"
        ):
            raise Inexpressible("GROUP BY of sets")
        keys = [self.expression(_inside(e), scope) for e in group.expressions] if group else []
        keys = [_item(key, items) for key in keys]
        having = None
        if node.args.get("having"):
            having = self.condition(node.args["having"].this, scope)
            if not keys:
                raise Inexpressible("HAVING without GROUP BY")
        core = Core(
            tuple(items),
            tuple(sources),
            distinct is not None,
            _all_of(conditions),
            tuple(keys),
            having,
        )
        order = node.args.get("order") if node.parent is None or _is(node, "Select") else None
        extra = [self.expression(term.this, scope) for term in order.expressions] if order else []
        return self.joined(core, edges, extra), scope

    def items(
        self, node: Node, scope: _Scope, sources: list[Source | Derived]
    ) -> Iterator[Expression]:
        """A selected item; `t.*` is all columns of t."""
        if _is(node, "Star"):
            yield Star()
        elif _is(node, "Column") and _is(node.this, "Star"):
            if len(sources) == 1:
                yield Star()
                return
            instance = scope.tables.get(node.table.lower())
            if instance is None:
                raise Inexpressible("all columns of a derived table")
            for n in range(len(self.schema.tables[instance[0]].columns)):
                yield Column(instance[0], n, instance[1])
        else:
            yield self.expression(_inside(node), scope)

    # FROM

    def sources(
        self, node: Node, scope: _Scope
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
            if _is(source, "Subquery"):
                if number or joins:
                    raise Inexpressible("a derived table that is joined")
                sources.append(Derived(self.query(source.this, scope.outside)))
                continue
            place = self.places.get(source.name.lower()) if _is(source, "Table") else None
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
            self.on(join, scope, edges, conditions)
        return sources, edges, conditions

    def on(
        self,
        join: Node,
        scope: _Scope,
        edges: dict[Instance, list[Edge]],
        conditions: list[Condition],
    ) -> None:
        """Adds what one join says."""
        here = scope.tables[join.this.alias_or_name.lower()]
        outer = _kind(join) == "LEFT"
        told = edges.setdefault(here, [])
        for name in join.args.get("using") or []:
            own = self._place(here[0], name.name)
            other = next(
                (
                    one
                    for one in scope.tables.values()
                    if one != here and self._has(one[0], name.name)
                ),
                None,
            )
            if own is None or other is None:
                raise Inexpressible("USING of a column that is not there")
            told.append(((*here, own), (*other, self.keys.names[other[0]][name.name.lower()])))
        on = join.args.get("on")
        for part in _conjuncts(on) if on is not None else ():
            if _is(part, "Boolean") and part.this:
                continue
            edge = self.edge(part, scope)
            if edge is not None and (not outer or here in (edge[0][:2], edge[1][:2])):
                told.append(edge)
            elif outer:
                raise Inexpressible("LEFT JOIN on more than equal columns")
            else:
                conditions.append(self.condition(part, scope))

    def edge(self, node: Node, scope: _Scope) -> Edge | None:
        """Two columns of different tables of this FROM that are equal."""
        if not (_is(node, "EQ") and _is(node.this, "Column") and _is(node.expression, "Column")):
            return None
        ends = [self.expression(end, scope) for end in (node.this, node.expression)]
        references: list[Reference] = []
        for end in ends:
            if not isinstance(end, Column) or end.outer:
                return None
            if (end.table, end.instance) not in scope.tables.values():
                return None
            references.append((end.table, end.instance, end.column))
        one, other = references
        return None if one[:2] == other[:2] else (one, other)

    def joined(self, core: Core, told: dict[Instance, list[Edge]], order: list[Expression]) -> Core:
        """The core with as little of FROM as tells the same."""
        tables = [source for source in core.sources if isinstance(source, Source)]
        if not tables or len(tables) == 1:
            return core
        edges = [edge for part in told.values() for edge in part]
        if any(source.kind == "LEFT" for source in tables):
            return replace(core, sources=self.shortest(tables, told, edges, frozenset()))
        core, edges = _moved(core, edges, [(s.table, s.instance) for s in tables])
        used = {c: None for c in _columns((*core.items, *core.group, *order))}
        first = dict.fromkeys((c.table, c.instance) for c in _columns(core.items) if not c.outer)
        rank = {instance: n for n, instance in enumerate(first)}
        tables.sort(key=lambda s: (rank.get((s.table, s.instance), len(rank)), s.table, s.instance))
        placed = {(s.table, s.instance): n for n, s in enumerate(tables)}
        by_later: dict[Instance, list[Edge]] = {}
        for one, other in edges:
            if placed[one[:2]] < placed[other[:2]]:
                one, other = other, one
            by_later.setdefault(one[:2], []).append((one, other))
        needed = {(c.table, c.instance) for c in used}
        for condition in (core.where, core.having):
            if condition is not None:
                needed |= {(c.table, c.instance) for c in _columns_in(condition)}
        starred = any(isinstance(item, Star) for item in core.items)
        spare = frozenset(instance for instance in placed if instance not in needed and not starred)
        return replace(core, sources=self.shortest(tables, by_later, edges, spare))

    def shortest(
        self,
        tables: list[Source],
        told: dict[Instance, list[Edge]],
        edges: list[Edge],
        spare: frozenset[Instance],
    ) -> tuple[Source, ...]:
        """The sources with the fewest tables and the fewest joins written out that say the same.

        `spare` are tables that nothing but the joins names.
        """
        wanted = equalities(edges)
        everything = {(s.table, s.instance) for s in tables}
        left = any(source.kind == "LEFT" for source in tables)
        for size in range(min(len(spare), len(tables) - 1), -1, -1):
            for dropped in combinations(sorted(spare), size):
                kept = [s for s in tables if (s.table, s.instance) not in dropped]
                if any(s.instance and (s.table, s.instance - 1) in dropped for s in kept):
                    continue
                for written in _choices(len(kept)) if not dropped else [()]:
                    sources = [
                        _written(s, told) if n in written else replace(s, on=())
                        for n, s in enumerate(kept)
                    ]
                    plan = connect(sources, self.keys)
                    if {joined.instance for joined in plan} != everything:
                        continue
                    if left:
                        same = all(
                            equalities(joined.edges) == equalities(told.get(joined.instance, []))
                            for joined in plan
                        )
                    else:
                        same = equalities(e for j in plan for e in j.edges) == wanted
                    if same:
                        return tuple(sources)
        raise Inexpressible("joins that cannot be told")

    def _place(self, table: int, name: str) -> int | None:
        return self.keys.names[table].get(name.lower())

    def _has(self, table: int, name: str) -> bool:
        return name.lower() in self.keys.names[table]

    # Expressions

    def expression(self, node: Node, scope: _Scope) -> Expression:
        """A value: column, literal, aggregate, arithmetic, subquery."""
        kind = type(node).__name__
        if kind == "Column":
            return self.column(node, scope)
        if kind in ("Literal", "Neg"):
            if kind == "Neg" and not _is(node.this, "Literal"):
                raise Inexpressible("a negated expression")
            return self.literals.find(literal_text(node))
        if kind == "Paren":
            inner = self.expression(node.this, scope)
            return Bracketed(inner) if isinstance(inner, Arithmetic) else inner
        if kind in _AGGREGATES or kind == "Count":
            return self.aggregate(node, kind, scope)
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

    def aggregate(self, node: Node, kind: str, scope: _Scope) -> Aggregate:
        name = "COUNT" if kind == "Count" else _AGGREGATES[kind]
        inner, distinct = node.this, False
        if node.expressions and not (kind == "Count" and len(node.expressions) == 0):
            raise Inexpressible(f"{name} of several")
        if _is(inner, "Distinct"):
            if len(inner.expressions) != 1:
                raise Inexpressible("DISTINCT of several")
            inner, distinct = inner.expressions[0], True
        if _is(inner, "Star"):
            if name != "COUNT" or distinct:
                raise Inexpressible(f"{name} of *")
            return Aggregate("COUNT", Star())
        inner = _inside(inner)
        if _is(inner, "Literal") and name == "COUNT" and not distinct:
            return Aggregate("COUNT", Star())
        argument_ = self.expression(inner, scope)
        if isinstance(argument_, Arithmetic):
            argument_ = Bracketed(argument_)
        return Aggregate(name, argument_, distinct)

    def column(self, node: Node, scope: _Scope) -> Expression:
        if _is(node.this, "Star"):
            raise Inexpressible("* in an expression")
        name, table = node.name.lower(), node.table.lower()
        where: _Scope | None = scope
        while where is not None:
            for alias, instance in where.tables.items():
                real = self.schema.tables[instance[0]].name.lower()
                if table and table != alias and not (table == real and table not in where.tables):
                    continue
                place = self._place(instance[0], name)
                if place is not None:
                    shadowed = where is not scope and instance in scope.tables.values()
                    if where is not scope and scope.outside is not where and shadowed:
                        raise Inexpressible("a table at three depths")
                    return Column(instance[0], place, instance[1], shadowed)
            where = where.outside
        if not table and name in scope.items:
            return self.expression(_inside(scope.items[name]), scope)
        if not table and node.this.args.get("quoted"):
            return self.literals.find(literal_text(_string(node.name)))
        raise Inexpressible(f"no column '{node.sql()}' in scope")

    # Conditions

    def condition(self, node: Node, scope: _Scope, negated: bool = False) -> Condition:
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
            return self.comparison(node, _COMPARISONS[kind], scope, negated)
        if kind == "Exists":
            return Exists(negated, _existing(self.query(node.this, scope)))
        if kind not in ("In", "Like", "Between", "Is"):
            raise Inexpressible(kind)
        # Newer sqlglot writes NOT IN and NOT LIKE as one node.
        negated = negated != bool(node.args.get("negate"))
        left_node = _inside(node.this)
        if kind == "In":
            left = self.expression(left_node, scope)
            if node.args.get("query"):
                query = self.query(node.args["query"], scope)
                return Among(left, negated, Subquery(query))
            choices = [self.expression(_inside(e), scope) for e in node.expressions]
            literals = [choice for choice in choices if isinstance(choice, Literal)]
            if len(literals) < len(choices) or not literals:
                raise Inexpressible("IN of a list that is not all literals")
            return Among(left, negated, tuple(literals))
        if kind == "Like":
            return self.like(node, self.expression(left_node, scope), negated)
        if kind == "Between":
            low, high = (self.expression(_inside(node.args[end]), scope) for end in ("low", "high"))
            return Between(self.expression(left_node, scope), negated, low, high)
        if kind == "Is" and _is(node.expression, "Null"):
            return Null(self.expression(left_node, scope), negated)
        raise Inexpressible(kind)

    def comparison(self, node: Node, operator: str, scope: _Scope, negated: bool) -> Comparison:
        if negated:
            operator = _OPPOSITE[operator]
        left = self.expression(_inside(node.this), scope)
        right = self.expression(_inside(node.expression), scope)
        if isinstance(left, Literal | Subquery) and not isinstance(right, Literal | Subquery):
            left, operator, right = right, _FLIPPED[operator], left
        return Comparison(left, operator, right)

    def like(self, node: Node, left: Expression, negated: bool) -> Like:
        pattern = node.expression
        quoted = _is(pattern, "Column") and not pattern.table and pattern.this.args.get("quoted")
        if not quoted and not _is(pattern, "Literal"):
            raise Inexpressible("LIKE of no literal")
        text = str(pattern.name)
        before, after = text.startswith("%"), text.endswith("%") and len(text) > 1
        inner = text[before : len(text) - after].strip("%")
        shape = ("%" if before else "") + "…" + ("%" if after else "")
        if (before or after) and "%" not in inner:
            found = self.literals.get(literal_text(_string(inner)))
            if found is not None:
                return Like(left, negated, shape, found)
        return Like(left, negated, "", self.literals.find(literal_text(_string(text))))


class _Literals:
    """The value items by what they say."""

    def __init__(self, graph: SchemaGraph) -> None:
        self.exact: dict[str, Literal] = {}
        self.folded: dict[str, Literal] = {}
        self.numbers: dict[float, Literal] = {}
        for number, item in enumerate(graph.items):
            if item.kind is Kind.VALUE:
                self._add(Literal(item.text, v.SIZE + number))
        for token in sorted(v.LITERALS):
            self._add(Literal(v.TOKENS[token], token))

    def _add(self, literal: Literal) -> None:
        self.exact.setdefault(literal.text, literal)
        self.folded.setdefault(literal.text.casefold(), literal)
        number = _number(literal.text)
        if number is not None:
            self.numbers.setdefault(number, literal)

    def get(self, text: str) -> Literal | None:
        """The item of a literal: the same text, then the same number, then but for the case."""
        found = self.exact.get(text)
        number = _number(text)
        if found is None and number is not None:
            found = self.numbers.get(number)
        return found or self.folded.get(text.casefold())

    def find(self, text: str) -> Literal:
        """As `get`, but raises Inexpressible."""
        found = self.get(text)
        if found is None:
            raise Inexpressible(f"no value item for {text}")
        return found


def _number(text: str) -> float | None:
    """The number that a literal is, also one in quotes."""
    try:
        return float(text.strip("'"))
    except ValueError:
        return None


def _is(node: Node, *kinds: str) -> bool:
    return type(node).__name__ in kinds


def _inside(node: Node) -> Node:
    """A node without the brackets around it."""
    while _is(node, "Paren"):
        node = node.this
    return node


def _unaliased(node: Node) -> Node:
    return node.this if _is(node, "Alias") else node


def _string(text: str) -> Node:
    from sqlglot import exp

    return exp.Literal.string(text)


def _numbered(node: Node, scope: _Scope, sources: list[Source | Derived]) -> list[Source | Derived]:
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
    side = str(join.args.get("side") or "").upper()
    method = str(join.args.get("method") or "").upper()
    if side == "LEFT" and not method:
        return "LEFT"
    if side or method:
        raise Inexpressible(f"{side or method} JOIN")
    return ""


def _conjuncts(node: Node) -> Iterator[Node]:
    node = _inside(node)
    if _is(node, "And"):
        yield from _conjuncts(node.this)
        yield from _conjuncts(node.expression)
    else:
        yield node


def _item(key: Expression, items: list[Expression]) -> Expression:
    """What GROUP BY of a column number means."""
    if isinstance(key, Literal) and key.text.isdecimal():
        place = int(key.text) - 1
        if not 0 <= place < len(items):
            raise Inexpressible("GROUP BY of a column number that is not there")
        return items[place]
    return key


def _all_of(conditions: list[Condition]) -> Condition | None:
    parts: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, Junction) and condition.word == "AND":
            parts.extend(condition.parts)
        else:
            parts.append(condition)
    if len(parts) < 2:
        return parts[0] if parts else None
    return Junction("AND", tuple(parts))


def _moved(core: Core, edges: list[Edge], instances: list[Instance]) -> tuple[Core, list[Edge]]:
    """Equal columns in WHERE become joins where nothing else joins their tables."""
    where = core.where
    parts = where.parts if isinstance(where, Junction) and where.word == "AND" else (where,)
    groups = Groups()
    for one, other in edges:
        groups.join(one[:2], other[:2])
    edges, kept = list(edges), []
    for part in parts:
        if isinstance(part, Comparison) and part.operator == "=":
            left, right = part.left, part.right
            if isinstance(left, Column) and isinstance(right, Column):
                one = (left.table, left.instance, left.column)
                other = (right.table, right.instance, right.column)
                if (
                    not (left.outer or right.outer)
                    and one[:2] in instances
                    and other[:2] in instances
                    and groups.root(one[:2]) != groups.root(other[:2])
                ):
                    groups.join(one[:2], other[:2])
                    edges.append((one, other))
                    continue
        if part is not None:
            kept.append(part)
    return replace(core, where=_all_of(kept)), edges


def _existing(query: Query) -> Query:
    """What EXISTS selects does not matter."""
    if query.operators:
        return query
    core = query.cores[0]
    if all(isinstance(item, Literal | Column | Star) for item in core.items):
        core = replace(core, items=(Star(),), distinct=False)
    return replace(query, cores=(core,))


def _choices(count: int) -> Iterator[tuple[int, ...]]:
    """Which of the tables after the first have their joins written out: the fewest first."""
    for size in range(count):
        yield from combinations(range(1, count), size)


def _written(source: Source, told: dict[Instance, list[Edge]]) -> Source:
    edges = told.get((source.table, source.instance), [])
    if not edges:
        return replace(source, kind=source.kind or "CROSS", on=())
    return replace(source, on=tuple((_column(a), _column(b)) for a, b in edges))


def _column(reference: Reference) -> Column:
    table, instance, column = reference
    return Column(table, column, instance)


def _columns(nodes: Iterable[Expression]) -> Iterator[Column]:
    """All columns in expressions, also those in subqueries."""
    for node in nodes:
        if isinstance(node, Column):
            yield node
        elif isinstance(node, Aggregate):
            yield from _columns((node.argument,))
        elif isinstance(node, Arithmetic):
            yield from _columns(node.operands)
        elif isinstance(node, Bracketed):
            yield from _columns((node.inner,))
        elif isinstance(node, Subquery):
            yield from _columns_of(node.query)


def _columns_of(query: Query) -> Iterator[Column]:
    for core in query.cores:
        yield from _columns((*core.items, *core.group))
        for source in core.sources:
            if isinstance(source, Derived):
                yield from _columns_of(source.query)
        for condition in (core.where, core.having):
            if condition is not None:
                yield from _columns_in(condition)
    yield from _columns(key for key, _ in query.order)


def _columns_in(node: Condition) -> Iterator[Column]:
    if isinstance(node, Junction):
        for part in node.parts:
            yield from _columns_in(part)
        return
    if isinstance(node, Exists):
        yield from _columns_of(node.query)
        return
    yield from _columns((node.left,))
    if isinstance(node, Comparison):
        yield from _columns((node.right,))
    elif isinstance(node, Between):
        yield from _columns((node.low, node.high))
    elif isinstance(node, Among) and isinstance(node.choices, Subquery):
        yield from _columns_of(node.choices.query)
