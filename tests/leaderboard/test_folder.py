"""Runs come into the folder once, under a name of their own, and are read by comparable boards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.leaderboard.boards import make_board, make_facts, make_record, write_board

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.errors import BadInput, NotComparable
from t2s_bench.leaderboard.folder import Board, read_boards, submit
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.lock import Scoring
from t2s_bench.runs.rescore import score_file


def scored(shop: Path, folder: Path, sqls: list[str]) -> RunDirectory:
    folder.mkdir(exist_ok=True)
    file = folder / "mine.sql"
    file.write_text("".join(f"{sql}\n" for sql in sqls))
    score_file(file, load(shop), folder / "run", Scoring(("ex",)))
    return RunDirectory(folder / "run")


def test_a_run_becomes_a_record_and_repeating_it_changes_nothing(
    shop: Path, tmp_path: Path
) -> None:
    board = tmp_path / "board"
    sqls = ["SELECT 4"] * 6
    path, changed = submit(board, scored(shop, tmp_path / "a", sqls), load(shop), note="first")
    assert changed and path == board / "records" / "shop" / "mine.json"
    before = path.read_bytes()
    again = submit(board, scored(shop, tmp_path / "b", sqls), load(shop), note="first")
    assert again == (path, False) and path.read_bytes() == before
    (found,) = read_boards(board)
    assert [record.name for record in found.records] == ["mine"] and found.metric == "ex"


def test_another_identity_is_refused_naming_what_differs_unless_forced(
    shop: Path, tmp_path: Path
) -> None:
    board = tmp_path / "board"
    submit(board, scored(shop, tmp_path / "a", ["SELECT 4"] * 6), load(shop))
    other = scored(shop, tmp_path / "b", ["SELECT 5"] * 6)
    with pytest.raises(NotComparable, match=r"system\.digest: .*--name.*--force"):
        submit(board, other, load(shop))
    submit(board, other, load(shop), name="mine-2")
    assert len(read_boards(board)[0].records) == 2
    path, changed = submit(board, other, load(shop), force=True)
    assert changed and json.loads(path.read_text())["run"] == other.lock.digest


def test_a_name_cannot_leave_the_folder(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot name a record"):
        submit(tmp_path, scored(shop, tmp_path / "a", [""] * 6), load(shop), name="../../x")


def test_records_under_other_rules_or_content_make_boards_of_their_own(
    town: Board, tmp_path: Path
) -> None:
    write_board(tmp_path, town)
    newer = make_record(town.facts, "newer", [1] * 8, sqlite="3.99.0")
    write_board(tmp_path, make_board(town.facts, [newer]))
    larger = make_facts(9)
    write_board(tmp_path, make_board(larger, [make_record(larger, "larger", [1] * 9)]))
    boards = read_boards(tmp_path)
    assert [[record.name for record in board.records] for board in boards] == [
        ["all-knowing", "fast", "faster", "published", "silent"],
        ["larger"],
        ["newer"],
    ]


def test_the_primary_metric_ranks_wherever_it_stands() -> None:
    facts = make_facts()
    board = make_board(facts, [make_record(facts, "a", [1] * 8, metrics=("em", "ex"))])
    assert board.metrics == ("ex", "em")


def test_an_empty_folder_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="t2s-bench submit RUN"):
        read_boards(tmp_path)


def test_a_record_in_the_wrong_place_or_without_its_benchmark_is_refused(
    town: Board, tmp_path: Path
) -> None:
    write_board(tmp_path, town)
    here = tmp_path / "records" / "town" / "fast.json"
    here.rename(here.with_name("slow.json"))
    with pytest.raises(BadInput, match="is the record of fast on town"):
        read_boards(tmp_path)
    here.with_name("slow.json").rename(here)
    for path in (tmp_path / "benchmarks").iterdir():
        path.unlink()
    with pytest.raises(BadInput, match="submit again"):
        read_boards(tmp_path)
