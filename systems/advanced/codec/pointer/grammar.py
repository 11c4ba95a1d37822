"""Which tokens may follow: the states of a statement that is being written.

A state is a stack of queries, each at one place of one clause. What it allows depends on little,
so that masks are made once a graph and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...schema_graph.graph import SchemaGraph
from .masks import Mask, Masks
from .moves import advanced
from .places import Open
from .prefixes import boundaries, boundary, executable_prefix

__all__ = ["State", "allowed", "boundaries", "boundary", "executable_prefix"]


@dataclass(frozen=True)
class State:
    """What is written so far. Immutable; `start` makes the first."""

    masks: Masks
    stack: tuple[Open, ...] = (Open(),)

    @staticmethod
    def start(graph: SchemaGraph) -> State:
        """The empty statement; its masks are shared by all states that grow from it."""
        return State(Masks(graph))

    def allowed(self) -> Mask:
        """Over V + items, read-only; nothing after END."""
        return self.masks.of(self.stack)

    def advance(self, token: int) -> State:
        """The state after one more token. Whether it is allowed is not checked."""
        return State(self.masks, advanced(self.stack, token, self.masks))


def allowed(tokens: Sequence[int], graph: SchemaGraph) -> Mask:
    """Which tokens may follow a whole prefix; `State` is the way for many steps."""
    state = State.start(graph)
    for token in tokens:
        state = state.advance(token)
    return state.allowed()
