from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from systems.advanced.training.data import read_data
from systems.advanced.training.leakage import find_leaks
from systems.advanced.training.options import TrainingOptions
from tests.systems.advanced.training.tiny import make_towns, small_options

from t2s_bench import load
from t2s_bench.errors import BadInput


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_towns(tmp_path_factory.mktemp("data") / "towns")


def databases(examples: Any) -> set[str]:
    return {example.question.database for example in examples}


def test_databases_are_held_out_whole(towns: Path, tmp_path: Path) -> None:
    data = read_data(small_options(towns), 0, tmp_path)
    parts = [databases(part) for part in (data.train, data.development, data.calibration)]
    assert [len(part) for part in parts] == [3, 1, 2]
    assert len(set.union(*parts)) == 6
    again = read_data(small_options(towns), 0, tmp_path)
    assert again == data


def test_every_seed_holds_the_same_questions_out(towns: Path, tmp_path: Path) -> None:
    options = small_options(towns, development_questions=2, calibration_questions=3)
    one, other = (read_data(options, seed, tmp_path) for seed in (0, 1))
    assert one.development == other.development and one.calibration == other.calibration
    assert one.train == other.train


def test_the_slices_are_bounded(towns: Path, tmp_path: Path) -> None:
    options = small_options(towns, development_questions=2, calibration_questions=3)
    data = read_data(options, 0, tmp_path)
    assert (len(data.development), len(data.calibration)) == (2, 3)


def test_a_limit_leaves_questions_of_every_database_and_holds_the_same_ones_out(
    towns: Path, tmp_path: Path
) -> None:
    whole = read_data(small_options(towns), 0, tmp_path)
    few = read_data(small_options(towns, limit=7), 0, tmp_path)
    assert few.development == whole.development and few.calibration == whole.calibration
    assert len(few.train) == len(few.weights) == few.summary["train"] == 7
    counts = [
        sum(example.question.database == name for example in few.train)
        for name in databases(whole.train)
    ]
    assert sorted(counts) == [2, 2, 3]
    # In their order, so that nothing else changes.
    places = [whole.train.index(example) for example in few.train]
    assert places == sorted(places)
    assert read_data(small_options(towns, limit=500), 0, tmp_path).train == whole.train


def test_each_data_set_has_the_limit_of_its_own(towns: Path, tmp_path: Path) -> None:
    options = small_options(towns, synthetic=("mini:60",), limit=4)
    data = read_data(options, 0, tmp_path)
    assert len(data.train) == 8 and len(data.synthetic) == len(data.own) == 4


def test_synthetic_questions_can_be_made_on_a_benchmarks_databases(
    towns: Path, tmp_path: Path
) -> None:
    data = read_data(small_options(towns, synthetic=("mini:60",)), 0, tmp_path)
    made = [example for example in data.train if example.id in data.synthetic]
    assert len(made) == 60 and len({example.question.database for example in made}) == 12
    assert {example.id for example in data.own} == {e.id for e in data.train} - data.synthetic
    again = read_data(small_options(towns, synthetic=("mini:60",)), 0, tmp_path)
    assert again == data
    other = read_data(small_options(towns, synthetic=("mini:60",)), 1, tmp_path)
    assert {example.golds for example in other.train} != {example.golds for example in data.train}


def test_made_questions_are_divided_where_there_are_no_others(tmp_path: Path) -> None:
    options = TrainingOptions(
        datasets=(), synthetic=("mini:120",), development_databases=3, calibration_databases=4
    )
    data = read_data(options, 0, tmp_path)
    parts = [databases(part) for part in (data.train, data.development, data.calibration)]
    assert [len(part) for part in parts] == [5, 3, 4] and len(set.union(*parts)) == 12
    assert not data.synthetic and set(data.weights) == {1.0}


