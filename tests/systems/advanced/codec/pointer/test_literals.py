from __future__ import annotations

import pytest
from systems.advanced.codec.pointer.encode import encode
from tests.systems.advanced.codec.pointer.graphs import GRAPH, LITERALS, SCHOOL, TOKENS


@pytest.mark.parametrize(
    ("literal", "item"),
    [("'France'", 0), ('"france"', 0), ("20", 1), ("20.0", 1), ("'20'", 1), ("'O''Neil'", 3)],
)
def test_a_literal_finds_its_item_in_other_spellings(literal: str, item: int) -> None:
    tokens = encode(f"SELECT name FROM student WHERE age = {literal}", SCHOOL, GRAPH)
    assert tokens[-2] == TOKENS - len(LITERALS) + item
