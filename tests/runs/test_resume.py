"""A run killed at any moment goes on: nothing lost, nothing done twice, the same bytes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPEATED = ("predictions.jsonl", "scores.jsonl")
SLOW_SYSTEM = """
import time, random
from t2s_bench import Prediction, System

class Slow(System):
    def predict(self, question, database):
        with open({log!r}, "a") as log:
            log.write(question.id + "\\n")
        time.sleep(0.01)
        chance = random.Random(f"{{self.setup.seed}} {{question.id}}")
        sqls = ["SELECT count(*) FROM item", "SELECT 20", "SELEC", "DROP TABLE item"]
        return Prediction(chance.choice(sqls), confidence=chance.random(), trace={{"a": [1, "é"]}})
"""


@pytest.fixture
def slow_system(tmp_path: Path) -> Path:
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "system.toml").write_text('name = "slow"\nsummary = "s"\nentry = "system:Slow"\n')
    (folder / "system.py").write_text(SLOW_SYSTEM.format(log=str(tmp_path / "asked.txt")))
    return folder


@pytest.fixture
def long_shop(shop: Path) -> Path:
    """The shop's questions ten times over."""
    path = shop / "questions.jsonl"
    lines = path.read_text().splitlines()
    path.write_text(
        "".join(
            line.replace('{"id": "', f'{{"id": "{n:02}-') + "\n"
            for n in range(10)
            for line in lines
        )
    )
    return shop


def command(system: Path, dataset: Path, out: Path, *more: str) -> list[str]:
    start = [sys.executable, "-m", "t2s_bench.cli.app", "run", str(system)]
    return [*start, "--dataset", str(dataset), "--out", str(out), "--jobs", "1", *more]


def test_a_run_killed_at_ten_random_moments_equals_an_uninterrupted_one(
    slow_system: Path, long_shop: Path, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    subprocess.run(
        command(slow_system, long_shop, whole), check=True, capture_output=True, timeout=60
    )
    (tmp_path / "asked.txt").unlink()
    chance = random.Random(7)
    kills = 0
    for _ in range(200):
        more = ["--resume"] if (broken / "lock.json").exists() else []
        process = subprocess.Popen(
            command(slow_system, long_shop, broken, *more),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if kills < 10:
            # Moments count from the first sign of life, so that a slow start is not all they hit.
            size = sum(p.stat().st_size for p in broken.glob("*.jsonl"))
            deadline = time.monotonic() + 30
            while (
                process.poll() is None
                and sum(p.stat().st_size for p in broken.glob("*.jsonl")) == size
                and time.monotonic() < deadline
            ):
                time.sleep(0.002)
            time.sleep(chance.random() * 0.08)
            process.kill()
        _, errors = process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, errors
        kills += 1
    assert kills == 10, f"the run ended after {kills} kills"
    for name in REPEATED:
        assert (broken / name).read_bytes() == (whole / name).read_bytes()
    assert (broken / "done.json").exists()
    asked = (tmp_path / "asked.txt").read_text().split()
    assert len(asked) <= len(set(asked)) + kills, "at most the question being asked is asked again"


def test_ctrl_c_says_how_to_go_on_and_leaves_no_worker(
    slow_system: Path, long_shop: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        command(slow_system, long_shop, out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell that starts tests in the background ignores Ctrl-C for all its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while (
        not (out / "predictions.jsonl").exists() or not (out / "predictions.jsonl").stat().st_size
    ):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "go on with --resume" in errors and "Traceback" not in errors
    with pytest.raises(ProcessLookupError):
        while True:
            os.killpg(process.pid, 0)
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (["--limit", "5"], "benchmark.questions: 60 → 5"),
        (["--seed", "3"], "system.seed: 0 → 3"),
        (["--metrics", "ex_spider"], "scoring.metrics"),
    ],
)
def test_resuming_with_something_changed_is_refused_and_names_it(
    change: list[str], named: str, slow_system: Path, long_shop: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    subprocess.run(
        command(slow_system, long_shop, out), check=True, capture_output=True, timeout=60
    )
    again = subprocess.run(
        command(slow_system, long_shop, out, "--resume", *change),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert again.returncode == 2
    assert named in again.stderr and again.stderr.count("\n") == 1


def test_a_changed_system_or_question_is_refused_too(
    slow_system: Path, long_shop: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    subprocess.run(
        command(slow_system, long_shop, out), check=True, capture_output=True, timeout=60
    )
    with (slow_system / "system.py").open("a") as file:
        file.write("# another system\n")
    questions = long_shop / "questions.jsonl"
    questions.write_text(questions.read_text().replace("Dearest price?", "Highest price?"))
    again = subprocess.run(
        command(slow_system, long_shop, out, "--resume"), capture_output=True, text=True, timeout=60
    )
    assert again.returncode == 2
    assert "benchmark.digest" in again.stderr and "system.digest" in again.stderr
