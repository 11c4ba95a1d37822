"""Which tokens may follow: the states of a statement that is being written, and its clauses.

A state is a stack of queries, each at one place of one clause. What it allows depends on little,
so that masks are made once a graph and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from t2s_bench.databases.schema import Schema

from ...schema_graph.graph import Kind, SchemaGraph
from . import vocabulary as v
from .decode import Malformed, decode

Mask = npt.NDArray[np.bool_]

# Subqueries inside one another, brackets inside one another, instances of one table.
DEEPEST, MOST_BRACKETS, MOST_INSTANCES = 6, 3, 4

# What a query is for, which decides what it may select.
TOP, OPERAND_QUERY, EXISTS_QUERY, DERIVED_QUERY = range(4)
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

    purpose: int = TOP
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
    brackets: tuple[int, ...] = ()  # OPEN, SQUARE, or COUNT for an aggregate's square one
    instance: int = 0  # how many SECOND stand before the next table or column
    outer: bool = False
    after: int = 0  # the place of a column with SECOND or OUTER before it


@dataclass(frozen=True)
class State:
    """What is written so far. Immutable; `start` makes the first."""

    masks: _Masks
    stack: tuple[Open, ...] = (Open(),)

    @staticmethod
    def start(graph: SchemaGraph) -> State:
        """The empty statement; its masks are shared by all states that grow from it."""
        return State(_Masks(graph))

    def allowed(self) -> Mask:
        """Over V + items, read-only; nothing after END."""
        return self.masks.of(self.stack)

    def advance(self, token: int) -> State:
        """The state after one more token. Whether it is allowed is not checked."""
        return State(self.masks, _advanced(self.stack, token, self.masks))


def allowed(tokens: Sequence[int], graph: SchemaGraph) -> Mask:
    """Which tokens may follow a whole prefix; `State` is the way for many steps."""
    state = State.start(graph)
    for token in tokens:
        state = state.advance(token)
    return state.allowed()


def boundary(tokens: Sequence[int]) -> bool:
    """Whether the last token opens a clause, also of a subquery, or ends the statement."""
    return bool(tokens) and (tokens[-1] in v.CLAUSES or tokens[-1] == v.END)


def boundaries(tokens: Sequence[int]) -> list[int]:
    """The lengths of all prefixes that end at a boundary."""
    return [n + 1 for n, token in enumerate(tokens) if token in v.CLAUSES or token == v.END]


def executable_prefix(tokens: Sequence[int], schema: Schema, graph: SchemaGraph) -> str:
    """The longest statement of whole clauses, subqueries only as a whole; "" if there is none."""
    for end in reversed(_outer_boundaries(tokens)):
        try:
            return decode((*tokens[:end], v.END), schema, graph)
        except Malformed:
            continue
    return ""


def _outer_boundaries(tokens: Sequence[int]) -> list[int]:
    """Where a clause of the statement itself ends: the places of the keyword after it."""
    depth, ends = 0, []
    for n, token in enumerate(tokens):
        if token in (v.SUBQUERY, v.OPEN):
            depth += 1
        elif token == v.CLOSE:
            depth -= 1
        elif not depth and token != v.FROM and (token in v.CLAUSES or token == v.END):
            ends.append(n)
    return ends


# What a token does


def _advanced(stack: tuple[Open, ...], token: int, masks: _Masks) -> tuple[Open, ...]:
    query = stack[-1]
    if token >= v.SIZE:
        return (*stack[:-1], _pointed(query, token - v.SIZE, masks))
    if token == v.SUBQUERY:
        purpose = OPERAND_QUERY
        if query.place == EXISTENCE:
            purpose = EXISTS_QUERY
        elif query.clause == v.FROM:
            purpose = DERIVED_QUERY
        inner = Open(purpose, wanted=1 if purpose == OPERAND_QUERY else 0)
        return (*stack[:-1], _begun(query), inner)
    if token == v.CLOSE and not query.brackets and len(stack) > 1:
        return (*stack[:-2], _closed(stack[-2], query))
    move = _MOVES[token]
    return (*stack[:-1], move(query, token))


def _pointed(query: Open, number: int, masks: _Masks) -> Open:
    kind, table = masks.kinds[number], masks.tables[number]
    if kind is Kind.VALUE:
        return _done(_begun(query))
    bits = sum(1 << (table + n * masks.width) for n in range(query.instance + 1))
    if kind is Kind.TABLE:
        joined = query.joined if query.place == TABLE else query.place == AFTER_SOURCE
        return query._replace(place=AFTER_SOURCE, held=query.held | bits, instance=0, joined=joined)
    if query.clause == SELECT and not query.outer:
        query = query._replace(needed=query.needed | bits)
    return _done(_begun(query)._replace(instance=0, outer=False))


def _begun(query: Open) -> Open:
    """An operand begins: one more item of a list, or the second bound of BETWEEN."""
    if query.place not in (ITEM, AFTER_OPERAND, AFTER_KEY):
        return query
    if query.clause == SELECT and not query.brackets:
        return query._replace(place=OPERAND, items=query.items + 1)
    if query.place == AFTER_OPERAND and query.side == LOW:
        return query._replace(place=OPERAND, side=RIGHT)
    return query._replace(place=OPERAND)


def _done(query: Open) -> Open:
    """An operand is complete."""
    place = query.after if query.place == COLUMN else query.place
    return query._replace(place=_AFTER.get(place, AFTER_OPERAND), after=0)


_AFTER = {
    CHOICE: AFTER_CHOICE,
    AFTER_CHOICE: AFTER_CHOICE,
    SHAPE: AFTER_PREDICATE,
    PATTERN: AFTER_PREDICATE,
    NUMBER: AFTER_LIMIT,
    ON_LEFT: ON_RIGHT,
    ON_RIGHT: AFTER_SOURCE,
}


def _closed(query: Open, inner: Open) -> Open:
    """The query around a subquery that ends."""
    if query.clause == v.FROM:
        return query._replace(place=AFTER_SOURCE, alone=True)
    if query.place in (CHOICE, EXISTENCE):
        return query._replace(place=AFTER_PREDICATE)
    return _done(query)


def _clause(query: Open, token: int) -> Open:
    place = {v.FROM: SOURCE, v.LIMIT: NUMBER, v.LIMIT_ONE: AFTER_LIMIT}.get(token, ITEM)
    if token == v.ORDER and query.compound:  # by what the first core selects
        query = query._replace(held=query.exposed)
    if token not in v.SET_OPERATORS:
        grouped = query.grouped or token == v.GROUP
        return query._replace(clause=token, place=place, side=LEFT, grouped=grouped)
    return Open(
        query.purpose,
        exposed=query.exposed if query.compound else query.needed,
        wanted=query.wanted or (0 if query.starred else query.items),
        compound=True,
    )


def _distinct(query: Open, token: int) -> Open:
    if query.place == ARGUMENT:
        return query._replace(place=DISTINCT_ARGUMENT)
    return query._replace(distinct=True)


def _star(query: Open, token: int) -> Open:
    return query._replace(place=AFTER_OPERAND, items=query.items + 1, starred=True)


def _second(query: Open, token: int) -> Open:
    if query.place in (SOURCE, AFTER_SOURCE, TABLE):
        joined = query.joined if query.place == TABLE else query.place == AFTER_SOURCE
        return query._replace(place=TABLE, instance=query.instance + 1, joined=joined)
    return _to_column(query)._replace(instance=query.instance + 1)


def _to_column(query: Open) -> Open:
    if query.place == COLUMN:
        return query
    query = _begun(query)
    return query._replace(place=COLUMN, after=query.place)


def _square(query: Open, token: int) -> Open:
    mark = v.COUNT if query.place in (ARGUMENT, DISTINCT_ARGUMENT) else v.SQUARE
    query = _begun(query)
    return query._replace(place=OPERAND, brackets=(*query.brackets, mark))


def _close(query: Open, token: int) -> Open:
    return query._replace(place=AFTER_PREDICATE, brackets=query.brackets[:-1], side=LEFT)


_Move = Callable[[Open, int], Open]
_MOVES: dict[int, _Move] = {
    **dict.fromkeys(v.CLAUSES, _clause),
    **dict.fromkeys(v.LITERALS, lambda query, token: _done(_begun(query))),
    **dict.fromkeys(v.ARITHMETIC, lambda query, token: query._replace(place=OPERAND)),
    **dict.fromkeys(v.COMPARISONS, lambda query, token: query._replace(place=OPERAND, side=RIGHT)),
    **dict.fromkeys(
        v.AGGREGATES,
        lambda query, token: _begun(query)._replace(place=ARGUMENT, grouped=True),
    ),
    **dict.fromkeys(v.SHAPES, lambda query, token: query._replace(place=PATTERN)),
    **dict.fromkeys((v.AND, v.OR), lambda query, token: query._replace(place=ITEM, side=LEFT)),
    **dict.fromkeys((v.IN, v.NOT_IN), lambda query, token: query._replace(place=CHOICE)),
    **dict.fromkeys((v.LIKE, v.NOT_LIKE), lambda query, token: query._replace(place=SHAPE)),
    **dict.fromkeys(
        (v.BETWEEN, v.NOT_BETWEEN), lambda query, token: query._replace(place=OPERAND, side=LOW)
    ),
    **dict.fromkeys(
        (v.IS_NULL, v.IS_NOT_NULL), lambda query, token: query._replace(place=AFTER_PREDICATE)
    ),
    **dict.fromkeys((v.EXISTS, v.NOT_EXISTS), lambda query, token: query._replace(place=EXISTENCE)),
    **dict.fromkeys((v.ASC, v.DESC), lambda query, token: query._replace(place=AFTER_KEY)),
    v.COUNT_ALL: lambda query, token: _done(_begun(query))._replace(grouped=True),
    v.DISTINCT: _distinct,
    v.STAR: _star,
    v.SECOND: _second,
    v.OUTER: lambda query, token: _to_column(query)._replace(outer=True),
    v.SQUARE: _square,
    v.SQUARE_END: lambda query, token: query._replace(
        place=AFTER_OPERAND, brackets=query.brackets[:-1]
    ),
    v.OPEN: lambda query, token: query._replace(place=ITEM, brackets=(*query.brackets, v.OPEN)),
    v.CLOSE: _close,
    v.LEFT_JOIN: lambda query, token: query._replace(place=TABLE, joined=True),
    v.CROSS_JOIN: lambda query, token: query._replace(place=TABLE, joined=False),
    v.ON: lambda query, token: query._replace(place=ON_LEFT),
    v.END: lambda query, token: query._replace(place=FINISHED),
    v.BEGIN: lambda query, token: query,
}


# What may follow

# The clauses that may stand after each one, set operators left out.
_FOLLOWING = {
    v.FROM: (v.WHERE, v.GROUP, v.ORDER, v.LIMIT, v.LIMIT_ONE),
    v.WHERE: (v.GROUP, v.ORDER, v.LIMIT, v.LIMIT_ONE),
    v.GROUP: (v.HAVING, v.ORDER, v.LIMIT, v.LIMIT_ONE),
    v.HAVING: (v.ORDER, v.LIMIT, v.LIMIT_ONE),
    v.ORDER: (v.LIMIT, v.LIMIT_ONE),
    v.LIMIT: (),
    v.LIMIT_ONE: (),
}
_PREDICATES = (
    *v.COMPARISONS,
    v.IN,
    v.NOT_IN,
    v.LIKE,
    v.NOT_LIKE,
    v.BETWEEN,
    v.NOT_BETWEEN,
    v.IS_NULL,
    v.IS_NOT_NULL,
)


class _Masks:
    """The masks of one graph, made when they are first needed."""

    def __init__(self, graph: SchemaGraph) -> None:
        self.kinds = [item.kind for item in graph.items]
        self.tables = [item.table for item in graph.items]
        self.width = max(self.tables, default=-1) + 1
        self._table_of = np.array(self.tables, dtype=np.int64)
        self._is_table = np.array([kind is Kind.TABLE for kind in self.kinds], dtype=bool)
        self._is_column = np.array([kind is Kind.COLUMN for kind in self.kinds], dtype=bool)
        self._is_value = np.array([kind is Kind.VALUE for kind in self.kinds], dtype=bool)
        self._is_number = np.array(
            [item.kind is Kind.VALUE and item.text.isdecimal() for item in graph.items], dtype=bool
        )
        self._made: dict[tuple[object, ...], Mask] = {}

    def of(self, stack: tuple[Open, ...]) -> Mask:
        """The mask after what made the stack."""
        query = stack[-1]
        outside = 0
        for around in stack[:-1]:
            outside |= around.held
        around = stack[-2] if len(stack) > 1 else Open()
        key = (query, outside, around.held, len(stack))
        mask = self._made.get(key)
        if mask is None:
            mask = self._made[key] = self._make(query, outside, around, len(stack))
        return mask

    def _make(self, query: Open, outside: int, around: Open, depth: int) -> Mask:
        options = _Options(self.width, query, outside, around, depth)
        options.fill()
        mask = np.zeros(v.SIZE + len(self.kinds), dtype=bool)
        mask[list(options.tokens)] = True
        items = mask[v.SIZE :]
        if options.columns:
            items |= self._is_column & self._within(options.columns)
        if options.tables:
            items |= self._is_table & self._within(options.tables)
        if options.values:
            items |= self._is_value
        if options.numbers:
            items |= self._is_number
        mask.flags.writeable = False
        return mask

    def _within(self, bits: int) -> Mask:
        tables = np.array([bits >> n & 1 for n in range(self.width)] + [0], dtype=bool)
        return tables[self._table_of]  # items without a table have -1: the last, never within


class _Options:
    """What may follow: tokens, and tables, columns (as bits of tables), values, whole numbers."""

    def __init__(self, width: int, query: Open, outside: int, around: Open, depth: int) -> None:
        self.width = width
        self.query = query
        self.around = around
        self.depth = depth
        self.everything = (1 << width) - 1
        self.seen = query.held | outside
        self.tokens: set[int] = set()
        self.columns = 0
        self.tables = 0
        self.values = False
        self.numbers = False

    def fill(self) -> None:
        """Fills what the query's place allows."""
        query = self.query
        place = query.place
        if place == ITEM:
            self.item()
        elif place == OPERAND:
            self.operand(literals=True)
        elif place in (ARGUMENT, DISTINCT_ARGUMENT):
            if place == ARGUMENT:
                self.tokens.add(v.DISTINCT)
            self.columns_in_sight()
            if len(query.brackets) < MOST_BRACKETS:
                self.tokens.add(v.SQUARE)
        elif place == COLUMN:
            self.columns_in_sight()
        elif place == AFTER_OPERAND:
            self.after_operand()
        elif place in (CHOICE, AFTER_CHOICE, SHAPE, PATTERN):
            self.literal()
            if place == CHOICE:
                self.subquery()
            elif place == AFTER_CHOICE:
                self.after_predicate()
            elif place == SHAPE:
                self.tokens |= v.SHAPES
        elif place == EXISTENCE:
            self.subquery()
        elif place == AFTER_PREDICATE:
            self.after_predicate()
        elif place in (SOURCE, TABLE, AFTER_SOURCE, ON_LEFT, ON_RIGHT):
            self.in_from()
        elif place == AFTER_KEY:
            self.operand(literals=False)
            self.ending()
        elif place == NUMBER:
            self.numbers = True
            self.tokens |= {v.ID["2"], v.ID["3"]}
        elif place == AFTER_LIMIT:
            self.ending()

    def literal(self) -> None:
        self.values = True
        self.tokens |= v.LITERALS

    def subquery(self) -> None:
        if self.depth < DEEPEST:
            self.tokens.add(v.SUBQUERY)

    def columns_in_sight(self) -> None:
        """Columns, and what may stand before one."""
        query = self.query
        if query.clause == SELECT:
            bits = -1
        elif query.outer:
            bits = self.around.held & query.held
        elif query.clause == v.FROM:
            bits = query.held
        else:
            bits = self.seen
        self.columns = bits >> query.instance * self.width & self.everything
        higher = bits >> (query.instance + 1) * self.width & self.everything
        if higher and query.instance + 1 < MOST_INSTANCES:
            self.tokens.add(v.SECOND)
        shadowed = self.around.held & query.held
        if shadowed and query.place != COLUMN and query.clause not in (SELECT, v.FROM):
            self.tokens.add(v.OUTER)

    def operand(self, literals: bool) -> None:
        query = self.query
        self.columns_in_sight()
        if len(query.brackets) < MOST_BRACKETS:
            self.tokens.add(v.SQUARE)
        aggregates = query.clause in (SELECT, v.HAVING) or (
            query.clause == v.ORDER and (query.grouped or query.compound)
        )
        if aggregates and v.COUNT not in query.brackets:
            self.tokens |= v.AGGREGATES
            self.tokens.add(v.COUNT_ALL)
        if literals:
            self.literal()
            self.subquery()

    def item(self) -> None:
        query = self.query
        self.operand(literals=False)
        if query.clause == SELECT and not query.items:
            if not query.distinct:
                self.tokens.add(v.DISTINCT)
            if not query.wanted:
                self.tokens.add(v.STAR)
        if query.clause in (v.WHERE, v.HAVING):
            if len(query.brackets) < MOST_BRACKETS:
                self.tokens.add(v.OPEN)
            if self.depth < DEEPEST:
                self.tokens |= {v.EXISTS, v.NOT_EXISTS}

    def after_operand(self) -> None:
        query = self.query
        if not query.starred or query.clause != SELECT:
            self.tokens |= v.ARITHMETIC
        if query.brackets and query.brackets[-1] != v.OPEN:
            self.tokens.add(v.SQUARE_END)
        elif query.clause == SELECT:
            if not query.wanted or query.items < query.wanted:
                self.operand(literals=False)
            if not query.wanted or query.items == query.wanted:
                self.tokens.add(v.FROM)
        elif query.clause == v.GROUP:
            self.operand(literals=False)
            self.ending()
        elif query.clause == v.ORDER:
            self.tokens |= {v.ASC, v.DESC}
        elif query.side == LEFT:
            self.tokens.update(_PREDICATES)
        elif query.side == LOW:
            self.operand(literals=True)
        else:
            self.after_predicate()

    def after_predicate(self) -> None:
        self.tokens |= {v.AND, v.OR}
        if self.query.brackets:
            self.tokens.add(v.CLOSE)
        else:
            self.ending()

    def ending(self) -> None:
        """The next clause, a set operator, or the end."""
        clause = self.query.clause
        if not self.query.alone:
            self.tokens.update(_FOLLOWING[clause])
        if clause not in (v.ORDER, v.LIMIT, v.LIMIT_ONE):
            self.tokens |= v.SET_OPERATORS
        self.tokens.add(v.CLOSE if self.depth > 1 else v.END)

    def in_from(self) -> None:
        query = self.query
        if query.place in (ON_LEFT, ON_RIGHT):
            self.columns_in_sight()
            return
        if not query.alone:
            self.more_tables()
        if query.place == SOURCE and not query.needed:
            self.subquery()
        if query.place == AFTER_SOURCE:
            if query.joined:
                self.tokens.add(v.ON)
            if not query.needed & ~query.held:
                self.ending()

    def more_tables(self) -> None:
        """Tables of which the instance before is there and this one is not."""
        query = self.query
        here = query.held >> query.instance * self.width & self.everything
        before = self.everything
        if query.instance:
            before = query.held >> (query.instance - 1) * self.width & self.everything
        self.tables = before & ~here
        if query.place != SOURCE and any(
            query.held >> (n - 1) * self.width & ~(query.held >> n * self.width) & self.everything
            for n in range(query.instance + 1, MOST_INSTANCES)
        ):
            self.tokens.add(v.SECOND)
        if query.place == AFTER_SOURCE and (self.tables or v.SECOND in self.tokens):
            self.tokens |= {v.LEFT_JOIN, v.CROSS_JOIN}
