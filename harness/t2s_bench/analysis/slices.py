"""Slices of a benchmark: by difficulty, by database and by what the gold SQL uses.

Features come from sqlglot's syntax tree of the first gold, and are kept on disk by the text of the
SQL, because parsing a benchmark takes longer than scoring it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256

from t2s_bench.runs import records
from t2s_bench.settings import cache_folder
from t2s_bench.types import Example

# A tuple of node names is any of them. Names are sqlglot's classes.
_NODES: Mapping[str, tuple[str, ...]] = {
    "join": ("Join",),
    "aggregate": ("AggFunc",),
    "group by": ("Group",),
    "having": ("Having",),
    "order by": ("Order",),
    "limit": ("Limit",),
    "distinct": ("Distinct",),
    "set operation": ("Union", "Intersect", "Except"),
    "case": ("Case",),
    "window": ("Window",),
    "like": ("Like", "Glob"),
    "common table expression": ("CTE",),
}
# The benchmarks' own labels, from easy to hard: Spider's, BIRD's and mini's.
DIFFICULTIES = ("easy", "simple", "medium", "moderate", "hard", "challenging", "extra")
FEATURES = (*_NODES, "subquery", "two or more joins", "date function", "unparsed")
_DATE_FUNCTIONS = ("strftime", "julianday", "date(", "datetime(", "time(")


def sql_features(sql: str, dialect: str = "sqlite") -> tuple[str, ...]:
    """What a query uses, in the order of FEATURES; ('unparsed',) where sqlglot cannot read it.

    >>> sql_features("SELECT a FROM t JOIN u ON t.i = u.i WHERE b IN (SELECT c FROM v)")
    ('join', 'subquery')
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql, dialect={"postgresql": "postgres"}.get(dialect, dialect))
    except SqlglotError:
        return ("unparsed",)
    nodes = list(tree.walk())
    found = {
        name
        for name, classes in _NODES.items()
        if any(isinstance(node, tuple(getattr(exp, c) for c in classes)) for node in nodes)
    }
    joins = sum(isinstance(node, exp.Join) for node in nodes)
    if sum(isinstance(node, exp.Select) for node in nodes) > 1 and any(
        isinstance(node, exp.Subquery | exp.Exists)
        or (isinstance(node, exp.In) and node.args.get("query"))
        for node in nodes
    ):
        found.add("subquery")
    if joins > 1:
        found.add("two or more joins")
    if any(name in sql.lower() for name in _DATE_FUNCTIONS):
        found.add("date function")
    return tuple(name for name in FEATURES if name in found)


def features_of(examples: Iterable[Example]) -> dict[str, tuple[str, ...]]:
    """The features of each example's first gold, by id; parsed once per benchmark."""
    listed = list(examples)
    text = json.dumps([[example.golds[0], example.question.dialect] for example in listed])
    path = cache_folder() / "features" / f"{sha256(text.encode()).hexdigest()[:32]}.json"
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        found = [sql_features(example.golds[0], example.question.dialect) for example in listed]
        path.parent.mkdir(parents=True, exist_ok=True)
        records.replace(path, json.dumps(found).encode())
    return {example.id: tuple(names) for example, names in zip(listed, found, strict=True)}
