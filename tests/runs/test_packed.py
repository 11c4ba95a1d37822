"""Packed columns come back as they were, in few bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2s_bench.runs.packed import pack, unpack

VALUES = st.none() | st.integers(0, 200) | st.text(max_size=3)


@given(st.lists(VALUES))
def test_a_column_comes_back_through_json(column: list[object]) -> None:
    assert unpack(json.loads(json.dumps(pack(column)))) == column


def test_few_values_take_a_character_each_and_many_take_two() -> None:
    few = pack([str(n % 62) for n in range(1000)])
    assert len(str(few["codes"])) == 1000
    many = pack([str(n % 63) for n in range(1000)])
    assert len(str(many["codes"])) == 2000 and unpack(many)[62] == "62"


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"values": ["a"]},
        {"values": ["a"], "codes": "01"},
        {"values": ["a"], "codes": "?"},
        {"values": ["a"], "codes": "000", "width": 2},
    ],
)
def test_a_damaged_column_is_an_error(damaged: dict[str, object]) -> None:
    with pytest.raises((KeyError, IndexError, ValueError)):
        unpack(damaged)
