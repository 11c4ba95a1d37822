"""The leaderboard's page: small, with its numbers from the same place as the README's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.conftest import ROOT
from tests.leaderboard.boards import large_board, make_board, make_facts, make_record

from t2s_bench.leaderboard.folder import Board
from t2s_bench.leaderboard.page import leaderboard_page
from t2s_bench.leaderboard.published import Published, read_published
from t2s_bench.leaderboard.standings import ALL, standings

if TYPE_CHECKING:
    from tests.browser import Browser

NOTHING = Published({}, {}, (), ())


def data(page: str) -> Any:
    found = re.search(r'id="data">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def busy() -> str:
    return leaderboard_page([large_board()], read_published(ROOT / "leaderboard"))


def test_twenty_systems_by_a_thousand_questions_stay_under_three_megabytes(busy: str) -> None:
    assert len(busy.encode()) < 3_000_000


def test_it_shows_what_the_readme_shows(town: Board) -> None:
    (board,) = data(leaderboard_page([town], NOTHING))["boards"]
    for standing in standings(town, "ex")[ALL]:
        questions, score, low, high, *ranks = board["standings"]["ex"]["all"][standing.name]
        assert (questions, score) == (standing.questions, standing.score)
        assert (low, high) == (round(standing.low, 3), round(standing.high, 3))
        assert ranks == list(standing.ranks or (None, None))
    fast = next(system for system in board["systems"] if system["name"] == "fast")
    assert fast["outcomes"] == "00000011" and fast["cost"]["tokens"] == 100.0
    pairs = {(a, b): rest for a, b, *rest in board["pairs"]["ex"]}
    assert pairs["fast", "published"][:3] == [0, 4, -50.0]
    assert not any("all-knowing" in pair for pair in pairs)


def test_the_same_records_give_the_same_bytes(town: Board) -> None:
    assert leaderboard_page([town], NOTHING) == leaderboard_page([town], NOTHING)


def hostile() -> Board:
    facts = make_facts(30)
    note = "</script><script>document.title='out'</script>"
    names = ["a" * 60, "b-with-a-confidence", "c"]
    return make_board(
        facts,
        [
            make_record(facts, names[0], [1.0] * 20 + [0.0] * 10, note=note, off=["gat", "mcts"]),
            make_record(
                facts, names[1], [1.0, 0.0] * 15, confidences=[0.9, 0.3] * 15, tokens=30_000
            ),
            make_record(facts, names[2], [0.0] * 30, elsewhere=True),
        ],
    )


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_it_opens_without_an_error_or_a_request_at_every_size(
    browser: Browser, pictures: Path, tmp_path: Path, town: Board, width: int, dark: bool
) -> None:
    file = tmp_path / "board.html"
    boards = [town, hostile(), large_board(questions=100)]
    file.write_text(leaderboard_page(boards, read_published(ROOT / "leaderboard")))
    page = browser.open(file.as_uri(), width=width, dark=dark)
    page.run("document.querySelectorAll('.name').forEach(button => button.click())")
    page.picture(pictures / f"leaderboard-{width}-{'dark' if dark else 'light'}.png")
    for number in ("1", "0"):
        page.run(
            f"(() => {{ const s = document.getElementById('benchmark'); s.value = '{number}';"
            "s.dispatchEvent(new Event('change')); "
            "document.querySelectorAll('.name').forEach(button => button.click()); })()"
        )
        assert page.run("document.documentElement.scrollWidth") == width
        assert page.run("document.querySelectorAll('.standings tbody tr').length") >= 3
    assert page.problems == [] and page.run("document.title") == "t2s-bench leaderboard"
    page.close()


@pytest.mark.browser
def test_choices_sort_filter_and_stay_in_the_address(
    browser: Browser, tmp_path: Path, busy: str
) -> None:
    file = tmp_path / "board.html"
    file.write_text(busy)
    page = browser.open(file.as_uri())
    names = "[...document.querySelectorAll('.name .text')].map(e => e.textContent)"
    assert page.run(names)[0] == "system-19" and len(page.run(names)) == 20
    page.click("[data-sort=name]")
    assert page.run(names) == sorted(page.run(names))
    assert page.run("document.querySelector('[data-sort=name]').closest('th').ariaSort") == (
        "ascending"
    )
    page.click("[data-sort=tokens]")
    assert page.run(names)[0] == "system-00"
    page.click("#systems")
    for key in "7 08":
        page.press(key)
    assert page.run(names) == ["system-07", "system-08", "system-17"]
    page.run(
        "(() => { const s = document.getElementById('slice'); s.value = 'join';"
        "s.dispatchEvent(new Event('change')); })()"
    )
    shown = page.run("document.querySelector('.score').textContent")
    again = browser.open(page.run("location.href"))
    assert again.run(names + ".sort()") == ["system-07", "system-08", "system-17"]
    assert shown in again.run("[...document.querySelectorAll('.score')].map(e => e.textContent)")
    assert page.problems == again.problems == []
    page.close()
    again.close()
