"""A sampled query as data: what phrases word and what is written as SQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from t2s_bench.databases.connection import quote_identifier
from t2s_bench.synthesis.profile import Link, Ref, Value

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset(
    """
    add all alter and as autoincrement between by case check collate commit constraint create
    cross current_date current_time current_timestamp default deferrable delete distinct drop
    else escape except exists foreign from full group having in index inner insert intersect
    into is isnull join left limit natural not nothing notnull null on or order outer primary
    references right select set table then to transaction union unique update using values
    when where
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Item:
    """A column, an aggregate of one, or (`ref` None) the count of rows."""

    ref: Ref | None
    aggregate: str = ""
    distinct: bool = False


@dataclass(frozen=True)
class Condition:
    """`operator` compares `ref` with `values`: two for BETWEEN, none for the column's average."""

    ref: Ref
    operator: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Having:
    """A bound on the groups: their number of rows, or an aggregate."""

    item: Item
    operator: str
    value: Value


@dataclass(frozen=True)
class Query:
    """One statement. `subject` is the table that the question is about and stands first in FROM.

    `without` is a foreign key whose child rows the subject must not have (NOT IN), `having_some`
    one of which it must have some (IN). `combined` is a set operation with a second query.
    """

    subject: str
    select: tuple[Item, ...]
    links: tuple[Link, ...] = ()
    distinct: bool = False
    where: tuple[Condition, ...] = ()
    connective: str = "AND"
    group: Ref | None = None
    having: Having | None = None
    order: Item | None = None
    descending: bool = True
    limit: int | None = None
    without: Link | None = None
    having_some: Link | None = None
    inner: Condition | None = None
    combined: tuple[str, Query] | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables in FROM, in their order."""
        found = [self.subject]
        for link in self.links:
            for table in (link.child.table, link.parent.table):
                if table not in found:
                    found.append(table)
        return tuple(found)


def sql_of(query: Query) -> str:
    """The statement in Spider's style: aliases T1, T2 … where there are several tables."""
    name = _namer(query)
    text = ", ".join(_item(item, name) for item in query.select)
    text = f"SELECT {'DISTINCT ' * query.distinct}{text} FROM {_from(query, name)}"
    conditions = [_condition(condition, name) for condition in query.where]
    for link, operator in ((query.without, "NOT IN"), (query.having_some, "IN")):
        if link is not None:
            inside = f"SELECT {_quoted(link.child.column)} FROM {_quoted(link.child.table)}"
            if query.inner is not None:
                inside += f" WHERE {_condition(query.inner, lambda ref: _quoted(ref.column))}"
            conditions.append(f"{name(link.parent)} {operator} ({inside})")
    if conditions:
        text += " WHERE " + f" {query.connective} ".join(conditions)
    if query.group is not None:
        text += f" GROUP BY {name(query.group)}"
    if query.having is not None:
        having = query.having
        text += f" HAVING {_item(having.item, name)} {having.operator} {literal(having.value)}"
    if query.order is not None:
        text += f" ORDER BY {_item(query.order, name)} {'DESC' if query.descending else 'ASC'}"
    if query.limit is not None:
        text += f" LIMIT {query.limit}"
    if query.combined is not None:
        operator, other = query.combined
        text += f" {operator} {sql_of(other)}"
    return text


def literal(value: Value) -> str:
    """A value as SQL writes it."""
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


def _namer(query: Query) -> Callable[[Ref], str]:
    tables = query.tables
    if len(tables) == 1:
        return lambda ref: _quoted(ref.column)
    return lambda ref: f"T{tables.index(ref.table) + 1}.{_quoted(ref.column)}"


def _from(query: Query, name: Callable[[Ref], str]) -> str:
    tables = query.tables
    if len(tables) == 1:
        return _quoted(tables[0])
    text = f"{_quoted(tables[0])} AS T1"
    known = {tables[0]}
    for link in query.links:
        for table in (link.child.table, link.parent.table):
            if table not in known:
                known.add(table)
                text += f" JOIN {_quoted(table)} AS T{tables.index(table) + 1}"
        first, second = sorted((link.child, link.parent), key=lambda r: tables.index(r.table))
        text += f" ON {name(first)} = {name(second)}"
    return text


def _item(item: Item, name: Callable[[Ref], str]) -> str:
    inside = "*" if item.ref is None else name(item.ref)
    if item.distinct:
        inside = f"DISTINCT {inside}"
    return f"{item.aggregate}({inside})" if item.aggregate else inside


def _condition(condition: Condition, name: Callable[[Ref], str]) -> str:
    column, operator = name(condition.ref), condition.operator
    if not condition.values:
        inner = f"SELECT avg({_quoted(condition.ref.column)}) FROM {_quoted(condition.ref.table)}"
        return f"{column} {operator} ({inner})"
    values = " AND ".join(literal(value) for value in condition.values)
    return f"{column} {operator} {values}"


def _quoted(name: str) -> str:
    if _PLAIN.fullmatch(name) and name.lower() not in _RESERVED:
        return name
    return quote_identifier(name)
