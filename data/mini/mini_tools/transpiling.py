"""A gold written for SQLite in another dialect: sqlglot's transpiling, with fix-ups by type.

sqlglot knows the syntax of both sides. What it cannot know without the columns' types, and what it
leaves as it is, is mended here before it writes the SQL (`_FIXES`). Nothing is taken on trust: the
caller runs the result and compares it with SQLite's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from t2s_bench.databases.column_types import Kind
from t2s_bench.databases.copy_plan import CopyPlan

WRITES = {"postgresql": "postgres", "mysql": "mysql", "duckdb": "duckdb"}
_TYPES = {
    Kind.BOOLEAN: "BOOLEAN",
    Kind.INTEGER: "INT",
    Kind.BIGINT: "BIGINT",
    Kind.DECIMAL: "DECIMAL",
    Kind.DOUBLE: "DOUBLE",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.TEXT: "TEXT",
    Kind.BYTES: "BINARY",
}
# Table → column → the name of its type.
Schema = dict[str, object]
_PLACE = "place"
_INTEGERS = exp.DataType.INTEGER_TYPES
_TIMES = exp.DataType.TEMPORAL_TYPES
_TEXTS = exp.DataType.TEXT_TYPES
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)


class CannotTranspile(Exception):
    """A gold that has no counterpart here; the text says why."""


def types_of(plan: CopyPlan) -> Schema:
    """The columns of every table with the names of their types, as sqlglot takes them."""
    return {
        table.name: {column.name: _TYPES[column.type.kind] for column in table.columns}
        for table in plan.tables
    }


def transpile(sql: str, dialect: str, schema: Schema) -> str:
    """The same query for `postgresql`, `mysql` or `duckdb`; raises CannotTranspile."""
    try:
        tree = parse_one(sql, read="sqlite")
        _annotate(tree, schema)
        for fix in _FIXES:
            tree = tree.transform(fix, dialect, copy=False)
        return tree.sql(WRITES[dialect], identify=dialect == "mysql")
    except (SqlglotError, ValueError) as error:
        raise CannotTranspile(" ".join(str(error).split())[:200]) from error


def unchanged(gold: str, sql: str, dialect: str) -> bool:
    """Whether a transpiled gold differs from it in its spelling only."""
    try:
        written = parse_one(sql, read=WRITES[dialect]).sql(WRITES[dialect], identify=True)
        as_it_is = parse_one(gold, read=WRITES[dialect]).sql(WRITES[dialect], identify=True)
    except SqlglotError:
        return False
    return written == as_it_is


def is_ordered(gold: str) -> bool:
    """Whether a gold written for SQLite orders its result."""
    return parse_one(gold, read="sqlite").args.get("order") is not None


def _annotate(tree: exp.Expr, schema: Schema) -> None:
    """Gives every node the type that it has once all names are resolved.

    Names are resolved on a copy, because that rewrites the query; the nodes are found again by a
    number each.
    """
    for place, node in enumerate(tree.walk()):
        node.meta[_PLACE] = place
    resolved = qualify(
        tree.copy(),
        schema=schema,
        dialect="sqlite",
        quote_identifiers=False,
        validate_qualify_columns=False,
        expand_stars=False,
    )
    resolved = annotate_types(resolved, schema=schema, dialect="sqlite")
    types = {node.meta[_PLACE]: node.type for node in resolved.walk() if _PLACE in node.meta}
    for node in tree.walk():
        node.type = types.get(node.meta.pop(_PLACE, None))


def _is(node: exp.Expr | None, kinds: Collection[object]) -> bool:
    return node is not None and node.type is not None and node.type.this in kinds


def _cast(node: exp.Expr, to: str) -> exp.Expr:
    cast = exp.cast(node.copy(), to)
    cast.type = exp.DataType.build(to)
    return cast


def _parsed(dialect: str, template: str, **parts: exp.Expr) -> exp.Expr:
    """SQL of the dialect with expressions put in for its `{names}`."""
    tree = parse_one(template.format(**{name: f"_{name}_" for name in parts}), read=WRITES[dialect])
    for column in list(tree.find_all(exp.Column)):
        name = column.name.strip("_")
        if name in parts and column.name == f"_{name}_":
            new = (
                exp.paren(parts[name].copy())
                if isinstance(parts[name], exp.Binary)
                else parts[name].copy()
            )
            if column is tree:
                return new
            column.replace(new)
    return tree


def _moment(node: exp.Expr, dialect: str) -> exp.Expr:
    """A date or moment as the server's type; text is cast."""
    if _is(node, {exp.DataType.Type.TIMESTAMP, exp.DataType.Type.DATETIME}):
        return node.copy()
    return _cast(node, "DATETIME" if dialect == "mysql" else "TIMESTAMP")


