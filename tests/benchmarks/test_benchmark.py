"""Loading by name or path: ids, positions, digests and every mistake in a folder of one's own."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from t2s_bench.benchmarks import benchmark as benchmarks
from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.errors import BadInput, UnknownName, UserError

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def test_a_folder_of_ones_own_loads_by_its_path(layouts: Layouts) -> None:
    folder = layouts.own()
    layouts.database(folder / "databases" / "arena" / "arena.other.sqlite")
    loaded = load(folder)
    assert (loaded.name, loaded.total, loaded.missing, loaded.left_out) == ("own", 1, {}, ())
    assert loaded.primary_metric == "ex"
    assert loaded.summary_line() == "scored 1 of 1"
    database = loaded.databases["arena"]
    assert [path.name for path in database.files] == ["arena.sqlite", "arena.other.sqlite"]
    assert loaded.examples[0].database is database


def test_left_out_questions_keep_their_place_in_the_official_file(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider(there=["arena"]))
    loaded = load("spider-dev")
    assert [example.id for example in loaded.examples] == ["0", "2"]
    assert loaded.positions == {"0": 0, "2": 2}
    assert (loaded.left_out, loaded.missing, loaded.total) == (("1",), {"zoo": 1}, 3)
    assert loaded.summary_line() == "scored 2 of 3, zoo missing (1 question)"


def test_a_split_loads_by_name_by_benchmark_and_by_path(layouts: Layouts, tmp_path: Path) -> None:
    import_benchmark("spider", layouts.spider())
    by_name, by_split = load("spider-dev"), load("spider", split="dev")
    by_path = load(tmp_path / "data" / "spider", split="dev")
    assert by_name == by_split
    assert by_path == by_name
    assert by_name.name == "spider-dev"
    assert by_name.primary_metric == "ex_spider"


def test_the_digest_is_of_content_alone(layouts: Layouts, tmp_path: Path) -> None:
    folder = layouts.own()
    before = load(folder).digest
    copy = tmp_path / "elsewhere" / "named otherwise"
    shutil.copytree(folder, copy)
    main = copy / "databases" / "arena" / "arena.sqlite"
    os.utime(main, (1, 1))
    main.with_name("notes.txt").write_text("not a filling")
    assert load(copy).digest == before
    questions = copy / "questions.jsonl"
    record = json.loads(questions.read_text())
    questions.write_text(json.dumps(dict(reversed(record.items())), indent=None) + "\n\n")
    assert load(copy).digest == before


def test_the_digest_notices_questions_databases_and_fillings(layouts: Layouts) -> None:
    folder = layouts.own()
    seen = {load(folder).digest}
    filling = folder / "databases" / "arena" / "filling.sqlite"
    layouts.database(filling, rows=[(2, "b")])
    seen.add(load(folder).digest)
    layouts.database(filling, rows=[(3, "c")])
    seen.add(load(folder).digest)
    layouts.database(folder / "databases" / "arena" / "arena.sqlite", rows=[(4, "d")])
    seen.add(load(folder).digest)
    questions = folder / "questions.jsonl"
    questions.write_text(questions.read_text().replace("SELECT 1", "SELECT 2"))
    seen.add(load(folder).digest)
    assert len(seen) == 5


def test_an_import_that_was_changed_is_refused(layouts: Layouts, tmp_path: Path) -> None:
    import_benchmark("spider", layouts.spider())
    layouts.database(tmp_path / "data/spider/databases/zoo/zoo.sqlite", rows=[(9, "changed")])
    with pytest.raises(BadInput, match="changed since their import: import again"):
        load("spider-dev")


def test_a_benchmark_without_any_of_its_databases_is_refused(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider(there=["arena"]))
    with pytest.raises(BadInput, match="none of the 2 questions of 'spider-train'"):
        load("spider-train")


def test_every_example_knows_its_database_and_dialect(layouts: Layouts) -> None:
    import_benchmark("mini-dev", layouts.mini_dev())
    for name, dialect in (
        ("mini-dev", "sqlite"),
        ("mini-dev-mysql", "mysql"),
        ("mini-dev-postgresql", "postgresql"),
    ):
        loaded = load(name)
        assert {example.question.dialect for example in loaded.examples} == {dialect}
        assert {base.dialect for base in loaded.databases.values()} == {dialect}
        assert {example.golds for example in loaded.examples} == {(f"-- {dialect}",)}


@pytest.mark.parametrize(
    ("name", "split", "message"),
    [
        ("spidr-dev", None, "unknown dataset 'spidr-dev': did you mean 'spider-dev'?"),
        ("spider", None, "'spider' has several splits: say 'spider-dev', 'spider-train'"),
        ("spider", "dve", "unknown split of spider 'dve': did you mean 'dev'?"),
        ("spider-dev", "train", "'spider-dev' is the split 'dev', not 'train'"),
        ("spider-dev", None, "data: t2s-bench download spider"),
        ("./nowhere", None, "there is no folder nowhere"),
    ],
)
def test_names_that_lead_nowhere_say_what_to_type(
    name: str, split: str | None, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        load(name, split)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_split_that_the_source_lacked_is_named(layouts: Layouts) -> None:
    import_benchmark("spider", layouts.spider())
    with pytest.raises(UnknownName, match="split of this spider 'test'.*Possible: dev, train"):
        load("spider-test")
    with pytest.raises(BadInput, match="has no split 'dev'"):
        load(layouts.own(), "dev")


def test_mistakes_in_a_folder_of_ones_own_are_one_line(layouts: Layouts) -> None:
    good = {"id": "a", "question": "?", "db_id": "arena", "gold": "SELECT 1"}

    def mistake(*lines: object) -> str:
        with pytest.raises(UserError) as caught:
            load(layouts.own(lines=lines))
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "holds no question" in mistake()
    unknown = mistake({**good, "db_id": "arina"})
    assert "unknown database 'arina': did you mean 'arena'?" in unknown
    assert "needs" in unknown
    assert "arina.sqlite" in unknown
    both = mistake(good, {**good, "id": "b", "dialect": "mysql"})
    assert "in several dialects (mysql, sqlite)" in both
    folder = layouts.own()
    (folder / "databases" / "arena" / "arena.sqlite").write_text("no database")
    with pytest.raises(BadInput, match="is not a SQLite database"):
        load(folder)
    shutil.rmtree(folder / "databases")
    with pytest.raises(UnknownName, match="Possible: none"):
        load(folder)
    (folder / "questions.jsonl").unlink()
    with pytest.raises(BadInput, match=r"has no questions\.jsonl"):
        load(folder)


def test_embedded_benchmarks_need_no_import(
    layouts: Layouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = layouts.own()
    monkeypatch.setattr(benchmarks, "embedded_folder", lambda name: folder)
    loaded = load("mini")
    assert (loaded.name, loaded.licence, loaded.primary_metric) == ("mini", "MIT", "ex")
    assert load("mini", split="questions") == loaded


def test_questions_become_a_hugging_face_dataset(layouts: Layouts) -> None:
    datasets = pytest.importorskip("datasets")
    lines = [
        {"id": "a", "question": "How many?", "db_id": "arena", "gold": "SELECT 1"},
        {
            "id": "b",
            "question": "Wer? »Ж«",
            "db_id": "arena",
            "gold": ["SELECT 2", "SELECT 3"],
            "evidence": "a hint",
            "difficulty": "hard",
        },
    ]
    loaded = load(layouts.own(lines=lines))
    table = loaded.to_datasets()
    assert isinstance(table, datasets.Dataset)
    assert table[1] == {
        "id": "b",
        "question": "Wer? »Ж«",
        "evidence": "a hint",
        "db_id": "arena",
        "golds": ["SELECT 2", "SELECT 3"],
        "difficulty": "hard",
        "dialect": "sqlite",
        "database_file": str(loaded.databases["arena"].path),
    }
    assert len(table) == 2
