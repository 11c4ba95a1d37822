"""What of a query Spider's exact set match compares: values, DISTINCT and key names taken out.

Source of the behaviour: taoyds/test-suite-sql-eval, `evaluation.py`, its `rebuild_` functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from t2s_bench.metrics.spider_query import (
    ColumnUnit,
    Condition,
    Conditions,
    OrderBy,
    Query,
    SelectItem,
    Value,
    ValueUnit,
)
from t2s_bench.metrics.spider_schema import SpiderSchema
from t2s_bench.metrics.spider_tokens import SpiderSyntaxError


def conditions_of(row: Conditions) -> tuple[Condition, ...]:
    """The conditions of a row: every second item, as officially, from the first on."""
    found = []
    for item in row[::2]:
        if isinstance(item, str):
            raise SpiderSyntaxError(f"'{item}' where a condition is expected: AND or OR is missing")
        found.append(item)
    return tuple(found)


def comparable(query: Query, schema: SpiderSchema, values: bool, distinct: bool) -> Query:
    """Leaves out what is not compared and names each foreign-key class by one column.

    That reaches the query and its set operations. A subquery in WHERE, HAVING or ON only loses its
    values, and one in FROM nothing: there DISTINCT and each key's own name stay compared. Classes
    are only used for tables in the FROM of the first SELECT.
    """
    scope = {table for table in query.tables if isinstance(table, str)}
    return _rewritten(query, schema.foreign_keys, scope, values, distinct)


def _rewritten(
    query: Query, keys: Mapping[str, str], scope: Set[str], values: bool, distinct: bool
) -> Query:
    def column(unit: ColumnUnit) -> ColumnUnit:
        name = unit.column
        if name in keys and name.partition(".")[0] in scope:
            name = keys[name]
        return ColumnUnit(unit.aggregate, name, unit.distinct if distinct else None)

    def unit_of(unit: ValueUnit) -> ValueUnit:
        right = unit.right
        return ValueUnit(unit.operator, column(unit.left), right and column(right))

    def conditions(row: Conditions) -> Conditions:
        if not row:
            return row
        changed = list(row)
        changed[::2] = [
            Condition(
                condition.negated,
                condition.operator,
                unit_of(condition.unit),
                condition.value if values else _without_value(condition.value),
                condition.second if values else _without_value(condition.second),
            )
            for condition in conditions_of(row)
        ]
        return tuple(changed)

    order, right = query.order, query.right
    return Query(
        distinct=query.distinct if distinct else None,
        select=tuple([SelectItem(item.aggregate, unit_of(item.unit)) for item in query.select]),
        tables=query.tables,
        joins=conditions(query.joins),
        where=conditions(query.where),
        group=tuple([column(unit) for unit in query.group]),
        having=conditions(query.having),
        order=order and OrderBy(order.direction, tuple([unit_of(unit) for unit in order.units])),
        limited=query.limited,
        set_operator=query.set_operator,
        right=right and _rewritten(right, keys, scope, values, distinct),
    )


def _without_value(value: Value) -> Value:
    return _without_values(value) if isinstance(value, Query) else None


def _without_values(query: Query) -> Query:
    """The query with every literal and every column on the right of a comparison left out."""

    def conditions(row: Conditions) -> Conditions:
        changed = list(row)
        changed[::2] = [
            condition._replace(
                value=_without_value(condition.value), second=_without_value(condition.second)
            )
            for condition in conditions_of(row)
        ]
        return tuple(changed)

    return query._replace(
        joins=conditions(query.joins),
        where=conditions(query.where),
        having=conditions(query.having),
        right=query.right and _without_values(query.right),
    )
