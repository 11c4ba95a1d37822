"""The six-set average: quoted as printed, measured only where all six are complete."""

from __future__ import annotations

from tests.leaderboard.boards import make_board, make_facts, make_record

from t2s_bench.leaderboard.published import (
    AVERAGE,
    Figure,
    Published,
    PublishedBenchmark,
    Source,
)
from t2s_bench.leaderboard.six_sets import measured_rows, published_rows

SETS = ("a", "b")


def published(*figures: Figure) -> Published:
    described = {key: PublishedBenchmark(key, "dev") for key in (*SETS, AVERAGE)}
    return Published({"s": Source("s", "w"), "t": Source("t", "w")}, described, SETS, figures)


def test_a_row_joins_sources_of_one_decoding_and_never_works_out_an_average() -> None:
    rows = published_rows(
        published(
            Figure("m", "s", "greedy", "ex", "", {"a": 50.0, AVERAGE: 60.0}),
            Figure("m", "t", "greedy", "ex", "", {"a": 51.0, "b": 70.0}),
            Figure("m", "t", "vote", "ex", "", {"a": 55.0, "b": 75.0}),
            Figure("n", "t", "greedy", "ex", "", {AVERAGE: 61.0}),
        )
    )
    assert [(row.system, row.decoding) for row in rows] == [("n", "greedy"), ("m", "greedy")]
    assert rows[1].cells == {"a": (50.0, "s"), AVERAGE: (60.0, "s"), "b": (70.0, "t")}


def test_a_measured_average_needs_every_set_complete() -> None:
    whole, part = make_facts(8, "a"), make_facts(8, "b", total=100)
    boards = [
        make_board(whole, [make_record(whole, "mine", [1] * 4 + [0] * 4)]),
        make_board(part, [make_record(part, "mine", [1] * 8)]),
    ]
    (row,) = measured_rows(boards, SETS)
    assert row.cells == {"a": 50.0} and row.average is None
    full = make_facts(8, "b")
    boards[1] = make_board(full, [make_record(full, "mine", [1] * 8)])
    (row,) = measured_rows(boards, SETS)
    assert row.average == 75.0


def test_ceilings_are_no_measured_systems() -> None:
    facts = make_facts(8, "a")
    assert (
        measured_rows([make_board(facts, [make_record(facts, "o", [1] * 8, ceiling=True)])], SETS)
        == []
    )
