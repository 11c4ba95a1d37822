"""The Markdown: ranks as intervals, ceilings marked, unknown cost as a dash, published apart."""

from __future__ import annotations

from tests.conftest import ROOT

from t2s_bench.leaderboard.folder import Board
from t2s_bench.leaderboard.published import read_published
from t2s_bench.leaderboard.readme import readme


def rows(text: str, system: str) -> list[list[str]]:
    lines = [line for line in text.split("\n") if line.startswith(f"| {system} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_systems_stand_with_rank_interval_score_interval_outcomes_and_cost(town: Board) -> None:
    text = readme([town], ["plots/town.svg"], read_published(ROOT / "leaderboard"))
    assert rows(text, "fast") == [["fast", "1–2", "75.00", "40.9–92.9", "2", "100", "0.250"]]
    assert rows(text, "published") == [["published", "3–4", "25.00", "7.1–59.1", "6", "–", "–"]]
    assert rows(text, "*all-knowing*")[0][1] == "ceiling"
    assert "](plots/town.svg)" in text and text.index("fast") < text.index("silent")


def test_published_figures_stand_apart_with_source_and_decoding(town: Board) -> None:
    text = readme([town], ["p.svg"], read_published(ROOT / "leaderboard"))
    measured, _, elsewhere = text.partition("## Six-set average")
    assert "Arctic" not in measured and "no system has a record" in elsewhere
    (arctic,) = [row for row in rows(elsewhere, "Arctic-Text2SQL-R1-7B") if len(row) == 9]
    assert arctic[7] == "57.2 [1]" and arctic[4] == "–" and arctic[8] == "greedy"
    assert "model card" in elsewhere and "Decoding: greedy." in elsewhere


def test_nothing_published_leaves_those_parts_out(town: Board, tmp_path: object) -> None:
    from pathlib import Path

    text = readme([town], ["p.svg"], read_published(Path(str(tmp_path))))
    assert "Six-set" not in text and "Published" not in text
