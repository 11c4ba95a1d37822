"""What a page holds: the list at once, everything else in parts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.viewer.conftest import FIRST

from t2s_bench.errors import BadInput, NotARun, NotComparable
from t2s_bench.runs.packed import unpack
from t2s_bench.runs.rescore import benchmark_of
from t2s_bench.viewer.content import Content, collect
from t2s_bench.viewer.pair import labelled_runs


def content(*folders: Path) -> Content:
    runs = labelled_runs(folders)
    return collect(runs, benchmark_of(runs[0][1]))


def test_one_run_is_listed_with_outcomes_filters_and_sql(first: Path) -> None:
    found = content(first)
    listed: Any = found.parts["list"]
    assert listed["ids"][0] == "count" and listed["runs"][0]["sqls"] == FIRST
    assert unpack(listed["runs"][0]["outcomes"])[:4] == [
        "match",
        "mismatch",
        "no_sql",
        "pred_error",
    ]
    assert unpack(listed["difficulties"])[3] == "hard"
    assert found.head["databases"] == ["shop", "stall"] and found.title == "first on shop"


def test_an_opened_question_has_results_candidates_trace_and_schema(first: Path) -> None:
    parts = content(first).parts
    question: Any = parts["questions-0"][1]  # type: ignore[index]
    assert question["gold_result"]["rows"] == [[20]]
    (run,) = question["runs"]
    assert run["result"]["rows"] == [[99]] and run["prompt_tokens"] == 900
    assert run["trace"]["entropy"] == "inf" and run["candidates"][0][1] == "nan"
    schema: Any = parts["schema-0"]
    assert schema["tables"][0]["name"] == "item"
    assert schema["tables"][0]["columns"][0] == ["id", "INTEGER", 1]
    json.dumps(parts, allow_nan=False)


def test_further_golds_are_there(first: Path) -> None:
    question: Any = content(first).parts["questions-0"][4]  # type: ignore[index]
    assert question["golds"] == ("SELECT total(price) FROM item",)


def test_two_runs_stand_side_by_side(first: Path, second: Path) -> None:
    found = content(first, second)
    listed: Any = found.parts["list"]
    outcomes = [unpack(run["outcomes"])[:2] for run in listed["runs"]]
    assert outcomes == [["match", "mismatch"], ["mismatch", "match"]]
    assert [run["label"] for run in found.head["runs"]] == ["first", "second"]  # type: ignore[attr-defined]


def test_two_runs_on_other_rules_or_metrics_are_refused(
    first: Path, make_run: Callable[..., Path]
) -> None:
    other = make_run("other", FIRST, ("ex_spider", "ex"))
    with pytest.raises(NotComparable, match="by 'ex', those of other by 'ex_spider'"):
        labelled_runs([first, other])
    with pytest.raises(NotComparable, match="other has no 'soft_f1'|has no"):
        labelled_runs([make_run("third", FIRST, ("soft_f1",)), other])


def test_an_unfinished_run_shows_what_it_has_and_is_no_second(first: Path, second: Path) -> None:
    (second / "done.json").unlink()
    lines = (second / "scores.jsonl").read_text().splitlines(keepends=True)
    (second / "scores.jsonl").write_text("".join(lines[:2]))
    found = content(second)
    assert found.head["questions"] == 2 and found.head["runs"][0]["done"] is False  # type: ignore[index]
    with pytest.raises(BadInput, match="not complete"):
        content(first, second)
    (second / "scores.jsonl").write_text("")
    with pytest.raises(BadInput, match="no scored question yet"):
        content(second)


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotARun):
        labelled_runs([tmp_path / "nothing"])
