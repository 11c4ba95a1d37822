"""Which tokens may follow: a small automaton with a stack for subqueries and parentheses.

It admits every statement that the encoder writes, and nearly only such. A state does not change;
`advance` gives the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from t2s_bench.databases.schema import Schema

from ...schema_graph.graph import SchemaGraph
from .vocabulary import (
    AGGREGATES,
    ARITHMETIC,
    CLAUSES,
    COMPARISONS,
    END,
    LIKES,
    NUMBER,
    SET_OPERATORS,
    TOKENS,
)

_MOST_DEPTH = 3
_CLAUSES = frozenset(NUMBER[token] for token in CLAUSES)
_AFTER_WHERE = ("GROUP BY", "ORDER BY", "LIMIT", *SET_OPERATORS)
_AFTER_GROUP = ("HAVING", "ORDER BY", "LIMIT", *SET_OPERATORS)
_TEST = (*COMPARISONS, "BETWEEN", "IN", "NOT IN", *LIKES, "IS NULL", "IS NOT NULL")


class Malformed(ValueError):
    """A sequence of tokens that is no statement."""


@dataclass(frozen=True)
class _Frame:
    """One query that is being written: the clause it is in, and open parentheses of a condition."""

    clause: str
    parens: int = 0


@dataclass(frozen=True)
class State:
    """Where writing stands: what the last token left to be said, and the queries around it."""

    _graph: SchemaGraph
    _expects: str
    _frames: tuple[_Frame, ...]

    @classmethod
    def start(cls, graph: SchemaGraph) -> State:
        """Before the first token."""
        return cls(graph, "query", (_Frame("SELECT"),))

    @property
    def ended(self) -> bool:
        """Whether END was written."""
        return self._expects == "nothing"

    def allowed(self) -> npt.NDArray[np.bool_]:
        """Over vocabulary and items: what may follow. Do not change the array."""
        kept = self._graph.__dict__.setdefault("_grammar_states", {})
        frame = self._frames[-1]
        key = (self._expects, frame, len(self._frames))
        mask = kept.get(key)
        if mask is None:
            mask = kept[key] = self._made()
        return mask  # type: ignore[no-any-return]

    def _made(self) -> npt.NDArray[np.bool_]:
        frame = self._frames[-1]
        names, kinds = _follows(
            self._expects,
            frame.clause,
            frame.parens > 0,
            len(self._frames) > 1,
            len(self._frames) <= _MOST_DEPTH,
        )
        return _mask(self._graph, names, kinds)

    def advance(self, token: int) -> State:
        """After one more token; raises Malformed where it may not follow."""
        if not 0 <= token < len(TOKENS) + len(self._graph.items) or not self.allowed()[token]:
            raise Malformed("a token that may not follow")
        kind = (
            TOKENS[token]
            if token < len(TOKENS)
            else self._graph.items[token - len(TOKENS)].kind.value
        )
        expects, frames = _next(self._expects, self._frames, kind)
        return replace(self, _expects=expects, _frames=frames)


@lru_cache(maxsize=4096)
def _follows(
    expects: str, clause: str, in_parens: bool, nested: bool, may_nest: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of tokens and kinds of items."""
    nest = ("(",) if may_nest else ()
    close = (")",) if nested else ("END",)
    column: tuple[tuple[str, ...], tuple[str, ...]] = (("SECOND",), ("column",))
    if expects == "query":
        return ("SELECT",), ()
    if expects == "select":
        return ("DISTINCT", "*", "COUNT(*)", *AGGREGATES, "SECOND"), ("column",)
    if expects == "item":
        return ("*", "COUNT(*)", *AGGREGATES, "SECOND"), ("column",)
    if expects == "operand":
        return ("COUNT(*)", *AGGREGATES, "SECOND"), ("column",)
    if expects == "argument":
        return ("DISTINCT", "SECOND"), ("column",)
    if expects in ("column", "on left", "on right"):
        return column
    if expects in ("second", "on left second", "on right second", "value second"):
        return (), ("column",)
    if expects == "second table":
        return (), ("table",)
    if expects == "from":
        return ("SECOND", *nest), ("table",)
    if expects == "more tables":
        more = ("WHERE", "GROUP BY", "ORDER BY", "LIMIT", *SET_OPERATORS, *close)
        return ("SECOND", "LEFT", "ON", *more), ("table",)
    if expects == "after subquery from":
        return ("WHERE", "GROUP BY", "ORDER BY", "LIMIT", *SET_OPERATORS, *close), ()
    if expects == "joined":
        return ("SECOND",), ("table",)
    if expects == "condition":
        heads = ("COUNT(*)", *AGGREGATES) if clause == "HAVING" else ()
        return (*heads, "SECOND", "("), ("column",)
    if expects == "condition in parens":
        return ("SECOND", "COUNT(*)", *AGGREGATES), ("column",)
    if expects == "order":
        return ("COUNT(*)", *AGGREGATES, "SECOND"), ("column",)
    if expects == "value":
        return ("1", "SECOND", *nest), ("value", "column")
    if expects == "low":
        return ("1",), ("value",)
    if expects == "high":
        return ("1",), ("value",)
    if expects == "pattern":
        return (), ("value",)
    if expects == "set":
        return ("(",), ()
    if expects == "members":
        return ("SELECT",), ("value",)
    if expects == "more members":
        return (",", ")"), ()
    if expects == "member":
        return (), ("value",)
    if expects == "limit":
        return ("1",), ("value",)
    if expects == "end":
        return close, ()
    if expects == "nothing":
        return (), ()
    # After a column or an expression.
    if expects == "after star":
        return (",", "FROM"), ()
    if expects == "after item":
        return (",", "FROM", *ARITHMETIC), ()
    if expects == "after group":
        return (",", *_AFTER_GROUP, *close), ()
    if expects == "after order":
        return (",", "ASC", "DESC", "LIMIT", *SET_OPERATORS, *close, *ARITHMETIC), ()
    if expects == "after direction":
        return (",", "LIMIT", *SET_OPERATORS, *close), ()
    if expects == "test":
        return (*_TEST, *ARITHMETIC), ()
    if expects == "after test":
        if in_parens:
            return ("AND", "OR", ")"), ()
        after = _AFTER_GROUP[1:] if clause == "HAVING" else _AFTER_WHERE
        return ("AND", "OR", *after, *close), ()
    raise AssertionError(expects)


