"""Which tokens and which kinds of items may follow at the place of an open query."""

from __future__ import annotations

from collections.abc import Sequence

from . import places as at
from . import vocabulary as v
from .places import Open

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


class Options:
    """What may follow, once `fill` is called.

    `tokens` of the vocabulary, `columns` and `tables` (as bits of tables), whether `values`, and
    whether only those that are whole `numbers`; but none of the items `told`. `around` is the query
    around this one, `outside` are the tables of all those around; `columned` says how many columns
    each table has.
    """

    def __init__(
        self, columned: Sequence[int], query: Open, outside: int, around: Open, depth: int
    ) -> None:
        self.columned = columned
        self.width = width = len(columned)
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
        self.told: list[int] = []

    def fill(self) -> None:
        """Fills what the query's place allows."""
        query = self.query
        place = query.place
        if place == at.ITEM:
            self._item()
        elif place == at.OPERAND:
            self._operand(literals=True)
        elif place in (at.ARGUMENT, at.DISTINCT_ARGUMENT):
            if place == at.ARGUMENT:
                self.tokens.add(v.DISTINCT)
            self._columns_in_sight()
            if len(query.brackets) < at.MOST_BRACKETS:
                self.tokens.add(v.SQUARE)
        elif place == at.COLUMN:
            self._columns_in_sight()
        elif place == at.AFTER_OPERAND:
            self._after_operand()
        elif place in (at.CHOICE, at.AFTER_CHOICE, at.SHAPE, at.PATTERN):
            self._literal()
            if place == at.CHOICE:
                self._subquery()
            elif place == at.AFTER_CHOICE:
                self._after_predicate()
            elif place == at.SHAPE:
                self.tokens |= v.SHAPES
        elif place == at.EXISTENCE:
            self._subquery()
        elif place == at.AFTER_PREDICATE:
            self._after_predicate()
        elif place in (at.SOURCE, at.TABLE, at.AFTER_SOURCE, at.ON_LEFT, at.ON_RIGHT):
            self._in_from()
        elif place == at.AFTER_KEY:
            self._operand(literals=False)
            self._ending()
        elif place == at.NUMBER:
            self.numbers = True
            self.tokens |= {v.ID["2"], v.ID["3"]}
        elif place == at.AFTER_LIMIT:
            self._ending()

    def _literal(self) -> None:
        self.values = True
        self.tokens |= v.LITERALS

    def _subquery(self) -> None:
        if self.depth < at.DEEPEST:
            self.tokens.add(v.SUBQUERY)

    def _columns_in_sight(self) -> None:
        """Columns, and what may stand before one."""
        query = self.query
        if query.clause == at.SELECT:
            bits = -1
        elif query.outer:
            bits = self.around.held & query.held
        elif query.clause == v.FROM:
            bits = self._end_of_on()
        else:
            bits = self.seen
        self.columns = bits >> query.instance * self.width & self.everything
        higher = bits >> (query.instance + 1) * self.width
        if higher and query.instance + 1 < at.MOST_INSTANCES:
            self.tokens.add(v.SECOND)
        shadowed = self.around.held & query.held
        if shadowed and query.place != at.COLUMN and query.clause not in (at.SELECT, v.FROM):
            self.tokens.add(v.OUTER)

    def _operand(self, literals: bool) -> None:
        query = self.query
        self._columns_in_sight()
        if len(query.brackets) < at.MOST_BRACKETS:
            self.tokens.add(v.SQUARE)
        aggregates = query.clause in (at.SELECT, v.HAVING) or (
            query.clause == v.ORDER and (query.grouped or query.compound)
        )
        if aggregates and v.COUNT not in query.brackets:
            self.tokens |= v.AGGREGATES
            self.tokens.add(v.COUNT_ALL)
        if literals:
            self._literal()
            self._subquery()

    def _item(self) -> None:
        query = self.query
        self._operand(literals=False)
        if query.clause == at.SELECT and not query.items:
            if not query.distinct:
                self.tokens.add(v.DISTINCT)
            if not query.wanted:
                self.tokens.add(v.STAR)
        if query.clause in (v.WHERE, v.HAVING):
            if len(query.brackets) < at.MOST_BRACKETS:
                self.tokens.add(v.OPEN)
            if self.depth < at.DEEPEST:
                self.tokens |= {v.EXISTS, v.NOT_EXISTS}

    def _after_operand(self) -> None:
        query = self.query
        if not query.starred or query.clause != at.SELECT:
            self.tokens |= v.ARITHMETIC
        if query.brackets and query.brackets[-1] != v.OPEN:
            self.tokens.add(v.SQUARE_END)
        elif query.clause == at.SELECT:
            if not query.wanted or query.items < query.wanted:
                self._operand(literals=False)
            if not query.wanted or query.items == query.wanted:
                self.tokens.add(v.FROM)
        elif query.clause == v.GROUP:
            self._operand(literals=False)
            self._ending()
        elif query.clause == v.ORDER:
            self.tokens |= {v.ASC, v.DESC}
        elif query.side == at.LEFT:
            self.tokens.update(_PREDICATES)
        elif query.side == at.LOW:
            self._operand(literals=True)
        else:
            self._after_predicate()

    def _after_predicate(self) -> None:
        self.tokens |= {v.AND, v.OR}
        if self.query.brackets:
            self.tokens.add(v.CLOSE)
        else:
            self._ending()

    def _ending(self) -> None:
        """The next clause, a set operator, or the end."""
        clause = self.query.clause
        if not self.query.alone:
            self.tokens.update(_FOLLOWING[clause])
        if clause not in (v.ORDER, v.LIMIT, v.LIMIT_ONE):
            self.tokens |= v.SET_OPERATORS
        self.tokens.add(v.CLOSE if self.depth > 1 else v.END)

    def _in_from(self) -> None:
        query = self.query
        if query.place in (at.ON_LEFT, at.ON_RIGHT):
            self._columns_in_sight()
            return
        if not query.alone:
            self._more_tables()
        if query.place == at.SOURCE and not query.needed:
            self._subquery()
        if query.place == at.AFTER_SOURCE:
            if query.joined and self._more_equal():
                self.tokens.add(v.ON)
            if not query.needed & ~query.held:
                self._ending()

    def _end_of_on(self) -> int:
        """The tables whose columns an end of ON may be: the last one's, then those before it.

        No column of the last table is said to equal one of the same table twice.
        """
        query = self.query
        before = query.held & ~query.latest
        if (query.after or query.place) == at.ON_LEFT:
            open_to = self._with_columns(before)
            lefts = [left for left, _ in query.told]
            self.told = [left for left in set(lefts) if lefts.count(left) == open_to]
            return query.latest
        return before & ~sum(table for left, table in query.told if left == query.left)

    def _more_equal(self) -> bool:
        """Whether there is one more pair of columns for ON."""
        query = self.query
        pairs = self._columns_of(query.latest) * self._with_columns(query.held & ~query.latest)
        return len(query.told) < min(pairs, at.MOST_ON)

    def _with_columns(self, tables: int) -> int:
        return sum(1 for n in range(tables.bit_length()) if self._columns_of(tables & 1 << n))

    def _columns_of(self, table: int) -> int:
        """How many columns the table of a bit has; none where there is no bit."""
        return self.columned[(table.bit_length() - 1) % self.width] if table else 0

    def _more_tables(self) -> None:
        """Tables of which the instance before is there and this one is not.

        Those that SELECT names come first.
        """
        query = self.query
        missing = query.needed & ~query.held or -1

        def named_next(instance: int) -> int:
            before = self.everything
            if instance:
                before = query.held >> (instance - 1) * self.width
            here = missing & ~query.held
            return before & here >> instance * self.width & self.everything

        self.tables = named_next(query.instance)
        if query.place != at.SOURCE and any(
            named_next(instance) for instance in range(query.instance + 1, at.MOST_INSTANCES)
        ):
            self.tokens.add(v.SECOND)
        if query.place == at.AFTER_SOURCE and (self.tables or v.SECOND in self.tokens):
            self.tokens |= {v.LEFT_JOIN, v.CROSS_JOIN}
