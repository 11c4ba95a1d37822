"""Large results compared as arrays: the verdicts are those of comparing Python objects."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2s_bench.metrics import (
    close_rows,
    large,
    large_close_rows,
    large_columns,
    large_groups,
    large_reading,
    large_results,
    large_texts,
    rows,
    soft_f1,
)
from t2s_bench.metrics.close_numbers import Tolerance
from t2s_bench.types import Row

Rows = list[Row]
Pair = tuple[Rows, Rows]

TOLERANCES = (Tolerance(relative=1e-6), Tolerance(relative=1e-9, absolute=1e-2))
LONG = "a text of more than thirty-two bytes, "
# By kind of column; "any" and "beyond" have no arrays.
CELLS: dict[str, st.SearchStrategy[object]] = {
    "few": st.integers(0, 1),
    "ints": st.sampled_from([0, 1, 2, -1, 2**31, -(2**31) - 1, 2**53, 2**53 + 1, 2**63 - 1]),
    "floats": st.sampled_from([0.0, -0.0, 0.5, 1.0, 1.5, -1.0, math.inf, -math.inf, 1e300]),
    "near": st.floats(0.9, 1.1),
    "whole": st.sampled_from([0.0, -0.0, 1.0, 2.0, -1.0, 2.0**31, 2.0**53, 2.0**63]),
    "texts": st.sampled_from(["", "a", "b", "1", "eight by", "eight bytes", "é", "\ud800", "𝄞"]),
    "long": st.sampled_from(["", "a", LONG, LONG + "a", LONG + "b", LONG + LONG, LONG + LONG[:-1]]),
    "beyond": st.sampled_from(["a", "\0", "a\0", "\0a", "x" * 5000, "x" * 5001]),
    "null": st.none(),
    "any": st.sampled_from([0, 1, 1.0, 2**63, 2.0**63, True, "a", "1", b"a", None, math.nan]),
}
KINDS = st.sampled_from([*CELLS, *(f"{kind} or NULL" for kind in CELLS)])


def cells_of(kind: str) -> st.SearchStrategy[object]:
    cells = CELLS[kind.removesuffix(" or NULL")]
    return st.one_of(st.none(), cells) if kind.endswith("NULL") else cells


def nudged(cell: object, amount: float) -> object:
    return cell * (1 + amount) + amount if isinstance(cell, float) else cell


@st.composite
def pairs(draw: st.DrawFn, kinds: st.SearchStrategy[str] = KINDS) -> Pair:
    """Two results of at least one row: alike up to order, nearly so, or each its own."""
    columns = [cells_of(kind) for kind in draw(st.lists(kinds, min_size=1, max_size=4))]
    result = st.lists(st.tuples(*columns), min_size=1, max_size=8)
    first = draw(result)
    if draw(st.integers(0, 4)) == 0:
        return first, draw(result)
    second = list(draw(st.permutations(first)))
    change = draw(st.sampled_from(["none", "cell", "type", "within", "outside", "copy", "drop"]))
    place = draw(st.integers(0, len(second) - 1))
    row = list(second[place])
    if change == "cell":
        column = draw(st.integers(0, len(columns) - 1))
        row[column] = draw(columns[column])
        second[place] = tuple(row)
    elif change == "type":
        second = [tuple([float(v) if type(v) is int else v for v in row]) for row in second]
    elif change in ("within", "outside"):
        amount = 1e-7 if change == "within" else 1.1e-2
        second[place] = tuple([nudged(cell, amount) for cell in row])
    elif change == "copy":
        second.append(second[place])
    elif change == "drop":
        second = second[:place] + second[place + 1 :] or second
    order = draw(
        st.one_of(st.just(list(range(len(columns)))), st.permutations(range(len(columns))))
    )
    return first, [tuple([cells[column] for column in order]) for cells in second]


def verdicts(first: Rows, second: Rows) -> list[object]:
    """Everything that is compared in another way once results are large."""
    found: list[object] = [rows.same_set(first, second), soft_f1.f1_of_rows(first, second)]
    for ordered in (False, True):
        found += [
            rows.same_up_to_columns(first, second, ordered=ordered),
            rows.same_up_to_columns_sound(first, second, ordered=ordered),
            *(
                comparison(first, second, tolerance, ordered=ordered)
                for comparison in (close_rows.same_rows_close, close_rows.holds_columns)
                for tolerance in TOLERANCES
            ),
        ]
    return found


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results of a few rows take several steps."""
    monkeypatch.setattr(large_reading, "_CELLS", 6)
    monkeypatch.setattr(large_groups, "_BLOCK", 3)