def _next(expects: str, frames: tuple[_Frame, ...], kind: str) -> tuple[str, tuple[_Frame, ...]]:
    """What is expected after a token (or an item's kind) that may follow."""
    frame = frames[-1]

    def within(clause: str) -> tuple[_Frame, ...]:
        return (*frames[:-1], _Frame(clause))

    after_column = {
        "SELECT": "after item",
        "GROUP BY": "after group",
        "ORDER BY": "after order",
        "WHERE": "test",
        "HAVING": "test",
    }.get(frame.clause, "more tables")
    if kind == "SELECT":
        if expects == "members":
            return "select", (*frames, _Frame("SELECT"))
        return "select", within("SELECT")
    if kind in SET_OPERATORS:
        return "query", within("SELECT")
    if kind == "FROM":
        return "from", within("FROM")
    if kind in ("WHERE", "HAVING"):
        return "condition", within(kind)
    if kind == "GROUP BY":
        return "column", within(kind)
    if kind == "ORDER BY":
        return "order", within(kind)
    if kind == "LIMIT":
        return "limit", within(kind)
    if kind == "END":
        return "nothing", frames
    if kind == "(":
        if expects == "condition":
            return "condition in parens", (*frames[:-1], replace(frame, parens=frame.parens + 1))
        if expects == "set":
            return "members", frames
        return "query", (*frames, _Frame("SELECT"))
    if kind == ")":
        if expects == "more members":
            return "after test", frames
        if frame.parens:
            return "after test", (*frames[:-1], replace(frame, parens=frame.parens - 1))
        outer = frames[:-1]
        return ("after subquery from" if outer[-1].clause == "FROM" else "after test"), outer
    if kind == ",":
        if expects == "more members":
            return "member", frames
        return {"SELECT": "item", "GROUP BY": "column", "ORDER BY": "order"}[frame.clause], frames
    if kind == "DISTINCT":
        return ("column" if expects == "argument" else "item"), frames
    if kind in AGGREGATES:
        return "argument", frames
    if kind == "*":
        return "after star", frames
    if kind == "COUNT(*)":
        return after_column, frames
    if kind in ARITHMETIC:
        return "operand" if frame.clause == "SELECT" else "column", frames
    if kind in ("ASC", "DESC"):
        return "after direction", frames
    if kind in ("AND", "OR"):
        return ("condition in parens" if frame.parens else "condition"), frames
    if kind == "BETWEEN":
        return "low", frames
    if kind in ("IN", "NOT IN"):
        return "set", frames
    if kind in LIKES:
        return "pattern", frames
    if kind in COMPARISONS:
        return "value", frames
    if kind in ("IS NULL", "IS NOT NULL"):
        return "after test", frames
    if kind == "SECOND":
        if expects in ("from", "more tables", "joined"):
            return "second table", frames
        if expects in ("on left", "on right", "value"):
            return expects + " second", frames
        return "second", frames
    if kind == "LEFT":
        return "joined", frames
    if kind == "ON":
        return "on left", frames
    if kind == "table":
        return "more tables", frames
    if kind == "1" or kind == "value":
        return {
            "low": "high",
            "limit": "end",
            "members": "more members",
            "member": "more members",
        }.get(expects, "after test"), frames
    assert kind == "column", kind
    if expects.startswith("on left"):
        return "on right", frames
    if expects.startswith("on right"):
        return "more tables", frames
    if expects.startswith("value"):
        return "after test", frames
    return after_column, frames


def _mask(
    graph: SchemaGraph, names: tuple[str, ...], kinds: tuple[str, ...]
) -> npt.NDArray[np.bool_]:
    mask = np.zeros(len(TOKENS) + len(graph.items), dtype=bool)
    mask[[NUMBER[name] for name in names]] = True
    for number, item in enumerate(graph.items):
        mask[len(TOKENS) + number] = item.kind.value in kinds
    if not graph.value_items:  # a pattern that could not be written
        mask[[NUMBER[name] for name in LIKES]] = False
    return mask


def boundary(tokens: Sequence[int]) -> bool:
    """Whether the last token opens a clause or ends the statement."""
    return bool(tokens) and (tokens[-1] in _CLAUSES or tokens[-1] == END)


def executable_prefix(tokens: Sequence[int], schema: Schema, graph: SchemaGraph) -> str:
    """The longest statement of complete clauses, or "" where there is none yet.

    A beginning that ends within a subquery has none.
    """
    from .decode import decode

    kept = list(tokens[:-1]) if tokens and tokens[-1] in _CLAUSES else list(tokens)
    if NUMBER["FROM"] not in kept:
        return ""
    try:
        return decode((*kept, END), schema, graph)
    except Malformed:
        return ""
