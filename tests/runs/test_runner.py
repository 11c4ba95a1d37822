"""The runner keeps what is done, checks what it starts, and blames the right one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.errors import BadInput, NotComparable
from t2s_bench.plugins import load_system
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.experiment import run_system
from t2s_bench.runs.lock import Scoring
from t2s_bench.runs.records import held
from t2s_bench.types import Question

SYSTEM = """
from pathlib import Path
from t2s_bench import Prediction, Question, System

class Fake(System):
    batch_size = 4

    def predict_batch(self, requests):
        assert all(type(question) is Question for question, _ in requests)
        asked = Path(__file__).with_name("asked.log")
        with asked.open("a") as log:
            log.write(" ".join(question.id for question, _ in requests) + "\\n")
        {batch}

    def predict(self, question, database):
        return self.predict_batch([(question, database)])[0]

    def describe(self):
        return {{"checkpoint": (Path(__file__).parents[1] / "checkpoint").read_text()}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "fake"
    path.mkdir()
    (path / "system.toml").write_text('name = "fake"\nsummary = "s"\nentry = "system:Fake"\n')
    (tmp_path / "checkpoint").write_text("first")
    write(path, "return [Prediction('SELECT 4') for _ in requests]")
    return path


def write(folder: Path, batch: str) -> None:
    (folder / "system.py").write_text(SYSTEM.format(batch=batch))


def run(folder: Path, shop: Path, out: Path, *, resume: bool = False, fresh: bool = False) -> None:
    benchmark = load(shop)
    run_system(
        load_system(folder),
        benchmark,
        benchmark.examples,
        out,
        Scoring(("ex",)),
        resume=resume,
        fresh=fresh,
    )


def asked(folder: Path) -> Sequence[Sequence[str]]:
    return [line.split() for line in (folder / "asked.log").read_text().splitlines()]


def test_a_system_is_asked_in_batches_of_its_size_and_never_sees_an_example(
    folder: Path, shop: Path, tmp_path: Path
) -> None:
    run(folder, shop, tmp_path / "run")
    assert [len(batch) for batch in asked(folder)] == [4, 2]
    assert not hasattr(Question("1", "q", "d"), "golds")


@pytest.mark.parametrize(
    ("batch", "named"),
    [
        ("raise KeyError('weights')", "system.py:13: KeyError: 'weights'"),
        ("return []", "0 predictions for 4 questions"),
        ("return None", "TypeError"),
    ],
)
def test_a_failing_system_is_one_line_with_its_place_and_what_is_done_stays(
    batch: str, named: str, folder: Path, shop: Path, tmp_path: Path
) -> None:
    write(folder, batch)
    with pytest.raises(BadInput) as caught:
        run(folder, shop, tmp_path / "run")
    assert named in str(caught.value) and "\n" not in str(caught.value)
    assert "question 'count' or the 3 after it" in str(caught.value)
    assert not RunDirectory(tmp_path / "run").done


@pytest.mark.parametrize("how", ["resume", "fresh"])
def test_a_run_that_another_process_writes_is_left_alone(
    how: str, folder: Path, shop: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    run(folder, shop, out)
    (folder / "asked.log").unlink()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    guard = held(out / "lock.json", "")
    with pytest.raises(BadInput, match="another process is writing .*: wait for it, or take"):
        run(folder, shop, out, resume=how == "resume", fresh=how == "fresh")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    os.close(guard)
    run(folder, shop, out, resume=how == "resume", fresh=how == "fresh")
    assert RunDirectory(out).done


def test_a_run_is_not_continued_with_another_checkpoint(
    folder: Path, shop: Path, tmp_path: Path
) -> None:
    run(folder, shop, tmp_path / "run")
    predictions = tmp_path / "run" / "predictions.jsonl"
    predictions.write_text("".join(predictions.read_text().splitlines(keepends=True)[:3]))
    (folder / "asked.log").unlink()
    (tmp_path / "checkpoint").write_text("second")
    with pytest.raises(NotComparable, match="checkpoint: first → second"):
        run(folder, shop, tmp_path / "run", resume=True)
    (tmp_path / "checkpoint").write_text("first")
    run(folder, shop, tmp_path / "run", resume=True)
    assert RunDirectory(tmp_path / "run").done
