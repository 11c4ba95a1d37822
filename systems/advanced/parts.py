"""A statement taken apart into what can be agreed or disagreed on, item by item.

Parts of all SELECTs of a statement are put together: what stands in a subquery counts like what
stands outside, and a condition that holds a subquery shows it as "…". Aliases, spelling and the
order of conditions make no difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from t2s_bench.databases.schema import Schema

from .reading import Node, keywords, names, resolved, table_of
from .wording import Wording, direction, join, meant

HIDDEN_QUERY = "…"


@dataclass(frozen=True)
class Part:
    """One thing that a statement says.

    `text` identifies it within its clause, `words` tells it, `names` are those that a constraint
    may hold. Its three aspects are compared one by one: `head` (an aggregate, an operator, a
    direction), `subject` (a column or an expression) and `value` (what it is compared with).
    """

    clause: str
    text: str
    words: str
    names: frozenset[str] = frozenset()
    head: str = ""
    subject: str = ""
    value: str = ""


@dataclass(frozen=True)
class Parts:
    """All parts of one statement in the order in which they stand, and every name it uses."""

    parts: tuple[Part, ...]
    names: frozenset[str]

    def of(self, clause: str) -> tuple[Part, ...]:
        """The parts of one clause."""
        return tuple(part for part in self.parts if part.clause == clause)


@lru_cache(maxsize=1024)
def take_apart(sql: str, schema: Schema, dialect: str = "sqlite") -> Parts | None:
    """The parts of a statement, or None where sqlglot cannot read it."""
    tree = resolved(sql, schema, dialect)
    if tree is None:
        return None
    reader = _Reader(tree, schema, Wording(dialect, qualified=True))
    return Parts(tuple(reader.read()), names(tree, schema))


class _Reader:
    def __init__(self, tree: Node, schema: Schema, wording: Wording) -> None:
        from sqlglot import exp

        self._tree = tree
        self._schema = schema
        self._wording = wording
        # Once for all: a walk takes longer than what is done on it.
        self._nodes = list(tree.walk())
        self._queries = self._all(exp.Query)

    def _all(self, kind: type[Any]) -> list[Node]:
        """What `find_all` of the whole tree gives, in its order."""
        return [node for node in self._nodes if isinstance(node, kind)]

    def read(self) -> Iterator[Part]:
        from sqlglot import exp

        for node in self._all(exp.SetOperation):
            yield self._set_operation(node)
        yield from self._tables()
        yield from self._joins()
        outer = _first_select(self._tree)
        for select in self._all(exp.Select):
            for item in select.expressions:
                yield self._item(item.unalias(), "SELECT" if _shown(select) else "inner SELECT")
            if select.args.get("distinct"):
                yield Part("DISTINCT", "DISTINCT", "every row once", frozenset({"DISTINCT"}))
            for clause in ("where", "having"):
                holder = select.args.get(clause)
                if holder is not None:
                    yield from self._conditions(holder.this, clause.upper())
            group = select.args.get("group")
            for key in group.expressions if group is not None else []:
                key = meant(select, key).unalias()
                yield self._plain("GROUP BY", key, frozenset({"GROUP BY"}))
        for query in self._queries:
            order, limit = query.args.get("order"), query.args.get("limit")
            for ordered in order.expressions if order is not None else []:
                yield self._ordered(ordered, meant(query, ordered.this).unalias())
            if limit is not None:
                count = limit.args.get("expression") or limit.args.get("count")
                shown = self._text(count) if count is not None else ""
                said = self._wording.limiting(query)
                yield Part("LIMIT", said, f"only {said}", frozenset({"LIMIT", shown}))
        if outer is not None and len(outer.expressions) > 1:
            listed = ", ".join(self._text(item.unalias()) for item in outer.expressions)
            said = f"the columns in the order {self._wording.listed(outer.expressions, 'then')}"
            yield Part("order of columns", listed, said)

    def _set_operation(self, node: Node) -> Part:
        from sqlglot import exp

        kind = type(node).__name__.upper()
        text = kind if node.args.get("distinct", True) else f"{kind} ALL"
        said = {
            "INTERSECT": "rows that both parts have",
            "UNION": "rows of both parts together",
        }.get(kind)
        if said is None:  # only here it matters which part comes first
            whose = join([one.name for one in node.this.find_all(exp.Table)])
            text, said = f"{text} of {whose}", f"rows of {whose} that the other part does not have"
        return Part("set", text, said, frozenset({kind}), head=kind)

    def _tables(self) -> Iterator[Part]:
        from sqlglot import exp

        counts: Counter[str] = Counter()
        for node in self._all(exp.Table):
            name = table_of(node, self._schema) or node.name
            counts[name] += 1
            again = counts[name]
            if again == 1:
                yield Part("FROM", name, name, frozenset({name}), subject=name)
            else:
                yield Part(
                    "FROM", f"{name} {again}", f"{name} {again} times", subject=f"{name} again"
                )

    def _joins(self) -> Iterator[Part]:
        from sqlglot import exp

        for joined in self._all(exp.Join):
            if joined.args.get("on") is not None:
                yield from self._conditions(joined.args["on"], "JOIN")
            side = str(joined.args.get("side") or "").upper()
            if side:
                said = f"rows kept even without a match ({side} JOIN of {joined.this.name})"
                yield Part("JOIN", f"{side} {joined.this.name}", said, head=side)

    def _item(self, node: Node, clause: str) -> Part:
        from sqlglot import exp

        inner, head = node, ""
        if isinstance(node, exp.AggFunc):
            head = type(node).__name__.upper()
            inner = node.this if node.this is not None else node
            if isinstance(inner, exp.Distinct):
                head, inner = f"{head} DISTINCT", exp.Tuple(expressions=inner.expressions)
                inner = inner.expressions[0] if len(inner.expressions) == 1 else inner
        return Part(
            clause,
            self._text(node),
            self._words(node),
            self._names(node),
            head,
            self._text(inner),
        )

    def _conditions(self, node: Node, clause: str) -> Iterator[Part]:
        from sqlglot import exp

        if isinstance(node, exp.Paren):
            yield from self._conditions(node.this, clause)
        elif isinstance(node, (exp.And, exp.Or)):
            yield from self._conditions(node.this, clause)
            yield from self._conditions(node.expression, clause)
            if isinstance(node, exp.Or):
                said = f"either {self._words(node.this)} or {self._words(node.expression)}"
                yield Part("OR", "OR", said, frozenset({"OR"}))
        else:
            yield self._condition(node, clause)

    def _condition(self, node: Node, clause: str) -> Part:
        from sqlglot import exp

        core = node.this if isinstance(node, exp.Not) else node
        while isinstance(core, exp.Paren):
            core = core.this
        if isinstance(node, exp.EQ) and _are_columns(node):
            # Where two tables meet: in ON or in WHERE, either side first, it says the same.
            text = " = ".join(sorted((self._text(node.this), self._text(node.expression))))
            return Part("JOIN", text, self._words(node), self._names(node))
        subject = core.this if core.this is not None else core
        head = " ".join(keywords(core, type(core).__name__)) or type(core).__name__
        if core is not node and not head.startswith("NOT") and not head.startswith("IS NOT"):
            head = f"NOT {head}"
        others = [core.args.get(name) for name in ("expression", "low", "high", "query")]
        others += core.args.get("expressions") or []
        return Part(
            clause,
            self._text(node),
            self._words(node),
            self._names(node),
            head,
            self._text(subject) if isinstance(subject, exp.Expression) else "",
            ", ".join(self._text(other) for other in others if other is not None),
        )

    def _ordered(self, node: Node, key: Node) -> Part:
        way = "DESC" if node.args.get("desc") else "ASC"
        return Part(
            "ORDER BY",
            f"{self._text(key)} {way}",
            f"{self._words(key)} from {direction(node)}",
            self._names(key) | {"ORDER BY", way},
            way,
            self._text(key),
        )

    def _plain(self, clause: str, node: Node, more: frozenset[str]) -> Part:
        text = self._text(node)
        return Part(clause, text, self._words(node), self._names(node) | more, subject=text)

    def _names(self, node: Node) -> frozenset[str]:
        found = names(self._without_queries(node), self._schema)
        # To require COUNT beside COUNT(*) would ask for a second one.
        return found - {"COUNT"} if "COUNT(*)" in found else found

    def _words(self, node: Node) -> str:
        return self._wording.say(node)

    def _text(self, node: Node) -> str:
        return str(self._without_queries(node).sql(dialect="sqlite"))

    def _without_queries(self, node: Node) -> Node:
        from sqlglot import exp

        if len(self._queries) == 1 or node.find(exp.Query) is None:
            return node
        return node.transform(
            lambda n: exp.Var(this=HIDDEN_QUERY) if isinstance(n, exp.Query) else n
        )


def _first_select(tree: Node) -> Node | None:
    """The SELECT whose items the answer shows."""
    from sqlglot import exp

    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    return tree if isinstance(tree, exp.Select) else None


def _are_columns(node: Node) -> bool:
    from sqlglot import exp

    return isinstance(node.this, exp.Column) and isinstance(node.expression, exp.Column)


def _shown(select: Node) -> bool:
    """Whether the items of a SELECT are rows of the answer: it stands in no subquery."""
    from sqlglot import exp

    node = select.parent
    while isinstance(node, exp.SetOperation) or (
        isinstance(node, exp.Subquery) and isinstance(node.parent, (exp.SetOperation, type(None)))
    ):
        node = node.parent
    return node is None
