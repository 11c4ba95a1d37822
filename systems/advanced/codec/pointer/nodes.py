"""Small questions to sqlglot's nodes."""

from __future__ import annotations

from collections.abc import Iterator

from ...reading import Node


def is_a(node: Node, *kinds: str) -> bool:
    """Whether a node is of one of sqlglot's classes, by their names."""
    return type(node).__name__ in kinds


def inside(node: Node) -> Node:
    """A node without the brackets around it."""
    while is_a(node, "Paren"):
        node = node.this
    return node


def unaliased(node: Node) -> Node:
    """A selected item without its alias."""
    return node.this if is_a(node, "Alias") else node


def string(text: str) -> Node:
    """A string literal."""
    from sqlglot import exp

    return exp.Literal.string(text)


def conjuncts(node: Node) -> Iterator[Node]:
    """The parts of a condition that AND joins, brackets aside."""
    node = inside(node)
    if is_a(node, "And"):
        yield from conjuncts(node.this)
        yield from conjuncts(node.expression)
    else:
        yield node
