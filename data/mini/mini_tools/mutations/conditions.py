"""Mistakes in conditions: one forgotten, AND for OR, a strict comparison, a lost NOT."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlglot import exp

from ..query import Query
from ..syntax import Node, is_left, short, unwrapped

_OTHER: dict[type[Node], type[Node]] = {
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.NullSafeEQ: exp.NullSafeNEQ,
    exp.NullSafeNEQ: exp.NullSafeEQ,
}
_SIGNS: dict[type[Node], str] = {
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.NullSafeEQ: "IS",
    exp.NullSafeNEQ: "IS NOT",
}
_NEGATED = (exp.In, exp.Exists, exp.Like, exp.Glob, exp.Between, exp.Is, exp.Escape)


def grouped(node: Node, new: Node) -> Node:
    """A replacement, in parentheses where its new neighbours would bind tighter."""
    tight = isinstance(node.parent, (exp.And, exp.Not, exp.Binary))
    return exp.Paren(this=new) if tight else new


def dropped(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Each condition left out: a whole WHERE, HAVING or ON, or one side of an AND or OR."""
    for node in query.of(exp.Where, exp.Having):
        if not isinstance(unwrapped(node.this), (exp.And, exp.Or)):
            # FILTER (WHERE …) goes with its WHERE.
            target = node.parent if isinstance(node.parent, exp.Filter) else node
            new = target.this.copy() if isinstance(target, exp.Filter) else None
            yield f"dropped {node.key.upper()} {short(node.this)}", query.changed((target, new))
    for join in query.of(exp.Join):
        condition = join.args.get("on")
        if condition is not None and not isinstance(unwrapped(condition), (exp.And, exp.Or)):
            edits: list[tuple[Node, Node | None]] = [(condition, None)]
            if isinstance(join, exp.Join) and is_left(join):
                # SQLite takes a LEFT JOIN without ON; the standard wants ON TRUE.
                edits = [(condition, exp.EQ(this=_one(), expression=_one()))]
            yield f"dropped ON {short(condition)}", query.changed(*edits)
    for node in query.of(exp.And, exp.Or):
        for kept, lost in ((node.this, node.expression), (node.expression, node.this)):
            if type(lost) is type(node):  # its own parts are dropped one by one
                continue
            yield f"dropped {short(lost)}", query.changed((node, kept.copy()))


def _one() -> Node:
    return exp.Literal.number(1)


def connective(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """AND for OR and OR for AND."""
    for node in query.of(exp.And, exp.Or):
        other = exp.Or if isinstance(node, exp.And) else exp.And
        new = other(this=_operand(node.this), expression=_operand(node.expression))
        yield (
            f"{node.key.upper()} became {other.key.upper()} in {short(node)}",
            query.changed((node, grouped(node, new) if other is exp.Or else new)),
        )


def _operand(node: Node) -> Node:
    return exp.Paren(this=node.copy()) if isinstance(node, exp.Or) else node.copy()


def comparison(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Strict for not strict, equal for unequal, and back."""
    for node in query.of(*_OTHER):
        other = _OTHER[type(node)]
        new = other(this=node.this.copy(), expression=node.expression.copy())
        sign = f"{_SIGNS[type(node)]} became {_SIGNS[other]}"
        yield f"{sign} in {short(node)}", query.changed((node, new))


def negation(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """A NOT lost or added at IN, EXISTS, LIKE, BETWEEN and IS NULL."""
    for node in query.of(*_NEGATED):
        if isinstance(node.parent, exp.Escape):
            continue
        parent = node.parent
        while isinstance(parent, exp.Paren):
            parent = parent.parent
        if isinstance(parent, exp.Not):
            yield f"NOT lost: {short(parent)}", query.changed((parent, node.copy()))
        else:
            yield f"NOT added: {short(node)}", query.changed((node, exp.Not(this=node.copy())))
