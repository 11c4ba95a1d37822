"""A query of Spider's subset as nested tuples: what the parser makes and the metric compares."""

from __future__ import annotations

from typing import NamedTuple


# Named tuples, not dataclasses: a query has dozens of these parts, a run parses thousands of
# queries, and comparing and hashing them is what the metric does.
class ColumnUnit(NamedTuple):
    """A column, perhaps aggregated. `column` is `table.column` or `*`; no aggregate is `none`.

    `distinct` is None where DISTINCT is left out of the comparison.
    """

    aggregate: str
    column: str
    distinct: bool | None


class ValueUnit(NamedTuple):
    """One column, or two joined by an arithmetic operator (`none` for one)."""

    operator: str
    left: ColumnUnit
    right: ColumnUnit | None


class SelectItem(NamedTuple):
    """One item of the select list."""

    aggregate: str
    unit: ValueUnit


class Condition(NamedTuple):
    """`unit operator value`; `second` is the upper end of BETWEEN.

    A value is a number, a string with its double quotes, a column, a subquery, or None where values
    are left out of the comparison.
    """

    negated: bool
    operator: str
    unit: ValueUnit
    value: Value
    second: Value


class OrderBy(NamedTuple):
    """Sort keys and the one direction kept: the last that is written, else `asc`."""

    direction: str
    units: tuple[ValueUnit, ...]


class Query(NamedTuple):
    """One SELECT, with the set operation that follows it.

    `tables` holds table names and subqueries. `joins` (the ON conditions), `where` and `having` are
    conditions with `and` or `or` between them, in one flat row as written: where a connective is
    missing, so it is here. `limited` says that there is a LIMIT; its number is never read.
    """

    distinct: bool | None
    select: tuple[SelectItem, ...]
    tables: tuple[str | Query, ...]
    joins: Conditions
    where: Conditions
    group: tuple[ColumnUnit, ...]
    having: Conditions
    order: OrderBy | None
    limited: bool
    set_operator: str | None
    right: Query | None


Value = float | str | ColumnUnit | Query | None
Conditions = tuple[Condition | str, ...]

EMPTY_QUERY = Query(False, (), (), (), (), (), (), None, False, None, None)
"""What an unparsable prediction counts as."""
