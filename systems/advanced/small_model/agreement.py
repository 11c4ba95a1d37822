"""How well a statement agrees with its graph, which no weights are needed to see.

A literal that is a cell should be compared with a column that has it, and what a question quotes,
counts or names should occur. The critic is told how often it is so.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..schema_graph.features import FEATURES
from ..schema_graph.graph import Kind, SchemaGraph

# How many figures `agreement` gives.
FIGURES = 4
_NUMBER, _WORD = FEATURES.index("numeric literal"), FEATURES.index("number word")
_MOST = 3


def agreement(tokens: Sequence[int], graph: SchemaGraph, vocabulary: int) -> list[float]:
    """Of a statement's tokens: literals in their columns, and elsewhere; numbers and texts unsaid.

    Each is counted up to 3 and halved. A literal that is no known cell counts for neither of the
    first two; number words ("one") need not be said.
    """
    inside = outside = 0
    column: tuple[int, int] | None = None
    used: list[tuple[int, int]] = []
    for token in tokens:
        if token < vocabulary:
            continue
        item = graph.items[token - vocabulary]
        if item.kind is Kind.COLUMN:
            column = (item.table, item.column)
        elif item.kind is Kind.VALUE:
            used.append(item.span)
            if item.sources and column is not None:
                inside += column in item.sources
                outside += column not in item.sources
    numbers: set[tuple[int, int]] = set()
    texts: set[tuple[int, int]] = set()
    for number in graph.value_items.values():
        item = graph.items[number]
        first, last = item.span
        if graph.features[number, _WORD] or any(a <= last and first <= b for a, b in used):
            continue
        (numbers if graph.features[number, _NUMBER] else texts).add(item.span)
    return [min(n, _MOST) / 2 for n in (inside, outside, len(numbers), len(texts))]
