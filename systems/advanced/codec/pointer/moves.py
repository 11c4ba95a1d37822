"""What a token does to the queries that are open."""

from __future__ import annotations

from collections.abc import Callable

from ...schema_graph.graph import Kind
from . import places as at
from . import vocabulary as v
from .masks import Masks
from .places import Open


def advanced(stack: tuple[Open, ...], token: int, masks: Masks) -> tuple[Open, ...]:
    """The stack after one more token; `masks` knows the items. Nothing is checked."""
    query = stack[-1]
    if token >= v.SIZE:
        return (*stack[:-1], _pointed(query, token - v.SIZE, masks))
    if token == v.SUBQUERY:
        operand = query.place != at.EXISTENCE and query.clause != v.FROM
        return (*stack[:-1], _begun(query), Open(wanted=1 if operand else 0))
    if token == v.CLOSE and not query.brackets and len(stack) > 1:
        return (*stack[:-2], _closed(stack[-2], query))
    move = _MOVES[token]
    return (*stack[:-1], move(query, token))


def _pointed(query: Open, number: int, masks: Masks) -> Open:
    kind, table = masks.kinds[number], masks.tables[number]
    if kind is Kind.VALUE:
        return _done(_begun(query))
    bits = sum(1 << (table + n * masks.width) for n in range(query.instance + 1))
    if kind is Kind.TABLE:
        joined = query.joined if query.place == at.TABLE else query.place == at.AFTER_SOURCE
        return query._replace(
            place=at.AFTER_SOURCE,
            held=query.held | bits,
            instance=0,
            joined=joined,
            latest=1 << (table + query.instance * masks.width),
            told=(),
        )
    if query.clause == v.FROM:
        query = _equal(query, number, 1 << (table + query.instance * masks.width))
    if query.clause == at.SELECT and not query.outer:
        query = query._replace(needed=query.needed | bits)
    return _done(_begun(query)._replace(instance=0, outer=False))


def _equal(query: Open, column: int, table: int) -> Open:
    """One end of ON is said."""
    if (query.after or query.place) == at.ON_LEFT:
        return query._replace(left=column)
    return query._replace(left=-1, told=tuple(sorted((*query.told, (query.left, table)))))


def _begun(query: Open) -> Open:
    """An operand begins: one more item of a list, or the second bound of BETWEEN."""
    if query.place not in (at.ITEM, at.AFTER_OPERAND, at.AFTER_KEY):
        return query
    if query.clause == at.SELECT and not query.brackets:
        return query._replace(place=at.OPERAND, items=query.items + 1)
    if query.place == at.AFTER_OPERAND and query.side == at.LOW:
        return query._replace(place=at.OPERAND, side=at.RIGHT)
    return query._replace(place=at.OPERAND)


def _done(query: Open) -> Open:
    """An operand is complete."""
    place = query.after if query.place == at.COLUMN else query.place
    return query._replace(place=_AFTER.get(place, at.AFTER_OPERAND), after=0)


_AFTER = {
    at.CHOICE: at.AFTER_CHOICE,
    at.AFTER_CHOICE: at.AFTER_CHOICE,
    at.SHAPE: at.AFTER_PREDICATE,
    at.PATTERN: at.AFTER_PREDICATE,
    at.NUMBER: at.AFTER_LIMIT,
    at.ON_LEFT: at.ON_RIGHT,
    at.ON_RIGHT: at.AFTER_SOURCE,
}


def _closed(query: Open, inner: Open) -> Open:
    """The query around a subquery that ends."""
    if query.clause == v.FROM:
        return query._replace(place=at.AFTER_SOURCE, alone=True)
    if query.place in (at.CHOICE, at.EXISTENCE):
        return query._replace(place=at.AFTER_PREDICATE)
    return _done(query)


def _clause(query: Open, token: int) -> Open:
    place = {v.FROM: at.SOURCE, v.LIMIT: at.NUMBER, v.LIMIT_ONE: at.AFTER_LIMIT}.get(token, at.ITEM)
    if token == v.ORDER and query.compound:  # by what the first core selects
        query = query._replace(held=query.exposed)
    query = query._replace(latest=0, told=())
    if token not in v.SET_OPERATORS:
        grouped = query.grouped or token == v.GROUP
        return query._replace(clause=token, place=place, side=at.LEFT, grouped=grouped)
    return Open(
        exposed=query.exposed if query.compound else query.needed,
        wanted=query.wanted or (0 if query.starred else query.items),
        compound=True,
    )


