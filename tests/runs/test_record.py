"""Records: everything a leaderboard needs of a run, small, and nothing that belongs to others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.errors import BadInput, NotARun
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.lock import Scoring
from t2s_bench.runs.record import make_record, read_record
from t2s_bench.runs.rescore import score_file
from t2s_bench.types import Outcome

IDS = ("count", "top", "order", "none", "sum", "empty")
SQLS = ("SELECT count(*) FROM item", "SELECT 99", "", "SELECT oops", "SELECT 10", "SELECT 1")


@pytest.fixture
def run(shop: Path, tmp_path: Path) -> Callable[..., RunDirectory]:
    def score(*confidences: float, metrics: tuple[str, ...] = ("ex", "soft_f1")) -> RunDirectory:
        lines = [{"id": id, "sql": sql} for id, sql in zip(IDS, SQLS, strict=True)]
        for line, confidence in zip(lines, confidences, strict=False):
            line["confidence"] = confidence  # type: ignore[assignment]
        file = tmp_path / "some-system.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        score_file(file, load(shop), tmp_path / "run", Scoring(metrics))
        return RunDirectory(tmp_path / "run")

    return score


def test_a_record_comes_back_from_its_file(
    run: Callable[..., RunDirectory], tmp_path: Path
) -> None:
    record = make_record(run(0.9, 0.126), IDS, "some-system", "a note")
    path = tmp_path / "record.json"
    path.write_text(record.to_json())
    again = read_record(path)
    assert again == replace(record, confidences=(0.9, 0.13, None, None, None, None))
    assert again.outcomes[:4] == (
        Outcome.MATCH,
        Outcome.MISMATCH,
        Outcome.NO_SQL,
        Outcome.PRED_ERROR,
    )
    assert again.scores["ex"] == (1, 0, 0, 0, 1, 0)
    assert again.predicted_elsewhere and not again.ceiling and again.note == "a note"


def test_no_sql_no_question_and_no_place_of_this_machine_gets_in(
    run: Callable[..., RunDirectory], tmp_path: Path
) -> None:
    text = make_record(run(), IDS, "some-system").to_json()
    for foreign in ("SELECT", "item", "How many", str(tmp_path), *IDS[:1]):
        assert foreign not in text


def test_scores_are_readable_bits(run: Callable[..., RunDirectory]) -> None:
    text = make_record(run(), IDS, "some-system").to_json()
    assert '"score ex": {"values": [0, 1], "codes": "100010"}' in text


def test_a_thousand_questions_by_four_metrics_with_confidences_stay_under_ten_kilobytes(
    run: Callable[..., RunDirectory],
) -> None:
    record = make_record(run(0.5), IDS, "some-system")
    many = replace(
        record,
        outcomes=(record.outcomes * 173)[:1034],
        scores={name: (record.scores["ex"] * 173)[:1034] for name in ("ex", "em", "ts", "x")},
        confidences=tuple(n % 100 / 100 for n in range(1034)),
    )
    assert len(many.to_json()) < 10_000


def test_an_unfinished_run_is_refused(run: Callable[..., RunDirectory]) -> None:
    directory = run()
    (directory.folder / "done.json").unlink()
    with pytest.raises(NotARun, match="not complete: finish it with --resume"):
        make_record(directory, IDS, "some-system")


def test_a_run_on_chosen_questions_is_refused(run: Callable[..., RunDirectory]) -> None:
    with pytest.raises(BadInput, match="6 chosen of 7 questions"):
        make_record(run(), (*IDS, "further"), "some-system")


@pytest.mark.parametrize("name", ["", "a/b", "../a", "a b", ".hidden", "é"])
def test_a_name_that_cannot_be_a_files_is_refused(
    run: Callable[..., RunDirectory], name: str
) -> None:
    with pytest.raises(BadInput, match="--name"):
        make_record(run(), IDS, name)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"questions": 6', '"questions": 7'),
        ('"codes": "100010"', '"codes": "10001"'),
        ('"name": "ex"', '"name": "ex'),
        ('"format": 1,\n', '"format": 2,\n'),
        ('"match", ', '"perfect", '),
    ],
)
def test_a_changed_or_damaged_file_is_refused_in_one_line(
    run: Callable[..., RunDirectory], tmp_path: Path, old: str, new: str
) -> None:
    text = make_record(run(), IDS, "some-system").to_json()
    path = tmp_path / "record.json"
    path.write_text(text.replace(old, new) if old in text else text[:200])
    with pytest.raises(BadInput) as caught:
        read_record(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