def compared(first: Rows, second: Rows) -> tuple[list[object], list[object]]:
    """All verdicts, as arrays and as objects."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "LARGE", 1)
        arrays = verdicts(first, second)
        patch.setattr(large, "LARGE", sys.maxsize)
        return arrays, verdicts(first, second)


@given(pairs())
@settings(max_examples=400, deadline=None)
def test_verdicts_are_those_of_comparing_objects(pair: Pair) -> None:
    arrays, objects = compared(*pair)
    assert arrays == objects


@given(pairs(st.sampled_from(["few", "near", "texts"])))
@settings(max_examples=200, deadline=None)
def test_verdicts_on_many_equal_cells_are_those_of_comparing_objects(pair: Pair) -> None:
    arrays, objects = compared(*pair)
    assert arrays == objects


BIG = 2**53
DELICATE: dict[str, Pair] = {
    "floats that whole numbers fall between": ([(BIG + 1,), (1,)], [(float(BIG),), (0.5,)]),
    "a negative zero among halves": ([(0.0,), (0.5,)], [(0.5,), (-0.0,)]),
    "rows sorted by a negative zero": ([(0.0, -1.5), (1.0, 2.5)], [(1.0, 2.5), (-0.0, -1.5)]),
    "and among halves": ([(0.0, -1.5), (0.5, 2.5)], [(0.5, 2.5), (-0.0, -1.5)]),
    "texts that differ late": ([(LONG * 3 + "a",), ("b",)], [("b",), (LONG * 3 + "b",)]),
    "close columns, other rows": ([(1.5, 5.5), (2.5, 6.5)], [(1.5, 6.5), (2.5, 5.5)]),
    "NULL in another row": ([(0.0, 1.5), (None, 2.5)], [(None, 1.5), (0.0, 2.5)]),
    "NULL on one side": ([(0.5,), (1.5,)], [(0.5,), (None,)]),
    "columns of equal values": ([(1, 2, "a"), (2, 1, "b")], [(2, 1, "a"), (1, 2, "b")]),
    "a text as long as a float": ([(0.5,)] * 7, [*[(0.5,)] * 6, ("four",)]),
    "a row that is not looked for": ([*[(0,)] * 7, (1,)], [(0,)] * 8),
    "duplicates of another type": ([*[(0, "a")] * 5, (1, "b")], [(1.0, "b"), (0.0, "a")]),
}


@pytest.mark.parametrize("kept", [2**64 - 1, 0])
@pytest.mark.parametrize("case", DELICATE)
def test_delicate_verdicts_are_those_of_comparing_objects(
    case: str, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = large_columns.Column.keys
    monkeypatch.setattr(large_columns.Column, "keys", lambda self: keys(self) & np.uint64(kept))
    first, second = DELICATE[case]
    for pair in ((first, second), (second, first)):
        arrays, objects = compared(*pair)
        assert arrays == objects


@pytest.mark.parametrize("kept", [0, 1])
@given(pair=pairs())
@settings(max_examples=200, deadline=None)
def test_rows_that_share_a_fingerprint_by_chance_change_no_verdict(kept: int, pair: Pair) -> None:
    keys = large_columns.Column.keys
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_columns.Column, "keys", lambda column: keys(column) & np.uint64(kept))
        arrays, objects = compared(*pair)
    assert arrays == objects


@given(pairs())
@settings(max_examples=100, deadline=None)
def test_without_room_for_arrays_verdicts_stay_the_same(pair: Pair) -> None:
    def full(*_: object, **__: object) -> NoReturn:
        raise MemoryError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_reading, "read", full)
        patch.setattr(large_results, "read", full)
        arrays, objects = compared(*pair)
    assert arrays == objects


PLAIN = ["few", "ints", "floats", "near", "texts", "long", "few or NULL", "texts or NULL", "null"]


@given(pairs(st.sampled_from(PLAIN)))
@settings(max_examples=200, deadline=None)
def test_usual_cells_are_always_decided_as_arrays(pair: Pair) -> None:
    first, second = pair
    assert large_results.same_set(first, second) is not None
    assert large_results.cells_found(first, second) is not None
    if len(first) == len(second):
        assert large_close_rows.holds_columns(first, second, TOLERANCES[0]) is not None


def plain(size: int) -> Pair:
    """A result of usual columns, and the same with its rows turned round and a little noise."""
    first: Rows = [(n, n % 7, n / 3, f"name {n % 50}", None if n % 9 else n) for n in range(size)]
    second = [(*row[:2], n / 3 * (1 + 1e-9), *row[3:]) for n, row in enumerate(first)]
    return first, second[::-1]


def test_large_results_are_not_compared_as_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    def called(*_: object, **__: object) -> NoReturn:
        raise AssertionError("compared as objects")

    monkeypatch.setattr(large, "LARGE", 100)
    for module, name in (
        (rows, "islice"),
        (rows, "column_order"),
        (rows, "types_of"),
        (close_rows, "types_of"),
        (close_rows, "_Values"),
        (soft_f1, "_counted"),
    ):
        monkeypatch.setattr(module, name, called)
    first, second = plain(200)
    assert rows.same_set(first, first[::-1])
    assert not rows.same_set(first, second)
    turned = [row[::-1] for row in first[::-1]]
    assert rows.same_up_to_columns(first, turned, ordered=False)
    assert not rows.same_up_to_columns_sound(first, second, ordered=False)
    assert close_rows.same_rows_close(first, second, TOLERANCES[0], ordered=False)
    assert close_rows.holds_columns(first, second, TOLERANCES[1], ordered=False)
    assert 0 < soft_f1.f1_of_rows(first, second) < 1
    with pytest.raises(AssertionError, match="compared as objects"):
        rows.same_set(first[:50], first[50:100])


@pytest.mark.parametrize("tied", [False, True])
def test_wrong_results_are_told_without_comparing_objects(tied: bool) -> None:
    first: Rows = [(n, n if tied else n / 3, n % 2) for n in range(40)]
    second = [(*row[:2], 1 - n % 2) for n, row in enumerate(first)]
    assert large_results.paired_columns(first, second) == large_results.Pairing(None)
    assert large_results.same_set(first, second) is False


NUMBERS = st.one_of(
    st.floats(allow_nan=False), st.sampled_from([0.0, 1.0, 1e-300, 1e308, math.inf, -math.inf])
)


@given(NUMBERS, NUMBERS, st.sampled_from([0.0, 1e-9, 1e-6, 0.5, 3.0]), st.sampled_from([0.0, 1e-2]))
@settings(max_examples=300, deadline=None)
def test_closeness_is_that_of_single_numbers_to_the_last_bit(
    first: float, other: float, relative: float, absolute: float
) -> None:
    tolerance = Tolerance(relative, absolute)
    edge = first * (1 + relative) + absolute
    near = [edge, math.nextafter(edge, math.inf), math.nextafter(edge, -math.inf)]
    for second in (other, first, -first, *(number for number in near if number == number)):
        expected = tolerance.close(first, second)
        assert large_close_rows.close(np.array([first]), np.array([second]), tolerance) == expected


@given(st.lists(st.text(max_size=100), min_size=1, max_size=4), st.data())
@settings(max_examples=150, deadline=None)
def test_texts_are_equal_where_python_says_so(texts: list[str], data: st.DataObject) -> None:
    others = [data.draw(st.sampled_from([text, text + "x", text[:-1] + "y"])) for text in texts]
    sides = []
    for side in (texts, others):
        reading = large_texts.TextsBeingRead(len(side))
        if not reading.add(side, 0):
            assert "\0" in "".join(side)
            return
        sides.append(reading.done())
    same = [a == b for a, b in zip(texts, others, strict=True)]
    assert sides[0].equal(sides[1]).tolist() == same
    assert (sides[0].keys() == sides[1].keys()).tolist() == same
    for place, other in enumerate(others):
        one = sides[1][place : place + 1]
        assert sides[0].equal(one).tolist() == [text == other for text in texts]


def test_leading_nulls_and_one_late_cell_are_read() -> None:
    column: Rows = [(None,)] * 20 + [("a",), (None,), ("b",)]
    found = large_reading.read(column)
    assert found is not None and found[0].kind == (str, True)
    assert found[0].null_marks().tolist() == [cell is None for (cell,) in column]
    assert large_reading.read([*column, (1,)]) is None
    assert large_reading.read([(1,)] * 20 + [(True,)]) is None


SCRIPT = """
import os, resource, sys
from t2s_bench.metrics import large, rows
large.LARGE = 1_000
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + {room} * 2**20, resource.RLIM_INFINITY))
first = [(n, str(n)) for n in range(2_000)]
assert rows.same_set(first, first[::-1]) and not rows.same_set(first, [*first[1:], (0, "-")])
print("numpy" in sys.modules, os.environ.get("OPENBLAS_NUM_THREADS"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere address spaces are not limited")
@pytest.mark.parametrize(("room", "loaded"), [(64, "False None"), (256, "True 1")])
def test_numpy_is_loaded_only_where_it_fits(
    room: int, loaded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("PYTHONPATH", ":".join(path for path in sys.path if path))
    command = [sys.executable, "-c", SCRIPT.format(room=room)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == (loaded, "")