def _strftime(node: exp.Expr, dialect: str) -> exp.Expr:
    """strftime: %w and %s have no letter in to_char; MySQL spells minutes %i; a time is refused."""
    if not isinstance(node, exp.TimeToStr):
        return node
    value = node.this.this if isinstance(node.this, exp.TsOrDsToTimestamp) else node.this
    shape = node.args["format"].name
    if _is(value, _TEXTS) and not set(shape) & set("YmdwsjW"):
        # SQLite takes '10:45' for a moment of 2000-01-01.
        day = exp.Literal.string("2000-01-01 ")
        value = exp.Concat(expressions=[day, value.copy()], safe=False, coalesce=False)
    moment = _moment(value, dialect)
    seconds = {
        "postgresql": "CAST(CAST(EXTRACT(EPOCH FROM {x}) AS BIGINT) AS TEXT)",
        "mysql": "CAST(TIMESTAMPDIFF(SECOND, '1970-01-01', {x}) AS CHAR)",
        "duckdb": "CAST(CAST(EPOCH({x}) AS BIGINT) AS TEXT)",
    }
    if shape == "%s":
        new = _parsed(dialect, seconds[dialect], x=moment)
    elif shape == "%w" and dialect == "postgresql":
        new = _parsed(dialect, "CAST(CAST(EXTRACT(DOW FROM {x}) AS INT) AS TEXT)", x=moment)
    elif "%w" in shape and dialect == "postgresql":
        raise CannotTranspile("to_char has no weekday from 0 on Sunday")
    else:
        new = exp.TimeToStr(this=moment, format=exp.Literal.string(shape))
    new.type = exp.DataType.build("TEXT")
    return new


def _julianday(node: exp.Expr, dialect: str) -> exp.Expr:
    """julianday: days with a fraction, as a double; Unix time began on day 2440587.5."""
    if not (isinstance(node, exp.Anonymous) and node.name.lower() == "julianday"):
        return node
    if len(node.expressions) != 1:
        raise CannotTranspile("julianday with modifiers")
    templates = {
        "postgresql": "CAST(EXTRACT(EPOCH FROM {x}) / 86400.0 + 2440587.5 AS DOUBLE PRECISION)",
        "mysql": "CAST(TIMESTAMPDIFF(SECOND, '1970-01-01', {x}) / 86400e0 + 2440587.5 AS DOUBLE)",
        "duckdb": "EPOCH({x}) / 86400.0 + 2440587.5",
    }
    new: exp.Expr = _parsed(dialect, templates[dialect], x=_moment(node.expressions[0], dialect))
    new = exp.paren(new) if isinstance(new, exp.Binary) else new
    new.type = exp.DataType.build("DOUBLE")
    return new


_MODIFIER = re.compile(r"([+-]?\d+) (day|month|year|hour|minute|second)s?")


def _date(node: exp.Expr, dialect: str) -> exp.Expr:
    """date() and datetime() with modifiers: intervals, 'start of month', 'start of year'."""
    name = node.name.lower() if isinstance(node, exp.Anonymous) else ""
    if isinstance(node, exp.Date) and node.this is not None and not node.expressions:
        new = _cast(_moment(node.this, dialect), "DATE")
        return new
    if name not in ("date", "datetime") or not node.expressions:
        return node
    value, *modifiers = node.expressions
    new = _moment(value, dialect)
    for modifier in modifiers:
        new = _modified(new, modifier, dialect)
    return _cast(new, "DATE") if name == "date" else new


