"""Comparisons as people read them: the same figures everywhere, safe to open, short by default."""

from __future__ import annotations

import re

from tests.analysis.runs import run

from t2s_bench.analysis.compare import all_pairs, compare_with_first
from t2s_bench.reports.comparison import Content, chosen_flips, comparison_content, to_markdown
from t2s_bench.reports.comparison_html import to_html
from t2s_bench.types import Example, Prediction, Question

HOSTILE = "</pre><script>alert(1)</script> & \"'"


def content() -> Content:
    runs = [run("a", [1, 1, 0, 0, 1]), run("<b>", [1, 0, 1, 1, 1])]
    runs[1].predictions["q1"] = Prediction(HOSTILE)  # type: ignore[index]
    examples = [
        Example(Question(id, f"{id} {HOSTILE}", "shop"), ("SELECT 1",), "easy")
        for id in runs[0].scores
    ]
    comparisons = compare_with_first(runs, "ex", examples)
    return comparison_content(runs, comparisons, all_pairs(runs, "ex"), examples, ["a note"])


def test_markdown_has_scores_verdict_slices_and_flips() -> None:
    text = to_markdown(content(), flips=2)
    assert "| <b> | 80.00 | +20.00 | " in text
    assert "- <b> and a: no difference shown: could have seen " in text
    assert "| easy | 5 | 60.00 | 80.00 | +20.00 |" in text
    assert "### Flipped questions (2 of 3)" in text
    assert "Note: a note" in text


def test_the_page_holds_everything_and_runs_nothing_of_what_was_predicted() -> None:
    page = to_html(content())
    assert page.count("<script>") == 1
    assert page.count('<details class="won">') == 2
    assert page.count('<details class="lost">') == 1
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search(r"(src|href)=[\"'](?!data:)", page)


def test_a_short_list_of_flips_shows_losses_and_gains() -> None:
    flips = content()["comparisons"][0]["flips"]
    assert [flip["won"] for flip in chosen_flips(flips, 2)] == [False, True]
    assert len(chosen_flips(flips, 9)) == 3
    assert chosen_flips(flips, 0) == []
