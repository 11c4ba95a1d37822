"""The hardness of a question in Spider's sense, counted on its gold query.

Source of the behaviour: taoyds/test-suite-sql-eval, `evaluation.py`, `eval_hardness`.
"""

from __future__ import annotations

from t2s_bench.metrics.spider_comparable import conditions_of
from t2s_bench.metrics.spider_query import Query

LEVELS = ("easy", "medium", "hard", "extra")


def hardness(gold: Query) -> str:
    """`easy`, `medium`, `hard` or `extra`, by counting the parts of the gold query.

    Raises SpiderSyntaxError where a missing AND or OR puts a connective in a condition's place.

    >>> from t2s_bench.metrics.spider_schema import SpiderSchema
    >>> from t2s_bench.metrics.spider_sql import parse
    >>> schema = SpiderSchema({"singer": ["name", "age"]})
    >>> hardness(parse("SELECT name FROM singer WHERE age > 20 ORDER BY name LIMIT 1", schema))
    'hard'
    """
    conditions = conditions_of(gold.joins) + conditions_of(gold.where) + conditions_of(gold.having)
    connectives = gold.joins[1::2] + gold.where[1::2] + gold.having[1::2]
    clauses = (
        bool(gold.where) + bool(gold.group) + (gold.order is not None) + gold.limited
        + max(len(gold.tables) - 1, 0)
        + connectives.count("or")
        + sum(condition.operator == "like" for condition in conditions)
    )  # fmt: skip
    # A subquery in FROM is no nesting, officially.
    nested = (gold.right is not None) + sum(
        isinstance(value, Query)
        for condition in conditions
        for value in (condition.value, condition.second)
    )
    # The official count of aggregates takes NOT in WHERE and HAVING, and AND or OR in HAVING, for
    # one, because it looks at the first element of whatever it is given.
    aggregates = (
        sum(item.aggregate != "none" for item in gold.select)
        + sum(condition.negated for condition in conditions_of(gold.where))
        + sum(unit.aggregate != "none" for unit in gold.group)
        + sum(isinstance(item, str) or item.negated for item in gold.having)
    )
    if gold.order is not None:
        for unit in gold.order.units:
            aggregates += unit.left.aggregate != "none"
            aggregates += unit.right is not None and unit.right.aggregate != "none"
    others = (
        (aggregates > 1) + (len(gold.select) > 1) + (len(gold.where) > 1) + (len(gold.group) > 1)
    )
    if nested == 0:
        if clauses <= 1 and others == 0:
            return "easy"
        if (others <= 2 and clauses <= 1) or (clauses <= 2 and others < 2):
            return "medium"
        if (others > 2 and clauses <= 2) or (clauses == 3 and others <= 2):
            return "hard"
    elif nested == 1 and clauses <= 1 and others == 0:
        return "hard"
    return "extra"