def _modified(value: exp.Expr, modifier: exp.Expr, dialect: str) -> exp.Expr:
    if not modifier.is_string:
        parts = list(modifier.flatten()) if isinstance(modifier, exp.DPipe) else []
        plain = len(parts) == 3 and parts[0].is_string and parts[2].is_string
        if not plain or parts[0].name != "+" or parts[2].name.strip() not in ("minutes", "days"):
            raise CannotTranspile("a date modifier that is computed")
        unit = parts[2].name.strip()[:-1].upper()
        templates = {
            "postgresql": f"{{x}} + {{n}} * INTERVAL '1 {unit}'",
            "mysql": f"DATE_ADD({{x}}, INTERVAL {{n}} {unit})",
            "duckdb": f"{{x}} + {{n}} * INTERVAL '1 {unit}'",
        }
        new = _parsed(dialect, templates[dialect], x=value, n=parts[1])
    elif modifier.name.startswith("start of ") and modifier.name[9:] in ("month", "year"):
        unit = modifier.name[9:]
        if dialect == "mysql":
            shape = "%Y-%m-01" if unit == "month" else "%Y-01-01"
            new = _parsed(dialect, f"CAST(DATE_FORMAT({{x}}, '{shape}') AS DATETIME)", x=value)
        else:
            new = _parsed(dialect, f"DATE_TRUNC('{unit}', {{x}})", x=value)
    elif found := _MODIFIER.fullmatch(modifier.name):
        number, unit = int(found[1]), found[2].upper()
        if dialect == "mysql":
            new = _parsed(dialect, f"DATE_ADD({{x}}, INTERVAL {number} {unit})", x=value)
        else:
            sign = "-" if number < 0 else "+"
            new = _parsed(dialect, f"{{x}} {sign} INTERVAL '{abs(number)} {unit}'", x=value)
    else:
        raise CannotTranspile(f"the date modifier '{modifier.name}'")
    new = exp.paren(new) if isinstance(new, exp.Binary) else new
    new.type = exp.DataType.build("TIMESTAMP")
    return new


def _like(node: exp.Expr, dialect: str) -> exp.Expr:
    """LIKE: SQLite's ignores the case of ASCII letters."""
    if not isinstance(node, exp.Like):
        return node
    value, pattern = node.this, node.expression
    if _is(value, _TIMES) and dialect != "mysql":
        value = _cast(value, "TEXT")
    sides = {"this": value.copy(), "expression": pattern.copy()}
    if dialect == "mysql":
        lowered = {name: exp.Lower(this=side) for name, side in sides.items()}
        return exp.Like(**{**node.args, **lowered})
    return exp.ILike(**{**node.args, **sides})


def _boolean(node: exp.Expr, dialect: str) -> exp.Expr:
    """PostgreSQL: a BOOLEAN is no number, a comparison no summand, a number no condition."""
    if dialect != "postgresql":
        return node
    boolean = {exp.DataType.Type.BOOLEAN}
    if isinstance(node, _COMPARISONS):
        for side, other in ((node.this, node.expression), (node.expression, node.this)):
            if _is(side, boolean) and other.is_int and other.name in ("0", "1"):
                other.replace(exp.true() if other.name == "1" else exp.false())
    if isinstance(node, exp.Sum | exp.Avg | exp.Max | exp.Min) and (
        _is(node.this, boolean) or isinstance(node.this, exp.Predicate | exp.Connector)
    ):
        node.set("this", _cast(node.this, "INT"))
    return node


def _temporal_text(node: exp.Expr, dialect: str) -> exp.Expr:
    """A date beside text that is no plain literal is compared as text."""
    if dialect == "mysql":
        return node
    if isinstance(node, (*_COMPARISONS, exp.DPipe)):
        for side, other in ((node.this, node.expression), (node.expression, node.this)):
            text = _is(other, _TEXTS) and (not other.is_string or isinstance(node, exp.DPipe))
            if _is(side, _TIMES) and (text or isinstance(node, exp.DPipe)):
                side.replace(_cast(side, "TEXT"))
    if isinstance(node, exp.Substring) and _is(node.this, _TIMES):
        node.set("this", _cast(node.this, "TEXT"))
    if isinstance(node, exp.Coalesce) and any(_is(other, _TEXTS) for other in node.expressions):
        first = node.this
        node.set("this", _cast(first, "TEXT") if _is(first, _TIMES) else first)
    return node


