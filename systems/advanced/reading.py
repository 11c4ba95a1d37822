"""A statement as a syntax tree whose columns carry their real tables, and the names it uses.

sqlglot parses; the scopes are resolved here, because its own resolver refuses a statement that
names one unknown column, and a wrong candidate is exactly such a statement. Nothing is rewritten:
what cannot be resolved stays as it is written.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from t2s_bench.databases.schema import Schema

# sqlglot's base class of nodes has another name in each of its newer majors.
Node: TypeAlias = Any

# How the harness calls a dialect → how sqlglot does.
DIALECTS = {"postgresql": "postgres", "mariadb": "mysql"}
_COMPARISONS = {"EQ": "=", "NEQ": "!=", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<="}
_CALLS = {"Count": "COUNT", "Sum": "SUM", "Avg": "AVG", "Min": "MIN", "Max": "MAX"}
_CLAUSES = {"Group": "GROUP BY", "Having": "HAVING", "Order": "ORDER BY", "Limit": "LIMIT"}
_SETS = {"Union": "UNION", "Intersect": "INTERSECT", "Except": "EXCEPT"}


# sqlglot looks at what follows a JOIN without ON twice, so each doubles its time: 8 take 4 ms, 18
# half a minute.
_JOINS = re.compile(r"\b(?:(join)|on|using)\b", re.IGNORECASE)
BARE_JOINS = 8


def parse(sql: str, dialect: str = "sqlite") -> Node | None:
    """The tree of one statement, or None for what sqlglot cannot read (in bearable time).

    The tree may be shared: whoever changes it copies it first.
    """
    return _parsed(sql, DIALECTS.get(dialect, dialect))


@lru_cache(maxsize=512)
def _parsed(sql: str, dialect: str) -> Node | None:
    return _read(sql, dialect)


def _read(sql: str, dialect: str) -> Node | None:
    import sqlglot
    from sqlglot.errors import SqlglotError

    joins = [bool(found[1]) for found in _JOINS.finditer(sql)]
    if 2 * sum(joins) - len(joins) > BARE_JOINS:
        return None
    # sqlglot tells through its log that it reads something as a mere command. (To set a level would
    # empty what all loggers keep.)
    log = logging.getLogger("sqlglot")
    silent, log.disabled = log.disabled, True
    try:
        found = [tree for tree in sqlglot.parse(sql, dialect=dialect) if tree is not None]
    except (SqlglotError, RecursionError):
        return None
    finally:
        log.disabled = silent
    return found[0] if len(found) == 1 else None


def argument(node: Node, name: str) -> Node | None:
    """The part of a node by name; newer sqlglot writes Python's own words with an underscore."""
    return node.args.get(f"{name}_") or node.args.get(name)


def resolved(sql: str, schema: Schema, dialect: str = "sqlite") -> Node | None:
    """A tree whose columns carry the name of their table, both spelled as in the schema.

    An alias of a SELECT's item is replaced by the item where GROUP BY, HAVING and ORDER BY name it,
    and a name in double quotes that is no column becomes the string that SQLite takes it for.
    Columns of derived tables keep the derived table's name. The tree may be shared, as that of
    `parse`.
    """
    return _resolved(sql, schema, DIALECTS.get(dialect, dialect))


@lru_cache(maxsize=512)
def _resolved(sql: str, schema: Schema, dialect: str) -> Node | None:
    from sqlglot import exp

    tree = _read(sql, dialect)
    if tree is None:
        return None
    columns = list(tree.find_all(exp.Column))
    homes = {id(column): _home(column, schema) for column in columns}
    for column in columns:
        home = homes[id(column)]
        if home is not None:
            table, name = home
            column.set("table", exp.to_identifier(table, quoted=False))
            column.set("this", exp.to_identifier(name, quoted=False))
    for column in columns:
        if homes[id(column)] is not None:
            continue
        item = _aliased_item(column)
        if item is not None:
            column.replace(item.copy())
        elif not column.table and column.this.args.get("quoted") and schema.tables:
            column.replace(exp.Literal.string(column.name))
    return tree


