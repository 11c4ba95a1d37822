"""Comparing within a tolerance: agreement with slow references, and what is promised."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2s_bench.metrics import close_numbers
from t2s_bench.metrics.close_numbers import Tolerance, bags_match
from t2s_bench.metrics.close_rows import holds_columns, same_rows_close
from t2s_bench.metrics.matching import all_find_partners

# Coarse on purpose: chains of close values, of which the ends are not close, come up all the time.
COARSE = Tolerance(absolute=1.0)
FINE = Tolerance(relative=1e-6)
STEPS = st.integers(0, 9).map(lambda number: number / 2)
CELLS = st.one_of(STEPS, st.integers(0, 3), st.none(), st.sampled_from(["a", "1", float("nan")]))
Rows = list[tuple[object, ...]]


def find_partners(partners: Sequence[Sequence[int]], size: int) -> bool:
    """A perfect matching by plain recursion."""
    taken: dict[int, int] = {}

    def place(giver: int, seen: set[int]) -> bool:
        for taker in partners[giver]:
            if taker not in seen:
                seen.add(taker)
                if taker not in taken or place(taken[taker], seen):
                    taken[taker] = giver
                    return True
        return False

    return len(partners) == size and all(place(giver, set()) for giver in range(size))


def close_points(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    return all(COARSE.close(a, b) for a, b in zip(first, second, strict=True))


@st.composite
def point_bags(draw: st.DrawFn) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    width = draw(st.integers(1, 3))
    points = st.lists(st.tuples(*[STEPS] * width), min_size=1, max_size=7)
    first = draw(points)
    if draw(st.booleans()):
        moved = [tuple(v + draw(st.sampled_from([0, 0.5, -0.5, 1])) for v in p) for p in first]
        return first, draw(st.permutations(moved))
    second = draw(points)
    return first, second


@given(point_bags())
@settings(max_examples=250, deadline=None)
def test_points_match_where_a_perfect_matching_exists(
    bags: tuple[list[tuple[float, ...]], list[tuple[float, ...]]],
) -> None:
    first, second = bags
    partners = [[i for i, b in enumerate(second) if close_points(a, b)] for a in first]
    assert bags_match(first, second, COARSE) == find_partners(partners, len(second))
    assert bags_match(second, first, COARSE) == bags_match(first, second, COARSE)


@given(
    st.lists(st.lists(st.integers(0, 4), max_size=5, unique=True), min_size=1, max_size=5),
    st.lists(st.integers(0, 3), min_size=5, max_size=5),
    st.lists(st.integers(0, 3), min_size=5, max_size=5),
)
@settings(max_examples=150, deadline=None)
def test_counted_matching_is_that_of_single_copies(
    partners: list[list[int]], supply: list[int], demand: list[int]
) -> None:
    supply = supply[: len(partners)]
    copies = [place for place, count in enumerate(demand) for _ in range(count)]
    single = [
        [copy for copy, place in enumerate(copies) if place in places]
        for places, count in zip(partners, supply, strict=True)
        for _ in range(count)
    ]
    taken = len(single)
    padded = single + [list(range(len(copies)))] * (len(copies) - taken)
    expected = taken <= len(copies) and find_partners(padded, len(copies))
    assert all_find_partners(partners, supply, demand) == expected


def same_cell(first: object, second: object) -> bool:
    numbers = [isinstance(v, int | float) and v == v for v in (first, second)]
    if all(numbers):
        return COARSE.close(first, second)  # type: ignore[arg-type]
    return not any(numbers) and (first == second or (first != first and second != second))


@st.composite
def results(draw: st.DrawFn) -> tuple[Rows, Rows]:
    """Two results; the first column of both always holds a float, so that tolerance applies."""
    width = draw(st.integers(1, 3))
    rows = st.lists(st.tuples(*[CELLS] * width), min_size=1, max_size=5)
    first = [(0.5,) * width, *draw(rows)]
    if draw(st.booleans()):
        nudged = [
            tuple(v + 0.5 if isinstance(v, float) and draw(st.booleans()) else v for v in row)
            for row in first
        ]
        return first, draw(st.permutations(nudged))
    return first, [(0.5,) * width, *draw(rows)]


@given(results())
@settings(max_examples=250, deadline=None)
def test_rows_agree_where_each_has_a_partner_of_its_own(pair: tuple[Rows, Rows]) -> None:
    first, second = pair
    if len(first[0]) != len(second[0]):
        return
    partners = [
        [i for i, other in enumerate(second) if all(map(same_cell, row, other))] for row in first
    ]
    expected = len(first) == len(second) and find_partners(partners, len(second))
    assert same_rows_close(first, second, COARSE, ordered=False) == expected
    in_order = len(first) == len(second) and all(
        all(map(same_cell, a, b)) for a, b in zip(first, second, strict=True)
    )
    assert same_rows_close(first, second, COARSE, ordered=True) == in_order


@given(results(), st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_comparison_is_symmetric_and_blind_to_row_order_unless_ordered(
    pair: tuple[Rows, Rows], ordered: bool, chance: random.Random
) -> None:
    first, second = pair
    same = same_rows_close(first, second, COARSE, ordered=ordered)
    assert same == same_rows_close(second, first, COARSE, ordered=ordered)
    shuffled = list(first)
    chance.shuffle(shuffled)
    assert same_rows_close(first, shuffled, COARSE, ordered=False)
    assert not same_rows_close(first, [*first, first[0]], COARSE, ordered=ordered)


def test_sorting_by_the_first_number_would_miss_this_match() -> None:
    first: Rows = [(1.0, "x", 5.0), (1.0000001, "x", 7.0)]
    second: Rows = [(1.0000001, "x", 5.0), (1.0, "x", 7.0)]
    assert same_rows_close(first, second, FINE, ordered=False)


def test_rounding_would_miss_this_match() -> None:
    assert same_rows_close([(0.4999999,)], [(0.5000001,)], FINE, ordered=False)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (1, 1.0, True),
        (1, True, True),
        (Decimal("0.1"), 0.1, True),
        (0.1 + 0.2, 0.3, True),
        (1.0, 1.00001, False),
        (0.0, 1e-300, False),
        (0.0, -0.0, True),
        (math.inf, math.inf, True),
        (math.inf, 1e308, False),
        (math.nan, math.nan, True),
        (math.nan, None, False),
        (None, None, True),
        (None, 0, False),
        ("1", 1, False),
        ("a", "A", False),
        (b"a", "a", False),
        (2**53, 2**53 + 1, False),
        (10_000_000, 10_000_001, False),
        (10_000_000.0, 10_000_001, True),
    ],
)
@pytest.mark.parametrize("ordered", [False, True])
def test_cells_are_equal_as_documented(
    first: object, second: object, same: bool, ordered: bool
) -> None:
    assert same_rows_close([(first,)], [(second,)], FINE, ordered=ordered) is same
    rows: tuple[Rows, Rows] = [(1, first), (2, "x")], [(1, second), (2, "x")]
    assert same_rows_close(*rows, FINE, ordered=ordered) is same


def test_a_knot_of_more_pairs_than_are_looked_at_counts_as_different(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Sorted by the first number, the two rows at 1 and 1.5 stand the wrong way round.
    first: list[tuple[float, ...]] = [(0, 0), (1, 1), (1.5, 3), (2.5, 4), (3.5, 5)]
    second: list[tuple[float, ...]] = [(0, 0), (1, 3), (1.5, 1), (2.5, 4), (3.5, 5)]
    middle: list[tuple[float, ...]] = [(2, 2), (2, 2)]
    assert bags_match([*first, *middle], [*second, *middle], COARSE)
    monkeypatch.setattr(close_numbers, "MAX_PAIRS", 5)
    assert not bags_match([*first, *middle], [*second, *middle], COARSE)


@given(results(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_held_columns_agree_with_comparing_every_pair_of_columns(
    pair: tuple[Rows, Rows], ordered: bool
) -> None:
    gold, predicted = pair
    columns = list(zip(*gold, strict=True)), list(zip(*predicted, strict=True))

    def same(first: Sequence[object], second: Sequence[object]) -> bool:
        if len(first) != len(second):
            return False
        if ordered:
            return all(map(same_cell, first, second))
        partners = [[i for i, b in enumerate(second) if same_cell(a, b)] for a in first]
        return find_partners(partners, len(second))

    expected = all(any(same(wanted, found) for found in columns[1]) for wanted in columns[0])
    assert holds_columns(gold, predicted, COARSE, ordered=ordered) == expected


def test_a_null_in_another_column_is_no_match() -> None:
    first: Rows = [(0.5, 0.5), (0.0, None)]
    second: Rows = [(0.5, 0.5), (None, 0.0)]
    assert not same_rows_close(first, second, FINE, ordered=False)
    assert not same_rows_close(first, second, FINE, ordered=True)


def test_extra_columns_and_their_order_are_free() -> None:
    gold: Rows = [(1, "a"), (2, "b")]
    wider: Rows = [("b", None, 2), ("a", None, 1)]
    assert holds_columns(gold, wider, FINE, ordered=False)
    assert not holds_columns(gold, wider, FINE, ordered=True)
    assert not holds_columns(wider, gold, FINE, ordered=False)
