"""Any tokens at all are a statement or malformed; nothing else happens."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems.advanced.codec.pointer.decode import Malformed, decode
from systems.advanced.codec.pointer.encode import encode
from systems.advanced.codec.pointer.grammar import boundary, executable_prefix
from tests.systems.advanced.codec.pointer.graphs import GRAPH, SCHOOL, TOKENS

from systems.advanced.codec.pointer import vocabulary as v


@given(st.lists(st.integers(-3, TOKENS + 3), max_size=40))
def test_any_tokens_are_a_statement_or_malformed(tokens: list[int]) -> None:
    boundary(tokens)
    executable_prefix(tokens, SCHOOL, GRAPH)
    with suppress(Malformed):
        assert decode(tokens, SCHOOL, GRAPH).startswith("SELECT ")


@pytest.mark.parametrize("token", [v.OPEN, v.SUBQUERY, v.SQUARE, v.ID["MAX"], v.SECOND])
def test_endless_nesting_is_malformed(token: int) -> None:
    column = v.SIZE + len(GRAPH.table_items)
    for start in ([], [column, v.FROM, v.SIZE, v.WHERE]):
        with pytest.raises(Malformed):
            decode([*start, *[token] * 50_000], SCHOOL, GRAPH)


def test_bounds_of_between_come_in_order() -> None:
    tokens = encode("SELECT name FROM student WHERE age BETWEEN 20 AND 1.5", SCHOOL, GRAPH)
    assert decode(tokens, SCHOOL, GRAPH).endswith("age BETWEEN 1.5 AND 20")