def _arithmetic(node: exp.Expr, dialect: str) -> exp.Expr:
    """Text in arithmetic is a number in SQLite."""
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Mod) and not (
        isinstance(node.expression, exp.Interval) or isinstance(node.this, exp.Interval)
    ):
        for side in (node.this, node.expression):
            if _is(side, _TEXTS):
                side.replace(_cast(side, "INT"))
    return node


def _quotient(node: exp.Expr, dialect: str) -> exp.Expr:
    """A quotient of integers is cut; MySQL's of decimals keeps four more digits only."""
    if not isinstance(node, exp.Div):
        return node
    first, second = node.this, node.expression
    if _is(first, _INTEGERS) and _is(second, _INTEGERS):
        if dialect == "postgresql":
            return node
        whole = exp.IntDiv(this=first.copy(), expression=second.copy())
        whole.type = exp.DataType.build("BIGINT")
        return whole
    if dialect == "mysql":
        first.replace(_cast(first, "DOUBLE"))
    return node


def _average(node: exp.Expr, dialect: str) -> exp.Expr:
    """MySQL's average of integers or decimals keeps four more digits only."""
    if dialect == "mysql" and isinstance(node, exp.Avg) and not isinstance(node.this, exp.Distinct):
        node.set("this", _cast(node.this, "DOUBLE"))
    return node


def _round(node: exp.Expr, dialect: str) -> exp.Expr:
    """PostgreSQL rounds a double to whole numbers only, and both cut halves of a double."""
    if isinstance(node, exp.Round) and dialect != "duckdb":
        node.set("this", _cast(node.this, "DECIMAL(38, 12)" if dialect == "mysql" else "DECIMAL"))
    return node


def _whole(node: exp.Expr, dialect: str) -> exp.Expr:
    """CAST(… AS INTEGER) of a number cuts in SQLite and rounds elsewhere."""
    if not (isinstance(node, exp.Cast) and node.to.this in _INTEGERS):
        return node
    value = node.this
    if _is(value, _TEXTS) or _is(value, _INTEGERS) or value.type is None:
        return node
    if isinstance(value, exp.Predicate | exp.Connector) or _is(value, {exp.DataType.Type.BOOLEAN}):
        return node
    template = "TRUNCATE({x}, 0)" if dialect == "mysql" else "TRUNC({x})"
    node.set("this", _parsed(dialect, template, x=value))
    return node


def _functions(node: exp.Expr, dialect: str) -> exp.Expr:
    """total() is SUM with 0.0 for nothing; functions that no other dialect has are refused."""
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        if name == "total":
            total = exp.Sum(this=node.expressions[0].copy())
            return exp.Coalesce(this=total, expressions=[exp.Literal.number("0.0")])
        if name == "printf":
            return _printf(node, dialect)
        raise CannotTranspile(f"{name}() has no counterpart")
    return node


def _printf(node: exp.Anonymous, dialect: str) -> exp.Expr:
    shape, *values = node.expressions
    if dialect == "duckdb":
        return exp.Anonymous(this="PRINTF", expressions=node.expressions)
    parts: list[exp.Expr] = []
    for piece in re.findall(r"%\d*d|[^%]+", shape.name):
        if not piece.startswith("%"):
            parts.append(exp.Literal.string(piece))
            continue
        value = _cast(values.pop(0), "TEXT")
        width = piece[1:-1].lstrip("0")
        parts.append(_parsed(dialect, f"LPAD({{x}}, {width}, '0')", x=value) if width else value)
    return exp.Concat(expressions=parts, safe=False, coalesce=False)


_Fix = Callable[["exp.Expr", str], "exp.Expr"]
# In this order: what makes dates comes before what compares them.
_FIXES: tuple[_Fix, ...] = (
    _strftime,
    _julianday,
    _date,
    _functions,
    _like,
    _boolean,
    _temporal_text,
    _whole,
    _arithmetic,
    _quotient,
    _average,
    _round,
)
