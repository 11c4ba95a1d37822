"""The README's picture: well-formed, complete, the same bytes every time."""

from __future__ import annotations

from xml.etree import ElementTree

from t2s_bench.leaderboard.folder import Board
from t2s_bench.leaderboard.plot import standings_plot
from t2s_bench.leaderboard.standings import ALL, Standing, standings

SVG = "{http://www.w3.org/2000/svg}"


def texts(plot: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(plot).iter(f"{SVG}text")]


def test_every_system_is_there_with_score_and_rank(town: Board) -> None:
    plot = standings_plot(town, standings(town, "ex")[ALL])
    assert {"fast", "75.00", "1–2", "ceiling"} <= set(texts(plot))
    assert plot == standings_plot(town, standings(town, "ex")[ALL])


def test_positions_follow_the_scores(town: Board) -> None:
    tree = ElementTree.fromstring(standings_plot(town, standings(town, "ex")[ALL]))
    places = [float(dot.attrib["cx"]) for dot in tree.iter(f"{SVG}circle")]
    assert places == sorted(places, reverse=True) and places[0] == 670.0 and places[-1] == 210.0


def test_names_cannot_break_the_file_and_long_ones_are_cut(town: Board) -> None:
    one = Standing("<b>&" * 20, 8, 50.0, 20.0, 80.0, (1, 1))
    found = texts(standings_plot(town, [one]))
    assert any(text.startswith("<b>&") and text.endswith("…") for text in found)


def test_a_system_without_a_score_is_left_out(town: Board) -> None:
    nothing = Standing("nothing", 0, None, 0.0, 100.0, (1, 1))
    assert "nothing" not in standings_plot(town, [nothing])
