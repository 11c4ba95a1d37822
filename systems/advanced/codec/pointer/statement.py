"""A statement of the pointer codec as a tree: what its tokens say, and no more.

Tables and columns are places in the schema. `instance` counts the instances of one table in one
FROM from 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias


class Malformed(ValueError):
    """Tokens that are no statement; its text is the reason."""


class Inexpressible(ValueError):
    """SQL beyond the codec, or a literal that no item stands for; its text is the reason."""


@dataclass(frozen=True)
class Column:
    """A column; `outer` skips the query that it stands in."""

    table: int
    column: int
    instance: int = 0
    outer: bool = False


@dataclass(frozen=True)
class Literal:
    """A literal as SQL text; `token` is its own in the vocabulary, or its pointer."""

    text: str
    token: int


@dataclass(frozen=True)
class Star:
    """`*`, also inside COUNT."""


@dataclass(frozen=True)
class Aggregate:
    """An aggregate of one expression."""

    name: str
    argument: Expression
    distinct: bool = False


@dataclass(frozen=True)
class Arithmetic:
    """Operands and the operators between them, by SQL's precedence."""

    operands: tuple[Expression, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True)
class Bracketed:
    """An expression in brackets."""

    inner: Expression


@dataclass(frozen=True)
class Subquery:
    """A query as an operand."""

    query: Query


Expression: TypeAlias = "Column | Literal | Star | Aggregate | Arithmetic | Bracketed | Subquery"


@dataclass(frozen=True)
class Comparison:
    """Two expressions compared by `=`, `!=`, `<`, `<=`, `>` or `>=`."""

    left: Expression
    operator: str
    right: Expression


@dataclass(frozen=True)
class Among:
    """IN: among literals, or among the rows of one subquery."""

    left: Expression
    negated: bool
    choices: tuple[Literal, ...] | Subquery


@dataclass(frozen=True)
class Like:
    """LIKE; `shape` puts wildcards around the literal, "" takes it as it is."""

    left: Expression
    negated: bool
    shape: str
    literal: Literal


@dataclass(frozen=True)
class Between:
    """Between two expressions, both included."""

    left: Expression
    negated: bool
    low: Expression
    high: Expression


@dataclass(frozen=True)
class Null:
    """IS NULL, or IS NOT NULL where negated."""

    left: Expression
    negated: bool


@dataclass(frozen=True)
class Exists:
    """EXISTS of a subquery."""

    negated: bool
    query: Query


@dataclass(frozen=True)
class Junction:
    """Conditions joined by AND, or by OR; at least two."""

    word: str
    parts: tuple[Condition, ...]


Condition: TypeAlias = "Comparison | Among | Like | Between | Null | Exists | Junction"


@dataclass(frozen=True)
class Source:
    """A table in FROM.

    `kind` is "" (joined as the schema tells), "LEFT" or "CROSS" (not joined to the ones before).
    `on` are pairs of equal columns where they are written out.
    """

    table: int
    instance: int = 0
    kind: str = ""
    on: tuple[tuple[Column, Column], ...] = ()


@dataclass(frozen=True)
class Derived:
    """A query in FROM, alone; its columns cannot be named, only counted or all shown."""

    query: Query


@dataclass(frozen=True)
class Core:
    """One SELECT without what orders and limits it."""

    items: tuple[Expression, ...]
    sources: tuple[Source | Derived, ...]
    distinct: bool = False
    where: Condition | None = None
    group: tuple[Expression, ...] = ()
    having: Condition | None = None


@dataclass(frozen=True)
class Query:
    """Cores joined by set operators from left to right, ordered by (expression, descending)."""

    cores: tuple[Core, ...]
    operators: tuple[str, ...] = ()
    order: tuple[tuple[Expression, bool], ...] = ()
    limit: Literal | None = None


def all_of(conditions: Iterable[Condition]) -> Condition | None:
    """The conditions joined by AND, or None where there are none."""
    parts: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, Junction) and condition.word == "AND":
            parts.extend(condition.parts)
        else:
            parts.append(condition)
    if len(parts) < 2:
        return parts[0] if parts else None
    return Junction("AND", tuple(parts))
