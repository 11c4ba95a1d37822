"""BIRD's official layouts: ids, evidence, difficulty, dialects and what its archives lack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.errors import BadInput

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts


def test_repeated_ids_get_their_position_and_others_stay(layouts: Layouts) -> None:
    import_benchmark("bird-dev", layouts.bird())
    loaded = load("bird-dev")
    assert [example.id for example in loaded.examples] == ["7@0", "9", "8"]
    assert loaded.positions == {"7@0": 0, "9": 1, "8": 3}
    assert loaded.left_out == ("7@2",)
    assert [example.difficulty for example in loaded.examples] == [
        "simple",
        "moderate",
        "challenging",
    ]


def test_evidence_is_kept_and_may_be_absent(layouts: Layouts) -> None:
    folder = layouts.bird()
    records = layouts.bird_questions("SELECT 1")
    records[0]["evidence"] = "id refers to the number"
    records[1]["evidence"] = None
    del records[3]["evidence"]
    layouts.json(folder / "dev.json", records)
    import_benchmark("bird-dev", folder)
    found = [example.question.evidence for example in load("bird-dev").examples]
    assert found == ["id refers to the number", "", ""]


def test_mini_dev_has_a_split_for_every_dialect(layouts: Layouts) -> None:
    folder = layouts.mini_dev()
    (folder / "mini_dev_mysql.json").unlink()
    made = import_benchmark("mini-dev", folder)
    assert list(made.splits) == ["sqlite", "postgresql"]
    assert "mini_dev_mysql.json is missing from the archive" in made.notes


def test_a_question_without_id_is_refused(layouts: Layouts) -> None:
    folder = layouts.bird()
    layouts.json(folder / "dev.json", [{"db_id": "arena", "question": "?", "SQL": "SELECT 1"}])
    with pytest.raises(BadInput, match="without a whole number as question_id"):
        import_benchmark("bird-dev", folder)
    layouts.json(
        folder / "dev.json",
        [{"question_id": 1, "evidence": 5, "db_id": "arena", "question": "?", "SQL": "SELECT 1"}],
    )
    with pytest.raises(BadInput, match="question 1: 'evidence' is not a text"):
        import_benchmark("bird-dev", folder)


def test_an_unpacked_folder_wins_over_the_zip_it_came_from(layouts: Layouts) -> None:
    folder = layouts.bird()
    (folder / "dev_databases.zip").write_bytes(b"no longer needed")
    assert import_benchmark("bird-dev", folder).databases == 1


def test_a_nested_archive_that_is_none_is_refused(layouts: Layouts) -> None:
    folder = layouts.bird(nested=True)
    (folder / "dev_databases.zip").write_bytes(b"<html>404</html>")
    with pytest.raises(BadInput, match=r"dev_databases\.zip in .* is not a zip file but a web"):
        import_benchmark("bird-dev", folder)


def test_the_two_birds_are_not_taken_for_each_other(layouts: Layouts) -> None:
    with pytest.raises(BadInput, match=r"is not BIRD mini-dev.*laid out as 'bird-dev'"):
        import_benchmark("mini-dev", layouts.bird())


@pytest.mark.parametrize("nested", [False, True])
def test_train_has_positions_for_ids(layouts: Layouts, tmp_path: Path, nested: bool) -> None:
    archive = layouts.zip(layouts.bird_train(nested=nested), tmp_path / "train.zip")
    made = import_benchmark("bird-train", archive)
    assert made.splits["train"].questions == 3
    example = load("bird-train").examples[2]
    assert (example.id, example.question.evidence, example.difficulty) == ("2", "a hint", "")


def test_dev_1106_is_another_benchmark_on_the_same_databases(layouts: Layouts) -> None:
    path = layouts.bird_1106()
    with pytest.raises(BadInput, match="first t2s-bench download bird-dev"):
        import_benchmark("bird-dev-1106", path)
    import_benchmark("bird-dev", layouts.bird())
    made = import_benchmark("bird-dev-1106", path)
    old, new = load("bird-dev"), load("bird-dev-1106")
    assert old.digest != new.digest
    assert old.databases["arena"].digest == new.databases["arena"].digest
    assert [example.id for example in new.examples] == ["0", "1", "3"]
    assert made.splits["dev"].missing == {"zoo": 1}
    described = "database_description"
    assert described not in {path.name for path in new.databases["arena"].path.parent.iterdir()}
    schema = (new.databases["arena"].path.parent / "schema.json").read_text()
    assert schema == (old.databases["arena"].path.parent / "schema.json").read_text()


def test_the_copy_of_mini_dev_is_another_benchmark(layouts: Layouts) -> None:
    import_benchmark("mini-dev", layouts.mini_dev())
    made = import_benchmark("mini-dev-hf", layouts.mini_dev_hf())
    assert list(made.splits) == ["sqlite", "postgresql", "mysql"]
    assert load("mini-dev-hf-postgresql").examples[0].golds == ("-- new pg",)
    assert load("mini-dev-hf-mysql").examples[0].question.dialect == "mysql"
    assert load("mini-dev").examples[0].golds == ("-- sqlite",)
    assert "7@2" in load("mini-dev-hf").left_out
