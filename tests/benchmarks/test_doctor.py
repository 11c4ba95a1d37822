"""The doctor finds what is wrong with a dataset, and what is true of the real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.benchmarks.checkup_report import findings, markdown, report_place, write_report
from t2s_bench.benchmarks.doctor import Checkup, check
from t2s_bench.benchmarks.importing import import_benchmark
from t2s_bench.errors import BadInput
from t2s_bench.types import Budget

if TYPE_CHECKING:
    from tests.benchmarks.conftest import Layouts

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def own(layouts: Layouts, *golds: str | list[str], **options: Any) -> Checkup:
    """A check-up of a user's own folder with these golds."""
    lines = [
        {"id": f"q{place}", "question": f"Question {place}?", "db_id": "arena", "gold": gold}
        for place, gold in enumerate(golds)
    ]
    folder = layouts.own(lines=lines)
    options.setdefault("metrics", ["ex", "ex_spider"])
    return check(load(folder), **options)


def test_golds_are_counted_by_how_they_end(layouts: Layouts) -> None:
    found = own(
        layouts,
        "SELECT name FROM singer",
        "SELECT name FROM singer WHERE id = 99",
        "SELECT absent FROM singer",
        ENDLESS,
        budget=Budget(steps=1_000_000),
    )
    assert (found.golds, found.golds_run, found.with_rows) == (4, 2, 1)
    assert found.empty == ("q1",)
    assert [(problem.id, problem.kind) for problem in found.problems] == [
        ("q2", "error"),
        ("q3", "over budget"),
    ]
    assert "no such column: absent" in found.problems[0].message
    assert found.ceilings["ex"].value == 50.0
    assert found.ceilings["ex"].below == ("q2", "q3")


def test_too_large_a_result_is_over_budget(layouts: Layouts) -> None:
    rows = "SELECT a.id FROM singer a, (SELECT 1 UNION SELECT 2 UNION SELECT 3)"
    found = own(layouts, rows, budget=Budget(rows=2))
    assert [problem.kind for problem in found.problems] == ["over budget"]


def test_every_gold_of_a_question_is_run_alone(layouts: Layouts) -> None:
    found = own(layouts, ["SELECT id FROM singer", "SELECT absent", "SELECT 1 WHERE 0"])
    assert (found.golds, found.golds_run, found.with_rows) == (3, 2, 1)
    assert [(problem.id, problem.gold) for problem in found.problems] == [("q0", 1)]
    assert found.ceilings["ex"].value == 100.0


def test_repeated_official_ids_are_named(layouts: Layouts) -> None:
    import_benchmark("mini-dev", layouts.mini_dev())
    found = check(load("mini-dev"))
    assert found.duplicate_ids == {"7": ("7@0", "7@2")}
    assert found.left_out == 1
    assert "ids: 1 repeat: 7" in findings(found)


def test_golds_for_a_server_that_is_not_there_are_not_run(layouts: Layouts) -> None:
    import_benchmark("mini-dev", layouts.mini_dev())
    found = check(load("mini-dev-mysql"))
    assert "the golds are in mysql" in found.skipped
    assert found.golds_run == 0
    assert {leak.split: leak.same for leak in found.leaks} == {
        "mini-dev": True,
        "mini-dev-postgresql": True,
    }


def test_leaks_between_splits_are_found(layouts: Layouts) -> None:
    folder = layouts.spider()
    layouts.json(
        folder / "train_spider.json",
        [{"db_id": "zoo", "question": "how MANY", "query": "SELECT 'How many?'"}],
    )
    import_benchmark("spider", folder)
    found = check(load("spider-dev"))
    (leak,) = found.leaks
    assert leak.split == "spider-train"
    assert [(pair.id, pair.other, pair.same_gold) for pair in leak.pairs] == [("0", "0", True)]
    assert leak.databases == ("zoo",)
    assert (
        "near duplicates in spider-train: 1 (1 of equal words, 1 with the same gold); "
        "databases in common: 1"
    ) in findings(found)


def test_the_report_lies_beside_the_data_and_repeats(layouts: Layouts, tmp_path: Path) -> None:
    found = own(layouts, "SELECT id FROM singer", "SELECT absent", "SELECT 1 WHERE 0")
    benchmark = load(tmp_path / "own")
    place = report_place(benchmark)
    assert place == tmp_path / "own" / "check-own"
    written = write_report(found, place)
    text = written.read_text()
    assert written.name == "check-own.md"
    assert "| q1 | error | no such column: absent |" in text
    record = json.loads((tmp_path / "own" / "check-own.json").read_text())
    assert record["golds_run"] == 2
    assert record["problems"][0]["id"] == "q1"
    again = check(benchmark, metrics=["ex", "ex_spider"])
    assert markdown(again) == text
    assert load(tmp_path / "own").digest == benchmark.digest


def test_the_embedded_benchmark_keeps_its_folder_clean(tmp_path: Path) -> None:
    assert report_place(load("mini")) == tmp_path / "data" / "check-mini"


def test_a_folder_that_cannot_be_written_is_one_line(layouts: Layouts, tmp_path: Path) -> None:
    found = own(layouts, "SELECT 1")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match="the report cannot be written to"):
        write_report(found, tmp_path / "file" / "check")


def test_progress_counts_the_golds(layouts: Layouts) -> None:
    seen: list[tuple[int, int]] = []
    own(layouts, "SELECT 1", "SELECT 2", progress=lambda *state: seen.append(state))
    assert seen == [(1, 2), (2, 2)]


def test_what_is_true_of_spider_dev(official: Path) -> None:
    found = check(load("spider-dev", data=official))
    assert (found.golds_run, found.with_rows, found.left_out) == (972, 923, 62)
    assert found.problems == ()
    assert {metric: ceiling.value for metric, ceiling in found.ceilings.items()}["ex_spider"] == 100
    assert found.duplicate_ids == {}
    assert found.repeated == ()
    assert found.schema == {}
    (leak,) = found.leaks
    assert (leak.split, len(leak.pairs), leak.databases) == ("spider-train", 10, ())


def test_what_is_true_of_mini_dev(official: Path) -> None:
    found = check(load("mini-dev", data=official))
    assert found.duplicate_ids == {"137": ("137@484", "137@487"), "138": ("138@485", "138@488")}
    assert (found.questions, found.left_out, found.golds_run) == (52, 448, 52)
