"""Near-miss mutants of a gold: the mistakes a Text-to-SQL system makes, one at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..query import Query
from ..schema import Relation
from . import aggregates, columns, conditions, joins, literals, shape

Operator = Callable[[Query, sqlite3.Connection], Iterator[tuple[str, str]]]


@dataclass(frozen=True)
class Family:
    """A kind of mistake, and what a filling needs so that the mistake shows."""

    name: str
    operator: Operator
    remedy: str


@dataclass(frozen=True)
class Mutant:
    """One wrong query, as close to the gold as one mistake leaves it."""

    family: Family
    description: str
    sql: str


FAMILIES = (
    Family(
        "condition",
        conditions.dropped,
        "a row that meets all other conditions of the query but not this one",
    ),
    Family(
        "connective",
        conditions.connective,
        "a row that meets exactly one of the two conditions (and the rest of the query)",
    ),
    Family(
        "comparison",
        conditions.comparison,
        "a row exactly at the boundary that meets all other conditions",
    ),
    Family(
        "negation",
        conditions.negation,
        "rows on both sides of the condition that meet the others",
    ),
    Family(
        "number",
        literals.number,
        "rows just inside and just outside the number, which meet all other conditions",
    ),
    Family("string", literals.string, "rows with the other value that meet all other conditions"),
    Family("date", literals.date, "a row exactly on the date that meets all other conditions"),
    Family(
        "pattern",
        literals.pattern,
        "a value with text on the side where the wildcard was, which meets all other conditions",
    ),
    Family("limit", literals.limit, "more rows than LIMIT (and OFFSET) take"),
    Family(
        "join",
        joins.kind,
        "a row of the left table without a partner, which meets all other conditions",
    ),
    Family("table", joins.dropped, "rows without a partner, or with two, in the dropped table"),
    Family(
        "aggregate",
        aggregates.function,
        "groups with several different values, and NULLs in the counted column",
    ),
    Family("distinct", aggregates.distinct, "rows that are equal in all the columns of the output"),
    Family(
        "column",
        columns.other,
        "rows in which the two columns differ in what the query makes of it",
    ),
    Family(
        "group",
        columns.grouping,
        "two groups that only the dropped column keeps apart, such as the same name twice",
    ),
    Family("set", shape.set_operation, "a row on both sides, and rows on either side alone"),
    Family("case", shape.case, "rows in both branches"),
    Family("window", shape.window, "several partitions, and ties in the window's order"),
    Family(
        "order", shape.order, "rows that tie in the keys before this one and differ in this one"
    ),
    Family("function", shape.function, "a value that the function changes"),
)


def mutants(sql: str, tables: dict[str, Relation], connection: sqlite3.Connection) -> list[Mutant]:
    """All mutants of a gold, without those that provably mean the same.

    The connection is the main filling: it gives the other values a string literal may take. The
    order is stable and no two mutants have the same SQL.
    """
    query = Query(sql, tables)
    found: dict[str, Mutant] = {}
    for family in FAMILIES:
        for description, changed in family.operator(query, connection):
            found.setdefault(changed, Mutant(family, description, changed))
    found.pop(query.sql, None)
    return list(found.values())
