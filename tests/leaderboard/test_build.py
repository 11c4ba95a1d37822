"""Generated files: from records alone, the same bytes, and drift is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.leaderboard.boards import make_board, make_record, write_board

from t2s_bench.leaderboard.build import drift, generated, write
from t2s_bench.leaderboard.folder import Board


def test_the_committed_leaderboard_is_what_its_records_give() -> None:
    folder = ROOT / "leaderboard"
    assert drift(generated(folder), folder) == []


def test_writing_twice_touches_nothing_the_second_time(town: Board, tmp_path: Path) -> None:
    write_board(tmp_path, town)
    html = tmp_path / "site" / "board.html"
    contents = generated(tmp_path, html)
    assert write(contents, tmp_path) == list(contents)
    assert generated(tmp_path, html) == contents
    assert write(contents, tmp_path) == [] and drift(contents, tmp_path) == []


@pytest.mark.parametrize(
    ("file", "line"), [("README.md", "differs from the records"), ("plots/town.svg", "is missing")]
)
def test_drift_names_each_file(town: Board, tmp_path: Path, file: str, line: str) -> None:
    write_board(tmp_path, town)
    write(generated(tmp_path), tmp_path)
    if line == "is missing":
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text("typed by hand")
    assert drift(generated(tmp_path), tmp_path) == [f"{tmp_path / file} {line}"]


def test_a_new_record_is_drift_and_a_plot_of_a_lost_board_goes(town: Board, tmp_path: Path) -> None:
    write_board(tmp_path, town)
    write(generated(tmp_path), tmp_path)
    write_board(tmp_path, make_board(town.facts, [make_record(town.facts, "new", [1] * 8)]))
    assert len(drift(generated(tmp_path), tmp_path)) == 2
    stale = tmp_path / "plots" / "village.svg"
    stale.write_text("<svg/>")
    assert f"{stale} is of a board that is gone" in drift(generated(tmp_path), tmp_path)
    assert stale in write(generated(tmp_path), tmp_path) and not stale.exists()


def test_two_boards_of_one_benchmark_have_plots_of_their_own(town: Board, tmp_path: Path) -> None:
    write_board(tmp_path, town)
    newer = make_record(town.facts, "newer", [1] * 8, sqlite="3.99.0")
    write_board(tmp_path, make_board(town.facts, [newer]))
    names = {path.name for path in generated(tmp_path)}
    assert names == {"README.md", "town.svg", "town-2.svg"}