def sources(select: Node) -> Iterator[tuple[str, Node]]:
    """The sources of one SELECT as (name in this SELECT, table or subquery), in order."""
    start = argument(select, "from")
    joined = [join.this for join in select.args.get("joins") or []]
    for source in ([start.this] if start is not None else []) + joined:
        yield source.alias_or_name, source


def table_of(source: Node, schema: Schema) -> str:
    """The real name of a source that is a table of the database, or ''."""
    from sqlglot import exp

    if not isinstance(source, exp.Table):
        return ""
    table = schema.table(source.name)
    return table.name if table is not None else ""


def literal_text(node: Node) -> str:
    """A literal as SQL text: `'France'`, `150`, `-3`."""
    from sqlglot import exp

    if isinstance(node, exp.Neg):
        return "-" + literal_text(node.this)
    if node.args.get("is_string"):
        text = str(node.name).replace("'", "''")
        return f"'{text}'"
    return str(node.name)


def names(tree: Node, schema: Schema) -> frozenset[str]:
    """What a resolved tree uses, spelled as constraints spell it (see `codec.Constraint`).

    Tables, 'table.column', literals, and in capitals the aggregates, comparisons, set operations
    and clauses.
    """
    from sqlglot import exp

    found: set[str] = set()
    for node in tree.walk():
        kind = type(node).__name__
        if isinstance(node, exp.Table):
            found.add(table_of(node, schema) or node.name)
        elif isinstance(node, exp.Column):
            found.add(f"{node.table}.{node.name}" if node.table else node.name)
        elif isinstance(node, exp.Literal):
            text = literal_text(node)
            found.add(text)
            if isinstance(node.parent, exp.Neg):
                found.add("-" + text)
        else:
            found.update(keywords(node, kind))
    return frozenset(found)


def keywords(node: Node, kind: str) -> list[str]:
    """The keywords that a node alone stands for."""
    from sqlglot import exp

    if isinstance(node, exp.Count) and isinstance(node.this, exp.Star):
        return ["COUNT", "COUNT(*)"]
    for table in (_COMPARISONS, _CALLS, _CLAUSES, _SETS):
        if kind in table:
            return [table[kind]]
    negated = isinstance(node.parent, exp.Not) or bool(node.args.get("negate"))
    no = "NOT " if negated else ""
    if kind in ("In", "Like", "Between", "Exists"):
        return [no + kind.upper()]
    if kind in ("And", "Or", "Distinct"):
        return [kind.upper()]
    if isinstance(node, exp.Is):
        return [f"IS {no}NULL"]
    if isinstance(node, exp.Ordered):
        return ["DESC" if node.args.get("desc") else "ASC"]
    return []


def _home(column: Node, schema: Schema) -> tuple[str, str] | None:
    """The (table, column) that a column means; None where no source has it."""
    from sqlglot import exp

    assert isinstance(column, exp.Column)
    if isinstance(column.this, exp.Star):
        return None
    scope = column.find_ancestor(exp.Select)
    while scope is not None:
        for alias, source in sources(scope):
            if column.table and alias.lower() != column.table.lower():
                continue
            real = table_of(source, schema)
            table = schema.table(real) if real else None
            found = table.column(column.name) if table is not None else None
            if table is not None and found is not None:
                return table.name, found.name
            if column.table:
                return None
        scope = scope.find_ancestor(exp.Select)
    return None


def _aliased_item(column: Node) -> Node | None:
    """The item of the same SELECT that has this name as its alias."""
    from sqlglot import exp

    if column.args.get("table") or isinstance(column.parent, exp.Alias):
        return None
    scope = column.find_ancestor(exp.Select)
    inside = column.find_ancestor(exp.Group, exp.Having, exp.Order)
    if scope is None or inside is None or inside.parent is not scope:
        return None
    for item in scope.expressions:
        if isinstance(item, exp.Alias) and item.alias.lower() == column.name.lower():
            return item.this
    return None
