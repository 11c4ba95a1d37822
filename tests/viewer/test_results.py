"""Results in a page: bounded, exact in JavaScript, and telling what sets the two apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from t2s_bench.execution.session import Session
from t2s_bench.types import Budget, Execution, Outcome, Status
from t2s_bench.viewer.results import (
    CELL_LENGTH,
    COLUMNS_SHOWN,
    ROWS_SHOWN,
    ResultsTask,
    results,
    shown_result,
    shown_value,
)


def test_rows_columns_and_cells_are_cut_and_counted() -> None:
    wide = tuple(f"c{n}" for n in range(100))
    found = shown_result(Execution(Status.OK, wide, [("x" * 1000,) * 100] * 1000))
    assert (found["row_count"], found["column_count"]) == (1000, 100)
    rows = found["rows"]
    assert isinstance(rows, list) and len(rows) == ROWS_SHOWN and len(rows[0]) == COLUMNS_SHOWN
    assert len(rows[0][0]) == CELL_LENGTH and rows[0][0].endswith("…")


@pytest.mark.parametrize(
    "value", [None, True, 0, 2**53, 2**53 + 1, -(2**63), 1.5, float("inf"), b"\x00\xff", "", "é"]
)
def test_a_cell_is_json_that_loses_nothing(value: object) -> None:
    shown = shown_value(value)
    text = json.dumps(shown, allow_nan=False)
    if isinstance(value, int):
        assert int(json.loads(text)) == value
        assert isinstance(shown, str) or abs(value) <= 2**53


def test_a_failure_keeps_its_message() -> None:
    found = shown_result(Execution(Status.ERROR, error="no such column: oops"))
    assert found == {"status": "error", "error": "no such column: oops"}


def test_rows_that_only_one_side_has_are_marked_and_the_difference_is_said(shop: Path) -> None:
    place = str(shop / "databases" / "shop" / "shop.sqlite")
    task = ResultsTask(
        place,
        "SELECT id FROM item WHERE id < 4",
        1,
        (
            ("SELECT id FROM item WHERE id > 1", Outcome.MISMATCH, ""),
            ("", Outcome.NO_SQL, ""),
            ("SELECT oops", Outcome.PRED_ERROR, "no such column: oops"),
            ("SELECT id, price FROM item", Outcome.MISMATCH, ""),
        ),
        Budget(),
    )
    with Session() as session:
        gold, other, none, failed, wide = results(session, task)
    assert gold["rows"] == [[1], [2], [3]] and gold["apart"] == [0]
    assert other["rows"] == [[2], [3], [4]] and other["apart"] == [2]
    assert other["reason"] == "1 rows of the gold are missing, 1 rows are too many"
    assert none["status"] == "none" and none["reason"] == "the system gave no SQL"
    assert failed["status"] == "error" and "the predicted SQL fails" in str(failed["reason"])
    assert "apart" not in wide and wide["reason"] == "2 columns instead of 1"
