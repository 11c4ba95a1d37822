"""Spider's official layout, with the parts that newer releases have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.errors import BadInput

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def test_both_training_files_are_one_split_in_their_order(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider())
    loaded = load("spider-train")
    questions = [(example.id, example.question.question) for example in loaded.examples]
    assert questions == [("0", "train_spider?"), ("1", "train_others?")]
    assert loaded.examples[0].golds == ("SELECT 1 ;",)


def test_a_missing_training_file_is_noted(layouts: Layouts) -> None:
    folder = layouts.spider()
    (folder / "train_others.json").unlink()
    made = import_benchmark("spider", folder)
    assert "train_others.json is missing from the split 'train'" in made.notes


def test_the_test_split_brings_its_own_databases_and_schemas(layouts: Layouts) -> None:
    folder = layouts.spider()
    layouts.json(folder / "test.json", [{"db_id": "moon", "question": "?", "query": "SELECT 1"}])
    layouts.json(folder / "test_tables.json", layouts.tables("moon"))
    for db_id, row in (("moon", 1), ("zoo", 99)):
        layouts.database(folder / f"test_database/{db_id}/{db_id}.sqlite", rows=[(row, "test")])
    made = import_benchmark("spider", folder)
    assert list(made.splits) == ["dev", "train", "test"]
    loaded = load("spider-test")
    assert list(loaded.databases) == ["moon"]
    assert (loaded.databases["moon"].path.parent / "schema.json").is_file()
    # A database of both folders is that of database/.
    assert (
        load("spider-dev").digest
        == import_benchmark("spider", layouts.spider("plain"), data=folder.parent / "other")
        .splits["dev"]
        .digest
    )


def test_a_release_with_one_split_only_imports(layouts: Layouts) -> None:
    folder = layouts.spider()
    for file in ("train_spider.json", "train_others.json"):
        (folder / file).unlink()
    assert list(import_benchmark("spider", folder).splits) == ["dev"]


def test_text_keeps_every_character(layouts: Layouts) -> None:
    folder = layouts.spider()
    question, sql = "  Wie heißt »Ж«?\t", "SELECT  \n 'a\u2028b' -- \ud800 ;"
    layouts.json(folder / "dev.json", [{"db_id": "zoo", "question": question, "query": sql}])
    import_benchmark("spider", folder)
    example = load("spider-dev").examples[0]
    assert (example.question.question, example.golds) == (question, (sql,))


def test_blank_golds_are_refused_at_import(layouts: Layouts) -> None:
    folder = layouts.spider()
    layouts.json(folder / "dev.json", [{"db_id": "zoo", "question": "?", "query": " "}])
    with pytest.raises(BadInput, match="question 0 has no text 'query'"):
        import_benchmark("spider", folder)


def test_a_database_that_tables_json_lacks_still_imports(layouts: Layouts) -> None:
    folder = layouts.spider()
    layouts.json(folder / "tables.json", layouts.tables("arena"))
    import_benchmark("spider", folder)
    zoo = load("spider-dev").databases["zoo"].path.parent
    assert json.loads((zoo / "schema.json").read_text())["tables"] == {}
    assert not (zoo / "tables.json").exists()
