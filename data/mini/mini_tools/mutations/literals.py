"""Mistakes in constants: off by one, another value, a day late, a lost wildcard or LIMIT."""

from __future__ import annotations

import datetime
import re
import sqlite3
from collections.abc import Iterator
from decimal import Decimal

from sqlglot import exp

from ..databases import quoted
from ..query import Query
from ..syntax import Node, ignores_duplicates, is_scalar, short, unwrapped

_COMPARED = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)( \d\d:\d\d(?::\d\d)?)?")
_MODIFIER = re.compile(r"([+-]?\d+) (day|month|year|hour|minute)s?")


def number(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Each number one more and one less, and 100.0 without its decimal point."""
    for node in query.of(exp.Literal):
        if node.is_string or _is_idle(node):
            continue
        value = Decimal(node.name)
        steps = [1, -1]
        if isinstance(node.parent, exp.Round):
            # More digits change nothing where the values have no more.
            steps = [-1] if value > 0 else []
        elif isinstance(node.parent, (exp.Mul, exp.Div, exp.Mod)) and value > 20:
            steps = []  # a unit's factor, such as 100 for percent or 1440 minutes a day
        for step in steps:
            text = str(value + step)
            new: Node = exp.Literal.number(text.lstrip("-"))
            new = exp.Paren(this=exp.Neg(this=new)) if text.startswith("-") else new
            yield f"{node.name} became {text} in {_around(node)}", query.changed((node, new))
        if "." in node.name and value == int(value) and isinstance(node.parent, exp.Binary):
            text = str(int(value))
            new = exp.Literal.number(text)
            yield f"{node.name} became {text} in {_around(node)}", query.changed((node, new))


def _is_idle(node: Node) -> bool:
    """Whether a number's value has no say in the result, or is another family's matter."""
    parent = node.parent
    if isinstance(parent, (exp.Select, exp.Ordered, exp.Group, exp.Limit, exp.Offset)):
        if isinstance(parent, exp.Select):
            return isinstance(parent.parent, exp.Exists)
        return True
    if isinstance(parent, (exp.DataTypeParam, exp.Count)):
        return True
    # SQLite's x / 0 is NULL already, so NULLIF(x, 0) mostly documents the intent.
    if isinstance(parent, exp.Nullif) and node.arg_key == "expression":
        return True
    if isinstance(parent, exp.Neg):
        return _is_idle(parent)
    case = parent.parent if isinstance(parent, exp.If) else parent
    is_result = node.arg_key in ("true", "false", "default")
    return is_result and isinstance(case, (exp.Case, exp.If)) and isinstance(case.parent, exp.Count)


def _around(node: Node) -> str:
    parent = node.parent
    if isinstance(parent, exp.If) and isinstance(parent.parent, exp.Case):
        parent = parent.parent
    return short(parent if parent is not None else node)


def string(query: Query, connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Each string that a column is compared with replaced by another value of that column."""
    for node in query.of(exp.Literal):
        if not node.is_string or _DATE.fullmatch(node.name):
            continue
        modifier = _MODIFIER.fullmatch(node.name)
        if modifier:
            text = node.name.replace(modifier[1], f"{int(modifier[1]) + 1:+d}", 1)
            yield _replaced(query, node, text)
            continue
        tested = _tested(node)
        column = tested.find(exp.Column) if tested is not None else None
        if tested is None or column is None:
            continue
        if re.fullmatch(r"\d+(-\d+)?", node.name) and not isinstance(unwrapped(tested), exp.Column):
            # A part of a date, such as the month '03' or the year and month '2023-12'.
            head, dash, tail = node.name.rpartition("-")
            yield _replaced(query, node, f"{head}{dash}{int(tail) + 1:0{len(tail)}d}")
            continue
        other = _other_value(query, column, tested, node.name, connection)
        if other is not None:
            yield _replaced(query, node, other)


def _replaced(query: Query, node: Node, text: str) -> tuple[str, str]:
    return (
        f"'{node.name}' became '{text}' in {_around(node)}",
        query.changed((node, exp.Literal.string(text))),
    )


def _tested(literal: Node) -> Node | None:
    """The expression that a literal is compared with."""
    parent = literal.parent
    if isinstance(parent, _COMPARED):
        return parent.right if literal is parent.left else parent.left
    if isinstance(parent, (exp.In, exp.Between)) and literal.arg_key != "this":
        return unwrapped(parent.this)
    return None


def _other_value(
    query: Query,
    column: exp.Column,
    tested: Node,
    value: str,
    connection: sqlite3.Connection,
) -> str | None:
    home = query.home(column)
    if home is None or home[1].relation.table is None:
        return None
    table, name = quoted(home[1].relation.table), quoted(column.name)
    rows = connection.execute(f"SELECT DISTINCT {name} FROM {table} ORDER BY {name}").fetchall()
    values = [row[0] for row in rows if isinstance(row[0], str)]
    if isinstance(tested, exp.Lower):
        values = [one.lower() for one in values]
    elif isinstance(tested, exp.Upper):
        values = [one.upper() for one in values]
    others = [one for one in values if one.lower() != value.lower()]
    later = [one for one in others if one > value]
    return next(iter(later or others), None)


def date(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Each date that bounds a column moved by a day, so that the boundary changes sides."""
    inwards: dict[type[Node], int] = {exp.GTE: 1, exp.GT: -1, exp.LTE: -1, exp.LT: 1}
    for node in query.of(exp.Literal):
        match = _DATE.fullmatch(node.name) if node.is_string else None
        parent = node.parent
        if match is None or parent is None:
            continue
        if isinstance(parent, exp.Between) and node.arg_key in ("low", "high"):
            step = 1 if node.arg_key == "low" else -1
        elif type(parent) in inwards:
            step = inwards[type(parent)] * (1 if node.arg_key == "expression" else -1)
        elif isinstance(parent, (exp.EQ, exp.NEQ, exp.In)):
            step = 1
        else:
            continue
        try:
            day = datetime.date.fromisoformat(match[1]) + datetime.timedelta(days=step)
        except ValueError:  # '2023-02-31' may bound a month, but is no day to move
            continue
        yield _replaced(query, node, day.isoformat() + (match[2] or ""))


def pattern(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Each LIKE pattern without the wildcard at its start, or at its end."""
    for node in query.of(exp.Like, exp.Glob):
        literal = node.expression
        if not isinstance(literal, exp.Literal):
            continue
        wildcards = "%_" if isinstance(node, exp.Like) else "*?"
        for text in (literal.name.lstrip(wildcards), literal.name.rstrip(wildcards)):
            if text and text != literal.name:
                yield _replaced(query, literal, text)


def limit(query: Query, _: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """LIMIT and OFFSET one more, one less and left out."""
    for node in query.of(exp.Limit, exp.Offset):
        literal = node.expression
        owner = node.parent
        is_limit = isinstance(node, exp.Limit)
        if not isinstance(literal, exp.Literal) or owner is None:
            continue
        if isinstance(owner.parent, exp.Exists) and ignores_duplicates(owner):
            continue
        value = int(literal.name)
        # Of a scalar subquery only the first row counts, so more rows change nothing.
        more = not (is_limit and (is_scalar(owner) or isinstance(owner.parent, exp.Exists)))
        wanted = ([value + 1] if more else []) + ([value - 1] if value > 1 - (not is_limit) else [])
        for new in wanted:
            yield (
                f"{node.key.upper()} {value} became {new}",
                query.changed((literal, exp.Literal.number(new))),
            )
        if more:
            offset = owner.args.get("offset")
            edits: list[tuple[Node, Node | None]] = [(node, None)]
            if is_limit and offset is not None:
                edits = [(literal, exp.Literal.number(1_000_000))]
            yield f"dropped {short(node).strip()}", query.changed(*edits)
