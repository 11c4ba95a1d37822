"""What is asked of single nodes of sqlglot's trees, whatever query they stand in."""

from __future__ import annotations

from importlib.metadata import version
from typing import TypeAlias, cast

import sqlglot
from sqlglot import exp

# Earlier versions drop the column names of WITH t(a, b) when they write SQLite.
if tuple(map(int, version("sqlglot").split(".")[:2])) < (30, 12):
    raise ImportError(
        f"the mutants need sqlglot 30.12 or later, this is {version('sqlglot')}: "
        "pip install -U sqlglot"
    )

# The base class of all nodes; a text, as older versions of sqlglot call it Expression.
Node: TypeAlias = "exp.Expr"


def parse(sql: str) -> exp.Query:
    """The tree of one SQLite SELECT; raises sqlglot's ParseError for what it cannot read."""
    tree = sqlglot.parse_one(sql, dialect="sqlite")
    if not isinstance(tree, exp.Query):
        raise sqlglot.ParseError("not a SELECT")
    return tree


def render(tree: Node) -> str:
    """The tree as SQLite text."""
    return tree.sql(dialect="sqlite")


def short(node: Node, limit: int = 60) -> str:
    """A node's text, cut for a message."""
    text = render(node)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def unwrapped(node: Node) -> Node:
    """The node without its parentheses and alias."""
    while isinstance(node, (exp.Paren, exp.Alias)):
        node = node.this
    return node


def conjuncts(node: Node | None) -> list[Node]:
    """The conditions that AND connects."""
    if node is None:
        return []
    if isinstance(node, exp.And):
        return conjuncts(node.this) + conjuncts(node.expression)
    return conjuncts(node.this) if isinstance(node, exp.Paren) else [node]


def is_left(join: exp.Join) -> bool:
    """Whether a join keeps the rows of its left side."""
    return str(join.args.get("side") or "").upper() == "LEFT"


def part(node: Node, name: str) -> Node | None:
    """A clause that newer versions of sqlglot store under a name with an underscore."""
    found = node.args.get(f"{name}_") or node.args.get(name)
    return cast("Node | None", found)


def columns_in(node: Node) -> list[exp.Column]:
    """Every column reference below a node, those in subqueries included."""
    return [found for found in node.find_all(exp.Column) if not isinstance(found.this, exp.Star)]


def aggregates(select: exp.Select) -> list[Node]:
    """The aggregate functions of a SELECT itself: no window functions, none of subqueries."""
    found = []
    roots = [*select.expressions, select.args.get("having"), select.args.get("order")]
    for root in roots:
        for node in root.find_all(exp.AggFunc) if root is not None else []:
            inside_window = isinstance(node.parent, exp.Window) and node.arg_key == "this"
            if node.find_ancestor(exp.Select) is select and not inside_window:
                found.append(node)
    return found


def is_scalar(query: Node) -> bool:
    """Whether a subquery stands where one value is expected: only its first row counts."""
    parent = query.parent
    return (
        isinstance(parent, exp.Subquery)
        and not isinstance(parent.parent, (exp.From, exp.Join, exp.In, exp.SetOperation))
        and not isinstance(parent.parent, exp.Subquery)
    )


def ignores_duplicates(query: Node) -> bool:
    """Whether only the set of a query's rows matters: below IN, EXISTS or a set operation."""
    if query.args.get("limit") is not None:
        return False
    parent = query.parent
    while isinstance(parent, (exp.Paren, exp.Subquery)):
        query, parent = parent, parent.parent
    if isinstance(parent, exp.Exists):
        return True
    if isinstance(parent, exp.In):
        return query.arg_key == "query"
    if isinstance(parent, exp.SetOperation):
        return bool(parent.args.get("distinct")) or ignores_duplicates(parent)
    return False