def _distinct(query: Open, token: int) -> Open:
    if query.place == at.ARGUMENT:
        return query._replace(place=at.DISTINCT_ARGUMENT)
    return query._replace(distinct=True)


def _star(query: Open, token: int) -> Open:
    return query._replace(place=at.AFTER_OPERAND, items=query.items + 1, starred=True)


def _second(query: Open, token: int) -> Open:
    if query.place in (at.SOURCE, at.AFTER_SOURCE, at.TABLE):
        joined = query.joined if query.place == at.TABLE else query.place == at.AFTER_SOURCE
        return query._replace(place=at.TABLE, instance=query.instance + 1, joined=joined)
    return _to_column(query)._replace(instance=query.instance + 1)


def _to_column(query: Open) -> Open:
    if query.place == at.COLUMN:
        return query
    query = _begun(query)
    return query._replace(place=at.COLUMN, after=query.place)


def _square(query: Open, token: int) -> Open:
    mark = v.COUNT if query.place in (at.ARGUMENT, at.DISTINCT_ARGUMENT) else v.SQUARE
    query = _begun(query)
    return query._replace(place=at.OPERAND, brackets=(*query.brackets, mark))


def _close(query: Open, token: int) -> Open:
    return query._replace(place=at.AFTER_PREDICATE, brackets=query.brackets[:-1], side=at.LEFT)


_Move = Callable[[Open, int], Open]
_MOVES: dict[int, _Move] = {
    **dict.fromkeys(v.CLAUSES, _clause),
    **dict.fromkeys(v.LITERALS, lambda query, token: _done(_begun(query))),
    **dict.fromkeys(v.ARITHMETIC, lambda query, token: query._replace(place=at.OPERAND)),
    **dict.fromkeys(
        v.COMPARISONS, lambda query, token: query._replace(place=at.OPERAND, side=at.RIGHT)
    ),
    **dict.fromkeys(
        v.AGGREGATES,
        lambda query, token: _begun(query)._replace(place=at.ARGUMENT, grouped=True),
    ),
    **dict.fromkeys(v.SHAPES, lambda query, token: query._replace(place=at.PATTERN)),
    **dict.fromkeys(
        (v.AND, v.OR), lambda query, token: query._replace(place=at.ITEM, side=at.LEFT)
    ),
    **dict.fromkeys((v.IN, v.NOT_IN), lambda query, token: query._replace(place=at.CHOICE)),
    **dict.fromkeys((v.LIKE, v.NOT_LIKE), lambda query, token: query._replace(place=at.SHAPE)),
    **dict.fromkeys(
        (v.BETWEEN, v.NOT_BETWEEN),
        lambda query, token: query._replace(place=at.OPERAND, side=at.LOW),
    ),
    **dict.fromkeys(
        (v.IS_NULL, v.IS_NOT_NULL), lambda query, token: query._replace(place=at.AFTER_PREDICATE)
    ),
    **dict.fromkeys(
        (v.EXISTS, v.NOT_EXISTS), lambda query, token: query._replace(place=at.EXISTENCE)
    ),
    **dict.fromkeys((v.ASC, v.DESC), lambda query, token: query._replace(place=at.AFTER_KEY)),
    v.COUNT_ALL: lambda query, token: _done(_begun(query))._replace(grouped=True),
    v.DISTINCT: _distinct,
    v.STAR: _star,
    v.SECOND: _second,
    v.OUTER: lambda query, token: _to_column(query)._replace(outer=True),
    v.SQUARE: _square,
    v.SQUARE_END: lambda query, token: query._replace(
        place=at.AFTER_OPERAND, brackets=query.brackets[:-1]
    ),
    v.OPEN: lambda query, token: query._replace(place=at.ITEM, brackets=(*query.brackets, v.OPEN)),
    v.CLOSE: _close,
    v.LEFT_JOIN: lambda query, token: query._replace(place=at.TABLE, joined=True),
    v.CROSS_JOIN: lambda query, token: query._replace(place=at.TABLE, joined=False),
    v.ON: lambda query, token: query._replace(place=at.ON_LEFT),
    v.END: lambda query, token: query._replace(place=at.FINISHED),
    v.BEGIN: lambda query, token: query,
}
