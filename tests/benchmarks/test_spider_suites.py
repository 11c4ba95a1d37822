"""Test suites become further fillings of the imported Spider."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.catalog import Absent, datasets_here
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.errors import BadInput

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def names(db_id: str) -> list[str]:
    return [path.name for path in load("spider-dev").databases[db_id].files]


def test_the_fillings_are_added(layouts: Layouts, tmp_path: Path) -> None:
    before = import_benchmark("spider", layouts.spider())
    archive = layouts.zip(layouts.test_suites(), tmp_path / "suites.zip", top=False)
    made = import_benchmark("spider-test-suites", archive)
    assert names("zoo") == ["zoo.sqlite", "zoov0.sqlite", "zoov1.sqlite", "zoov2.sqlite"]
    assert made.name == "spider"
    assert made.digest != before.digest
    assert (made.source, made.source_sha256) == (before.source, before.source_sha256)
    assert made.notes[-1] == "test suites: 7 further fillings of 2 databases"
    assert [example.golds for example in load("spider-dev").examples] == [
        ("SELECT 'How many?'",),
        ("SELECT 'Which?'",),
        ("SELECT 'Who “sings”?'",),
    ]


def test_the_main_filling_stays_that_of_spider(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider())
    main = load("spider-dev").databases["arena"].digest
    import_benchmark("spider-test-suites", layouts.test_suites())
    arena = load("spider-dev").databases["arena"]
    assert arena.digest == main
    assert "arena.suite.sqlite" in names("arena")
    path = next(path for path in arena.files if path.name == "arena.suite.sqlite")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM singer").fetchone() == ("another",)


def test_adding_them_twice_changes_nothing(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider())
    suites = layouts.test_suites()
    first = import_benchmark("spider-test-suites", suites)
    assert import_benchmark("spider-test-suites", suites) == first


def test_variants_imported_afterwards_have_them(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider())
    import_benchmark("spider-test-suites", layouts.test_suites())
    import_benchmark("spider-syn", layouts.spider_syn())
    assert len(load("spider-syn").databases["zoo"].files) == 4


def test_what_was_missing_is_still_missing(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider(there=["arena"]))
    made = import_benchmark("spider-test-suites", layouts.test_suites())
    assert made.missing == {"zoo": 3}


def test_spider_comes_first(layouts: Layouts) -> None:
    with pytest.raises(BadInput, match="first t2s-bench download spider$"):
        import_benchmark("spider-test-suites", layouts.test_suites())


def test_an_ordinary_spider_is_no_test_suite(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider())
    with pytest.raises(BadInput, match="is not Spider test suites: looked for database/"):
        import_benchmark("spider-test-suites", layouts.spider("again"))


def test_it_is_no_dataset_of_its_own(layouts: Layouts) -> None:
    with pytest.raises(BadInput, match="adds fillings to 'spider': load a split of that one"):
        load("spider-test-suites")
    import_benchmark("spider", layouts.spider())
    absent = [entry.name for entry in datasets_here() if isinstance(entry, Absent)]
    assert "spider-test-suites" in absent
    import_benchmark("spider-test-suites", layouts.test_suites())
    absent = [entry.name for entry in datasets_here() if isinstance(entry, Absent)]
    assert "spider-test-suites" not in absent
