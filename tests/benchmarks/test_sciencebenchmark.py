"""ScienceBenchmark in OmniSQL's SQLite release, alone and among the others in its archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.importing import import_benchmark

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def test_its_layout(layouts: Layouts) -> None:
    import_benchmark("sciencebenchmark", layouts.sciencebenchmark())
    loaded = load("sciencebenchmark")
    assert [(e.id, e.question.database, e.golds) for e in loaded.examples] == [
        ("0", "cordis", ("SELECT 3",))
    ]
    assert (loaded.databases["cordis"].path.parent / "schema.json").is_file()


@pytest.mark.parametrize(
    ("name", "dataset", "questions"),
    [
        ("spider", "spider-dev", 3),
        ("bird-dev", "bird-dev", 3),
        ("bird-train", "bird-train", 3),
        ("ehrsql", "ehrsql", 2),
        ("sciencebenchmark", "sciencebenchmark", 1),
        ("spider2-sqlite", "spider2-sqlite", 2),
        ("spider-dk", "spider-dk", 3),
        ("spider-syn", "spider-syn", 2),
        ("spider-realistic", "spider-realistic", 1),
    ],
)
def test_every_benchmark_is_found_in_omnisqls_archive(
    layouts: Layouts, tmp_path: Path, name: str, dataset: str, questions: int
) -> None:
    folder = layouts.omnisql()
    import_benchmark("spider", folder)
    import_benchmark(name, folder, force=True)
    assert len(load(dataset).examples) == questions
    by_folder = load(dataset).digest
    archive = layouts.zip(folder, tmp_path / "data.zip", top=False)
    import_benchmark(name, archive, force=True)
    assert load(dataset).digest == by_folder