def test_an_evaluation_split_s_databases_are_not_for_made_questions(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from systems.advanced.training import data as reading

    real = load
    monkeypatch.setattr(
        reading,
        "load",
        lambda name, **more: real("mini" if name == "spider-dev" else name, **more),
    )
    with pytest.raises(BadInput, match="'spider-dev' is for evaluation"):
        read_data(small_options(towns, synthetic=("spider-dev:10",)), 0, tmp_path)


def test_synthetic_questions_of_full_weight_stay_synthetic(towns: Path, tmp_path: Path) -> None:
    options = small_options(towns, synthetic=("mini:60",), synthetic_weight=1.0)
    data = read_data(options, 0, tmp_path)
    assert len(data.synthetic) == 60 and set(data.weights) == {1.0}
    assert not databases(data.development + data.calibration) & {"bank", "clinic"}


def test_synthetic_questions_weigh_less_and_stay_out_of_what_is_held_out(
    towns: Path, tmp_path: Path
) -> None:
    synthetic = tmp_path / "synthetic"
    shutil.copytree(towns, synthetic)
    lines = (synthetic / "questions.jsonl").read_text().splitlines()
    made = [json.loads(line) for line in lines]
    for entry in made:
        entry["question"] = f"synthetic {entry['question']}"
    (synthetic / "questions.jsonl").write_text("".join(json.dumps(e) + "\n" for e in made))
    options = small_options(towns, synthetic=(str(synthetic),), synthetic_weight=0.25)
    data = read_data(options, 0, tmp_path)
    weights = dict(zip((e.id for e in data.train), data.weights, strict=True))
    assert set(weights.values()) == {1.0, 0.25}
    assert all(
        (weight == 0.25) == ("synthetic/" in id.replace(str(towns), ""))
        for id, weight in weights.items()
    )
    assert len(databases(data.train)) == 3
    for part in (data.development, data.calibration):
        assert not any("synthetic" in example.question.question for example in part)


def test_too_few_databases_are_refused(towns: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="6 databases are too few to hold 7 out"):
        read_data(small_options(towns, development_databases=5), 0, tmp_path)


def test_a_question_of_an_evaluation_split_does_not_reach_training(
    towns: Path, tmp_path: Path
) -> None:
    mini = load("mini").examples
    own = load(towns).examples
    asked = own[0].question
    repeated = replace(own[0], question=replace(asked, question=mini[0].question.question))
    same_database = replace(own[1], database=mini[5].database)
    leaks = find_leaks([repeated, same_database, own[2]], ["own"], tmp_path)
    assert leaks.splits == ("mini",)
    assert set(leaks.reasons) == {own[0].id, own[1].id}
    assert f"repeats {mini[0].id} of mini" in leaks.reasons[own[0].id]
    assert "database is one of mini" in leaks.reasons[own[1].id]


def test_leaks_are_dropped_or_stop_as_is_asked(tmp_path: Path) -> None:
    folder = make_towns(tmp_path / "leaky")
    first = load("mini").examples[0].question.question
    text = (folder / "questions.jsonl").read_text()
    changed = text.replace("How many cities are there?", first)
    (folder / "questions.jsonl").write_text(changed)
    data = read_data(small_options(folder), 0, tmp_path)
    assert data.summary["leaking"] == 6
    assert not any(example.question.question == first for example in data.train)
    with pytest.raises(BadInput, match="6 training questions leak.*leakage=drop"):
        read_data(small_options(folder, leakage="stop"), 0, tmp_path)


def test_an_evaluation_split_cannot_be_trained_on(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'spider-dev' is for evaluation.*spider-train"):
        find_leaks([], ["spider-dev"], tmp_path)


def test_spider_dev_does_not_leak_out_of_spider_train(spider: Path) -> None:
    train, dev = load("spider-train", data=spider), load("spider-dev", data=spider)
    leaks = find_leaks(train.examples[:2000], ["spider-train"], spider)
    assert "spider-dev" in leaks.splits
    kept = [e for e in train.examples[:2000] if e.id not in leaks.reasons]
    asked = {e.question.question.lower() for e in dev.examples}
    assert not any(example.question.question.lower() in asked for example in kept)
    assert len(kept) > 1900


def test_the_default_trains_on_spider() -> None:
    assert TrainingOptions().datasets == ("spider-train",)
