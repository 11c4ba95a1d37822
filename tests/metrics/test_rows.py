"""Comparators: agreement with slow references, and the properties they promise."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2s_bench.metrics import rows

CELLS: st.SearchStrategy[object] = st.one_of(
    st.integers(-2, 2),
    st.sampled_from([0.0, 1.0, 0.5, -0.0, 2.0]),
    st.sampled_from(["a", "b", "1", ""]),
    st.none(),
    st.sampled_from([b"a", b"1"]),
)


@st.composite
def results(draw: st.DrawFn) -> list[tuple[object, ...]]:
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.tuples(*[CELLS] * width), max_size=6))


@st.composite
def shuffled_pairs(
    draw: st.DrawFn,
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """A result, and the same with columns and rows permuted and sometimes a cell changed."""
    first = draw(results())
    width = len(first[0]) if first else 1
    order = draw(st.permutations(range(width)))
    second = [tuple(row[i] for i in order) for row in draw(st.permutations(first))]
    spoilt = draw(st.booleans())
    if second and spoilt:
        place = draw(st.integers(0, len(second) - 1))
        second[place] = (draw(CELLS), *second[place][1:])
    return first, second


def slow_same_up_to_columns(
    gold: list[tuple[object, ...]], predicted: list[tuple[object, ...]], ordered: bool
) -> bool:
    """Tries every permutation of the columns."""
    if not gold and not predicted:
        return True
    if len(gold) != len(predicted) or len(gold[0]) != len(predicted[0]):
        return False
    for order in itertools.permutations(range(len(gold[0]))):
        moved = [tuple(row[i] for i in order) for row in predicted]
        if gold == moved if ordered else Counter(gold) == Counter(moved):
            return True
    return False


@given(shuffled_pairs(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_column_search_agrees_with_trying_every_permutation(
    pair: tuple[list[tuple[object, ...]], list[tuple[object, ...]]], ordered: bool
) -> None:
    gold, predicted = pair
    found = rows.same_up_to_columns_sound(gold, predicted, ordered=ordered)
    assert found == slow_same_up_to_columns(gold, predicted, ordered)


@given(shuffled_pairs(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_comparison_is_symmetric(
    pair: tuple[list[tuple[object, ...]], list[tuple[object, ...]]], ordered: bool
) -> None:
    first, second = pair
    assert rows.same_up_to_columns(first, second, ordered=ordered) == rows.same_up_to_columns(
        second, first, ordered=ordered
    )
    assert rows.same_set(first, second) == rows.same_set(second, first)
    assert rows.same_bag(first, second) == rows.same_bag(second, first)


@given(results(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_row_order_and_duplicates_do_not_count_in_sets(
    result: list[tuple[object, ...]], chance: object
) -> None:
    assert rows.same_set(result, result[::-1] + result)
    assert rows.same_bag(result, result[::-1])
    assert not result or not rows.same_bag(result, [*result, result[0]])


@given(results())
@settings(deadline=None)
def test_a_result_is_identical_to_itself_and_then_equal_by_every_comparison(
    result: list[tuple[object, ...]],
) -> None:
    assert rows.identical(result, list(result))
    assert rows.same_up_to_columns(result, list(result), ordered=True)
    assert rows.same_set(result, result)


@pytest.mark.parametrize(
    ("gold", "predicted", "rejected"),
    [
        ([(10, 10.5)], [(10.0, 10.5)], True),
        ([(10, 10.5)], [(10, 10.5)], False),
        ([(10, "a")], [(10.0, "a")], False),
        ([(1.0,)], [(1,)], False),
    ],
)
def test_official_text_order_tells_integer_from_float_only_where_it_sorts_them_apart(
    gold: list[tuple[object, ...]], predicted: list[tuple[object, ...]], rejected: bool
) -> None:
    assert rows.same_up_to_columns_sound(gold, predicted, ordered=False)
    assert rows.rejected_by_text_order(gold, predicted, ordered=False) is rejected


def test_twelve_columns_of_equal_values_are_compared_without_trying_permutations() -> None:
    gold = [(1,) * 12 for _ in range(50)]
    assert rows.same_up_to_columns(gold, [(1.0,) * 12 for _ in range(50)], ordered=False)


def test_twelve_rotated_columns_are_told_apart_or_matched() -> None:
    gold = [tuple((row + column) % 12 for column in range(12)) for row in range(12)]
    turned = [row[3:] + row[:3] for row in reversed(gold)]
    assert rows.same_up_to_columns(gold, turned, ordered=False)
    spoilt = [*turned[:-1], (*turned[-1][:-1], 99)]
    assert not rows.same_up_to_columns(gold, spoilt, ordered=False)
