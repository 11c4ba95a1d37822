"""The viewer in a real browser: hostile text stays text; filters, keys, links; many questions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.viewer.conftest import HOSTILE

from t2s_bench.runs.packed import pack
from t2s_bench.runs.rescore import benchmark_of
from t2s_bench.types import Outcome
from t2s_bench.viewer.content import PART, Content, collect
from t2s_bench.viewer.page import viewer_page
from t2s_bench.viewer.pair import labelled_runs

if TYPE_CHECKING:
    from tests.browser import Browser, Page


def written(folder: Path, *runs: Path) -> Path:
    found = labelled_runs(runs)
    path = folder / "view.html"
    path.write_text(viewer_page(collect(found, benchmark_of(found[0][1]))))
    return path


def ready(browser: Browser, path: Path, fragment: str = "", **size: Any) -> Page:
    page = browser.open(path.as_uri() + fragment, **size)
    page.until("document.body.dataset.ready")
    return page


def opened(page: Page) -> Any:
    return page.run("document.querySelector('.question-head a')?.textContent")


def choose(page: Page, select: str, value: str) -> None:
    page.run(
        f"(() => {{ const s = document.getElementById('filter-{select}'); s.value = '{value}';"
        "s.dispatchEvent(new Event('change')); })()"
    )


def test_the_same_run_gives_the_same_page(first: Path, tmp_path: Path) -> None:
    one = written(tmp_path, first).read_bytes()
    assert written(tmp_path, first).read_bytes() == one


def test_no_hostile_text_is_markup(first: Path, second: Path, tmp_path: Path) -> None:
    text = written(tmp_path, first, second).read_text()
    assert HOSTILE not in text and "onerror" not in text


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_it_opens_every_question_without_an_error_or_a_request(
    browser: Browser,
    pictures: Path,
    tmp_path: Path,
    first: Path,
    second: Path,
    width: int,
    dark: bool,
) -> None:
    page = ready(browser, written(tmp_path, first, second), "#count", width=width, dark=dark)
    page.until("document.querySelector('.question-head a')?.textContent === 'count'")
    page.picture(pictures / f"viewer-{width}-{'dark' if dark else 'light'}.png", whole=False)
    for _ in range(5):
        before = json.dumps(opened(page))
        page.press("j")
        page.until(f"document.querySelector('.question-head a').textContent !== {before}")
        page.run("document.querySelectorAll('main details').forEach(node => { node.open = true; })")
        assert page.run("document.documentElement.scrollWidth") == width
    assert opened(page) == "empty"
    assert page.problems == [] and page.run("document.title").startswith("empty")
    assert page.run("document.querySelectorAll('main img, main script').length") == 0
    page.close()


@pytest.mark.browser
def test_filters_keys_and_links_lead_to_a_question(
    browser: Browser, tmp_path: Path, first: Path, second: Path
) -> None:
    page = ready(browser, written(tmp_path, first, second))
    rows = "document.querySelectorAll('.row').length"
    tally = "document.getElementById('tally').textContent"
    assert page.run(rows) == 6
    choose(page, "change", "won")
    assert page.run(rows) == 1 and page.run(tally) == "1 of 6 questions"
    page.click(".row")
    page.until("document.querySelector('.question-head a').textContent.startsWith('top')")
    address = page.run("location.href")
    choose(page, "change", "lost")
    assert page.run("document.querySelector('.row .text').textContent") == f"{HOSTILE} how many?"
    page.click("#reset")
    assert page.run(rows) == 6
    page.press("/")
    for key in "dearer":
        page.press(key)
    page.until(f"{rows} === 1")
    page.press("Escape")
    assert page.run(rows) == 6
    again = browser.open(address)
    again.until("document.body.dataset.ready && document.querySelector('.question-head')")
    assert opened(again) == "top/</script> &é"
    again.run("location.hash = '#none'")
    again.until("document.querySelector('.question-head a').textContent === 'none'")
    marks = "[...document.querySelectorAll('.only-run')].map(e => e.textContent).join(' ')"
    assert "oops" in again.run(marks)
    assert page.problems == again.problems == []
    page.close()
    again.close()


@pytest.mark.browser
def test_on_a_phone_the_list_gives_way_to_the_question_and_back(
    browser: Browser, tmp_path: Path, first: Path
) -> None:
    page = ready(browser, written(tmp_path, first), width=390)
    seen = "getComputedStyle(document.querySelector('.side')).display !== 'none'"
    assert page.run(seen)
    page.click(".row")
    page.until(f"!({seen}) && document.querySelector('.question-head')")
    page.click(".back")
    assert page.run(seen) and page.problems == []
    page.close()


def many(questions: int) -> Content:
    """Invented content, so that its size does not cost an execution a question."""
    ids = [f"q-{n:05}" for n in range(questions)]
    outcomes = [("match", "mismatch", "pred_error")[n % 3] for n in range(questions)]
    result = {"status": "ok", "columns": ["n"], "column_count": 1, "rows": [[1]], "row_count": 1}

    def details(numbers: Sequence[int]) -> list[dict[str, object]]:
        run = {
            "metrics": {"ex": 1},
            "result": {**result, "reason": "the results agree"},
            "prompt_tokens": 0,
            "completion_tokens": 0,
            "seconds": None,
            "candidates": [],
            "trace": {},
        }
        return [
            {"evidence": "", "golds": [], "gold_result": result, "runs": [run]} for _ in numbers
        ]

    parts: dict[str, object] = {
        "list": {
            "ids": ids,
            "questions": [f"How many things are there in place {n}?" for n in range(questions)],
            "databases": [n % 7 for n in range(questions)],
            "difficulties": pack([("easy", "hard")[n % 2] for n in range(questions)]),
            "features": [[n % 5] for n in range(questions)],
            "golds": [f"SELECT count(*) FROM thing WHERE place = {n}" for n in range(questions)],
            "runs": [
                {
                    "sqls": [f"SELECT count(*) FROM thing WHERE p = {n}" for n in range(questions)],
                    "outcomes": pack(outcomes, list(map(str, Outcome))),
                    "confidences": [None] * questions,
                }
            ],
        },
        **{f"schema-{n}": {"tables": []} for n in range(7)},
    }
    for start in range(0, questions, PART):
        parts[f"questions-{start // PART}"] = details(range(start, min(questions, start + PART)))
    head = {
        "benchmark": "large",
        "summary": "",
        "questions": questions,
        "part": PART,
        "databases": [f"db{n}" for n in range(7)],
        "outcomes": list(map(str, Outcome)),
        "features": ["a", "b", "c", "d", "e"],
        "runs": [{"label": "r", "system": "r", "digest": "", "done": True, "metrics": {"ex": 50}}],
    }
    return Content("many", head, parts)


@pytest.mark.browser
def test_ten_thousand_questions_are_listed_a_screenful_at_a_time(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "view.html"
    path.write_text(viewer_page(many(10_000)))
    page = ready(browser, path)
    assert page.run("document.getElementById('tally').textContent") == "10,000 questions"
    assert page.run("document.querySelectorAll('.row').length") < 60
    page.run("document.getElementById('list').scrollTop = 1e9")
    page.until("[...document.querySelectorAll('.row')].some(row => row.id === 'row-9999')")
    page.run("document.getElementById('row-9999').click()")
    page.until("document.querySelector('.question-head a')?.textContent === 'q-09999'")
    assert page.run("document.querySelectorAll('.row').length") < 60
    choose(page, "outcome0", "pred_error")
    assert page.run("document.getElementById('tally').textContent") == "3,333 of 10,000 questions"
    assert page.problems == []
    page.close()
