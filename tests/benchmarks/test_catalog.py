"""The list of datasets: what is here, what is not, and what is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.catalog import Absent, Dataset, datasets_here
from t2s_bench.benchmarks.importing import import_benchmark

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def test_what_is_imported_is_listed_as_it_loads(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider(there=["arena"]))
    found = {entry.name: entry for entry in datasets_here()}
    dev = found["spider-dev"]
    loaded = load("spider-dev")
    assert isinstance(dev, Dataset)
    assert (dev.digest, dev.questions, dev.total) == (loaded.digest, 2, 3)
    assert (dev.left_out, dev.missing, dev.folder) == (1, {"zoo": 1}, loaded.folder)
    assert "spider" not in found
    bird = found["bird-dev"]
    assert isinstance(bird, Absent)
    assert bird.command == "t2s-bench download bird-dev"
    assert bird.problem == ""


def test_the_embedded_benchmark_is_always_here() -> None:
    assert isinstance(datasets_here()[0], Dataset)
    assert datasets_here()[0].name == "mini"


def test_a_damaged_import_does_not_hide_the_others(layouts: Layouts, tmp_path: Path) -> None:
    import_benchmark("spider", layouts.spider())
    import_benchmark("bird-dev", layouts.bird())
    (tmp_path / "data" / "spider" / "manifest.json").write_text("{")
    found = {entry.name: entry for entry in datasets_here()}
    damaged = found["spider"]
    assert isinstance(damaged, Absent)
    assert "is damaged" in damaged.problem
    assert isinstance(found["bird-dev"], Dataset)
