"""`t2s-bench compare` as its users meet it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from tests.cli.test_app import mistake, t2s

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.record import make_record

GOOD = (
    "SELECT count(*) FROM item\nSELECT max(price) FROM item\n"
    "SELECT price FROM item ORDER BY price DESC, id\nSELECT id FROM item WHERE price IS NULL\n"
    "SELECT sum(price) FROM item\nSELECT id FROM item WHERE price > 99\n"
)
WORSE = GOOD.replace("max(price)", "min(price)").replace("sum(price)", "sum(price")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two prediction files for the shop, the second loses two questions."""
    good, worse = tmp_path / "good.sql", tmp_path / "worse.sql"
    good.write_text(GOOD)
    worse.write_text(WORSE)
    return good, worse


def test_files_are_scored_on_the_fly_and_flips_show_both_sqls(
    shop: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    result = t2s("compare", *files, "--dataset", shop, "--jobs", "1", "--json", "--html", page)
    assert result.returncode == 0, result.stderr
    content = json.loads(result.stdout)
    (found,) = content["comparisons"]
    assert (found["won"], found["lost"], found["p"]) == (0, 2, 0.5)
    assert found["verdict"].startswith("no difference shown")
    assert {flip["id"]: flip["outcomes"] for flip in found["flips"]} == {
        "top": ["match", "mismatch"],
        "sum": ["match", "pred_error"],
    }
    assert found["flips"][0]["sqls"] == [
        "SELECT max(price) FROM item",
        "SELECT min(price) FROM item",
    ]
    assert found["slices"]["database"]["stall"]["lost"] == 1
    text = page.read_text()
    assert "SELECT min(price) FROM item" in text and "http" not in text
    assert not (tmp_path / "runs").exists()


def test_a_file_is_scored_as_the_run_beside_it(
    shop: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    scored = t2s(
        "score", files[0], "--dataset", shop, "--jobs", "1", "--metrics", "ts", "--out", out
    )
    assert scored.returncode == 0
    markdown = t2s(
        "compare", out, files[1], "--dataset", shop, "--jobs", "1", "--md", "--flips", "1"
    )
    assert markdown.returncode == 0, markdown.stderr
    assert "6 questions, ts" in markdown.stdout
    assert "### Flipped questions (1 of 2)" in markdown.stdout
    shown = t2s("compare", out, out, "--data", tmp_path)
    assert "no difference shown" in shown.stdout, shown.stderr


def test_a_record_stands_for_its_run(shop: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    run, record = tmp_path / "run", tmp_path / "kept.json"
    assert t2s("score", files[1], "--dataset", shop, "--jobs", "1", "--out", run).returncode == 0
    ids = [example.id for example in load(shop).examples]
    record.write_text(make_record(RunDirectory(run), ids, "kept").to_json())
    content = json.loads(
        t2s("compare", files[0], record, "--dataset", shop, "--jobs", "1", "--json").stdout
    )
    (found,) = content["comparisons"]
    assert (found["second"], found["lost"]) == ("kept", 2)
    assert found["flips"][0]["sqls"][1] == ""
    (shop / "questions.jsonl").write_text((shop / "questions.jsonl").read_text().replace("9", "8"))
    line = mistake("compare", record, record, "--dataset", shop)
    assert "kept.json was made on another benchmark (digest: " in line


def test_a_run_whose_benchmark_is_gone_is_still_compared(
    shop: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "run"
    assert t2s("score", files[0], "--dataset", shop, "--jobs", "1", "--out", out).returncode == 0
    shop.rename(tmp_path / "elsewhere")
    content = json.loads(t2s("compare", out, out, "--json").stdout)
    assert content["comparisons"][0]["agreement"] == 100.0
    assert "the benchmark is not here" in content["notes"][0]


def test_mistakes_are_one_line(shop: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    assert "needs two runs or more" in mistake("compare", files[0])
    assert "say which benchmark" in mistake("compare", *files)
    assert "does not exist" in mistake("compare", files[0], tmp_path / "none", "--dataset", shop)
    few, all = tmp_path / "few", tmp_path / "all"
    command = ("run", "nop", "--dataset", shop, "--jobs", "1", "--out")
    assert t2s(*command, few, "--limit", "3").returncode == 0
    assert t2s(*command, all).returncode == 0
    line = mistake("compare", few, all)
    assert "benchmark.ids" in line and "benchmark.questions: 3 → 6" in line
    (all / "done.json").unlink()
    assert "is not complete" in mistake("compare", all, few)


@pytest.mark.slow
def test_flips_of_two_real_systems_are_those_of_the_official_verdicts(
    shared: Path, tmp_path: Path
) -> None:
    archive = shared / "benchmarks" / "spider_data.zip"
    data = tmp_path / "data"
    assert t2s("download", "spider", "--from", archive, "--data", data).returncode == 0
    names = ("dail-sql-gpt4", "codes-7b")
    files = [shared / "predictions" / "spider_dev" / f"{name}.sql" for name in names]
    result = t2s("compare", *files, "--dataset", "spider-dev", "--data", data, "--json")
    assert result.returncode == 0, result.stderr
    (found,) = json.loads(result.stdout)["comparisons"]

    cases = json.loads((shared / "eval_reference" / "cases.json").read_text())
    verdicts = json.loads((shared / "eval_reference" / "verdicts" / "spider_exec.json").read_text())
    official = {
        (case["db"], case["gold"], case["pred"]): verdicts[case["id"]]["v"]["exec"]
        for case in cases
        if case["category"] == "spider_dev"
    }
    with zipfile.ZipFile(archive) as content:
        questions = json.loads(content.read("spider_data/dev.json"))
    lines = [file.read_text().splitlines() for file in files]
    expected = {}
    for place, question in enumerate(questions):
        if question["db_id"] != "wta_1":  # its database is not in the archive
            sqls = [line[place].strip().split("\t")[0] for line in lines]
            first, second = (official[question["db_id"], question["query"], sql] for sql in sqls)
            if first != second:
                expected[str(place)] = second > first
    assert len(expected) == 143
    assert {flip["id"]: flip["won"] for flip in found["flips"]} == expected
