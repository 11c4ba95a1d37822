"""A query that is being written: at which place of which clause, and what stands there already."""

from __future__ import annotations

from typing import NamedTuple

from . import vocabulary as v

# Subqueries inside one another, brackets inside one another, instances of one table, and ON of one
# table: Spider's training golds have up to 3 of these.
DEEPEST, MOST_BRACKETS, MOST_INSTANCES, MOST_ON = 6, 3, 4, 4

# What is expected next in a query.
(
    ITEM,  # the first operand of a list, or the left side of a predicate
    OPERAND,  # an operand after an operator or a bracket
    ARGUMENT,  # of an aggregate, maybe after DISTINCT
    DISTINCT_ARGUMENT,
    COLUMN,  # after SECOND or OUTER
    AFTER_OPERAND,
    CHOICE,  # after IN
    AFTER_CHOICE,
    SHAPE,  # after LIKE
    PATTERN,
    EXISTENCE,  # after EXISTS
    AFTER_PREDICATE,
    SOURCE,  # after FROM
    TABLE,  # after LEFT JOIN, CROSS JOIN or SECOND
    AFTER_SOURCE,
    ON_LEFT,
    ON_RIGHT,
    AFTER_KEY,  # of ORDER BY
    NUMBER,  # after LIMIT
    AFTER_LIMIT,
    FINISHED,
) = range(21)
# The side of a predicate that an operand is on; LOW is BETWEEN's first bound.
LEFT, RIGHT, LOW = range(3)
SELECT = v.BEGIN  # how the clause of the silent SELECT is called here


class Open(NamedTuple):
    """One query of the stack, as far as it decides what may follow.

    `needed` are the tables whose columns it selects, `held` those that FROM names, `exposed` those
    that its first core selects; sets of bits, table t's instance i being bit t + i * tables.
    """

    clause: int = SELECT  # the keyword that opened the clause
    place: int = ITEM
    side: int = LEFT
    needed: int = 0
    held: int = 0
    exposed: int = 0
    items: int = 0
    wanted: int = 0  # how many columns it must select, 0 where that is open
    starred: bool = False
    distinct: bool = False
    compound: bool = False
    grouped: bool = False  # by GROUP BY, or into one row by an aggregate
    alone: bool = False  # FROM is a derived table, of which no column can be named
    joined: bool = False  # the last table may have ON
    latest: int = 0  # the bit of the last table
    # What its ON say already: a column (item) of it, and the bit of the table that the other is of.
    told: tuple[tuple[int, int], ...] = ()
    left: int = -1  # the column that ON has begun with
    brackets: tuple[int, ...] = ()  # OPEN, SQUARE, or COUNT for an aggregate's square one
    instance: int = 0  # how many SECOND stand before the next table or column
    outer: bool = False
    after: int = 0  # the place of a column with SECOND or OUTER before it
