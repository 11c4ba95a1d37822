from __future__ import annotations

from t2s_bench.plugins import find_system, system_module
from t2s_bench.types import Execution, Row, Status

vote = system_module(find_system("zero_shot").folder, "voting").vote


def rows(*values: Row) -> Execution:
    return Execution(Status.OK, rows=values)


FAILED = Execution(Status.ERROR, error="no such table")


def test_the_result_that_most_share_wins_whatever_its_spelling() -> None:
    counted = vote(
        ["a", "b", "c", "b"],
        {"a": rows((1,)), "b": rows((2,), (3,)), "c": rows((3,), (2,), (2,))},
    )
    assert counted.winner == 1
    assert counted.shares == (0.25, 0.75, 0.75, 0.75)


def test_a_tie_goes_to_the_one_seen_first() -> None:
    assert vote(["a", "b"], {"a": rows((1,)), "b": rows((2,))}).winner == 0


def test_what_fails_or_is_empty_never_wins_over_what_runs() -> None:
    counted = vote(["", "x", "", "x", "a"], {"x": FAILED, "a": rows()})
    assert (counted.winner, counted.shares[4]) == (4, 0.2)


def test_where_nothing_runs_the_first_sql_is_kept_without_a_claim() -> None:
    counted = vote(["", "x", "y"], {"x": FAILED, "y": FAILED})
    assert (counted.winner, counted.shares) == (1, (0.0, 0.0, 0.0))
    assert vote(["", ""], {}).winner == 0


def test_the_order_of_columns_counts() -> None:
    assert vote(["a", "b"], {"a": rows((1, 2)), "b": rows((2, 1))}).shares == (0.5, 0.5)
