"""The value items of a graph by what they say, in any spelling of SQL."""

from __future__ import annotations

from ...schema_graph.graph import Kind, SchemaGraph
from . import vocabulary as v
from .statement import Inexpressible, Literal


class Literals:
    """The value items by what they say."""

    def __init__(self, graph: SchemaGraph) -> None:
        self.exact: dict[str, Literal] = {}
        self.folded: dict[str, Literal] = {}
        self.numbers: dict[float, Literal] = {}
        for number, item in enumerate(graph.items):
            if item.kind is Kind.VALUE:
                self._add(Literal(item.text, v.SIZE + number))
        for token in sorted(v.LITERALS):
            self._add(Literal(v.TOKENS[token], token))

    def _add(self, literal: Literal) -> None:
        self.exact.setdefault(literal.text, literal)
        self.folded.setdefault(literal.text.casefold(), literal)
        number = _number(literal.text)
        if number is not None:
            self.numbers.setdefault(number, literal)

    def get(self, text: str) -> Literal | None:
        """The item of a literal: the same text, then the same number, then but for the case."""
        found = self.exact.get(text)
        number = _number(text)
        if found is None and number is not None:
            found = self.numbers.get(number)
        return found or self.folded.get(text.casefold())

    def find(self, text: str) -> Literal:
        """As `get`, but raises Inexpressible."""
        found = self.get(text)
        if found is None:
            raise Inexpressible(f"no value item for {text}")
        return found


def _number(text: str) -> float | None:
    """The number that a literal is, also one in quotes."""
    try:
        return float(text.strip("'"))
    except ValueError:
        return None
