"""Others' figures: each with its source, split, metric and decoding, and refused without."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import ROOT

from t2s_bench.benchmarks.registry import datasets
from t2s_bench.errors import BadInput
from t2s_bench.leaderboard.published import AVERAGE, Published, read_published

SMALL = """
six_sets = ["x"]
[sources.s]
title = "A paper"
where = "table 1"
[benchmarks.x]
title = "X"
split = "dev"
[[figures]]
source = "s"
decoding = "greedy"
metric = "ex"
[figures.scores]
"Model" = { x = 50.0 }
"""


def read(folder: Path, text: str) -> Published:
    (folder / "published.toml").write_text(text)
    return read_published(folder)


def test_the_projects_own_file_is_whole() -> None:
    published = read_published(ROOT / "leaderboard")
    assert len(published.six_sets) == 6 and set(published.six_sets) <= set(datasets())
    for figure in published.figures:
        assert figure.decoding and figure.metric and published.sources[figure.source].where
        assert all(published.benchmarks[key].split for key in figure.scores)
    averages = {f.system: f.scores[AVERAGE] for f in published.figures if AVERAGE in f.scores}
    assert averages["Arctic-Text2SQL-R1-7B"] == 57.2
    assert averages["Arctic-Text2SQL-R1-32B"] == 59.5


def test_a_small_file_is_read(tmp_path: Path) -> None:
    (figure,) = read(tmp_path, SMALL).figures
    assert (figure.system, figure.scores, figure.note) == ("Model", {"x": 50.0}, "")


def test_no_file_means_nothing_published(tmp_path: Path) -> None:
    assert read_published(tmp_path).figures == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "s"', 'source = "t"', "names the source 't'"),
        ('decoding = "greedy"', 'decoding = ""', "lacks its decoding"),
        ('decoding = "greedy"\n', "", "is not a list of published figures"),
        ("{ x = 50.0 }", "{ y = 50.0 }", "has a figure for 'y'"),
        ("{ x = 50.0 }", '{ x = "50" }', "'50' is not a percentage"),
        ("{ x = 50.0 }", "{ x = 5000 }", "5000 is not a percentage"),
        ('six_sets = ["x"]', 'six_sets = ["z"]', "six_sets names 'z'"),
        ('where = "table 1"\n', "", "is not a list of published figures"),
        ("[[figures]]", "[figures", "is not a list of published figures"),
    ],
)
def test_a_figure_that_lacks_something_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        read(tmp_path, SMALL.replace(old, new))
