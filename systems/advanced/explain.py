"""What a SQL statement does, in plain English, clause by clause in the order of its evaluation.

For people who do not read SQL: `ask --explain` shows it, and the clarifier words its questions with
it. It tells what is written, never whether that answers the question.
"""

from __future__ import annotations

from .reading import Node, argument, parse
from .wording import Wording, join


def explain(sql: str, dialect: str = "sqlite") -> str:
    """One sentence a line. What there are no words for is quoted.

    >>> print(explain("SELECT name FROM singer WHERE age > 20 ORDER BY age DESC LIMIT 3"))
    Takes the rows of singer.
    Keeps those where age is greater than 20.
    Sorts them by age from high to low.
    Shows name, only the first 3 rows.
    """
    return "\n".join(steps(sql, dialect))


def steps(sql: str, dialect: str = "sqlite") -> tuple[str, ...]:
    """The sentences of `explain`; a statement that cannot be read is quoted whole."""
    tree = parse(sql, dialect)
    whole = (f"Runs `{' '.join(sql.split())}`.",)
    if tree is None:
        return whole
    try:
        return tuple(_steps(tree, Wording(dialect))) or whole
    except RecursionError:  # a tree deeper than Python's stack
        return whole


def _steps(tree: Node, wording: Wording) -> list[str]:
    from sqlglot import exp

    while isinstance(tree, exp.Subquery) and not tree.args.get("order"):
        tree = tree.this
    said = []
    defined = argument(tree, "with")
    for one in defined.expressions if defined is not None else []:
        said.append(f"First finds {one.alias}: {wording.say(one.this)}.")
    if isinstance(tree, exp.SetOperation):
        return said + _set_operation(tree, wording)
    if not isinstance(tree, exp.Select) or not tree.expressions:
        return [*said, f"Runs {wording.quote(tree)}."]
    return said + _select(tree, wording)


def _select(tree: Node, wording: Wording) -> list[str]:
    said = []
    start = argument(tree, "from")
    if start is not None:
        joined = tree.args.get("joins")
        sources = wording.sources(tree)
        said.append(f"Joins {sources}." if joined else f"Takes the rows of {sources}.")
    where, group, having = (tree.args.get(name) for name in ("where", "group", "having"))
    if where is not None:
        said.append(f"Keeps those where {wording.say(where.this)}.")
    if group is not None:
        said.append(f"Puts them together for each {wording.grouping(tree, group)}.")
    if having is not None:
        said.append(f"Keeps the groups where {wording.say(having.this)}.")
    order = wording.ordering(tree)
    if order:
        said.append(f"Sorts them by {order}.")
    limit = wording.limiting(tree)
    said.append(
        f"Shows {wording.distinct(tree)}{wording.listed(tree.expressions)}"
        f"{f', only {limit}' if limit else ''}."
    )
    others = [
        wording.quote(tree.args[name]) for name in ("qualify", "windows") if _node(tree, name)
    ]
    return said + ([f"And: {join(others)}."] if others else [])


def _node(tree: Node, name: str) -> bool:
    """Whether a part is there that can be quoted."""
    return hasattr(tree.args.get(name), "sql")


def _set_operation(tree: Node, wording: Wording) -> list[str]:
    kind = type(tree).__name__
    repeats = "repeats left out" if tree.args.get("distinct", True) else "repeats kept"
    together = {
        "Intersect": "Gives the rows that both have",
        "Except": "Gives the rows of the first that the second does not have",
    }.get(kind, f"Gives the rows of both, {repeats}")
    return [
        f"First query: {wording.say(tree.this)}.",
        f"Second query: {wording.say(tree.expression)}.",
        f"{together}{wording.order_and_limit(tree)}.",
    ]
