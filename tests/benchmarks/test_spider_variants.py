"""Spider-DK, Spider-Syn and Spider-Realistic ask other questions on the imported Spider."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.errors import BadInput

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def asked(name: str) -> list[tuple[str, str, str]]:
    return [
        (example.id, example.question.database, example.question.question)
        for example in load(name).examples
    ]


def test_spider_dk_has_databases_of_its_own_and_spiders(layouts: Layouts, tmp_path: Path) -> None:
    import_benchmark("spider", layouts.spider())
    archive = layouts.zip(layouts.spider_dk(), tmp_path / "Spider-DK.zip")
    made = import_benchmark("spider-dk", archive)
    assert asked("spider-dk") == [
        ("0", "arena", "How many?"),
        ("1", "new_zoo", "Which?"),
        ("2", "zoo", "Who?"),
    ]
    assert made.databases == 3
    loaded = load("spider-dk")
    assert loaded.databases["zoo"].digest == load("spider-dev").databases["zoo"].digest
    with sqlite3.connect(loaded.databases["new_zoo"].path) as connection:
        assert connection.execute("SELECT name FROM singer").fetchone() == ("new",)
    connection.close()
    assert (loaded.databases["new_zoo"].path.parent / "tables.json").is_file()


def test_spider_syn_asks_by_synonyms(layouts: Layouts, tmp_path: Path) -> None:
    import_benchmark("spider", layouts.spider())
    folder = layouts.spider_syn()
    made = import_benchmark("spider-syn", layouts.zip(folder, tmp_path / "syn.zip"))
    assert list(made.splits) == ["dev", "train"]
    assert asked("spider-syn") == [
        ("0", "arena", "dev arena synonym?"),
        ("1", "zoo", "dev zoo synonym?"),
    ]
    assert asked("spider-syn-train")[0][2] == "train arena synonym?"
    flat = import_benchmark("spider-syn", folder / "Spider-Syn", force=True)
    assert flat.digest == made.digest


def test_spider_realistic_is_one_file(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider())
    path = layouts.spider_realistic()
    made = import_benchmark("spider-realistic", path)
    assert asked("spider-realistic") == [("0", "zoo", "Realistic?")]
    assert import_benchmark("spider-realistic", path.parent, force=True).digest == made.digest


def test_what_spider_lacks_is_missing_here_too(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider(there=["arena"]))
    made = import_benchmark("spider-syn", layouts.spider_syn())
    assert made.splits["dev"].missing == {"zoo": 1}


@pytest.mark.parametrize("name", ["spider-dk", "spider-syn", "spider-realistic"])
def test_spider_comes_first(layouts: Layouts, name: str) -> None:
    source = {
        "spider-dk": layouts.spider_dk,
        "spider-syn": layouts.spider_syn,
        "spider-realistic": layouts.spider_realistic,
    }[name]()
    with pytest.raises(BadInput, match=f"'{name}' uses the databases of 'spider', which is not in"):
        import_benchmark(name, source)


def test_spider_itself_is_no_spider_syn(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider())
    with pytest.raises(BadInput, match=r"is not Spider-Syn: .* \(it is laid out as 'spider'\)"):
        import_benchmark("spider-syn", layouts.spider("again"))


def test_another_json_file_is_refused(layouts: Layouts, tmp_path: Path) -> None:
    import_benchmark("spider", layouts.spider())
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(BadInput, match=r"looked for spider-realistic\.json, found other\.json"):
        import_benchmark("spider-realistic", tmp_path / "other.json")
