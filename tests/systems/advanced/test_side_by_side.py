"""The small model answers in several processes as in one; a large one is loaded only once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.plugins import load_system
from t2s_bench.runs.experiment import run_system
from t2s_bench.runs.lock import Scoring


def test_the_small_models_predictions_are_the_same_bytes_however_many_processes_answer(
    tmp_path: Path,
) -> None:
    pytest.importorskip("torch")
    mini = load("mini")
    for jobs in (1, 2):
        system = load_system("advanced", {"mcts_simulations": 6}, seed=1)
        out = tmp_path / str(jobs)
        run_system(system, mini, mini.examples[::32], out, Scoring(("ex",)), workers=jobs)
    for name in ("predictions.jsonl", "scores.jsonl", "system.json"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


ANSWERING = """
import json
from t2s_bench.benchmarks.benchmark import load
from t2s_bench.plugins import load_system
mini = load("mini")
system = load_system("advanced", {"mcts_simulations": 12}, seed=1).start()
for example in mini.examples[::92]:
    said = system.predict(example.question, mini.databases[example.question.database])
    print(json.dumps([said.sql, said.confidence, said.trace]))
system.close()
"""


def test_the_threads_of_numerical_libraries_change_no_digit() -> None:
    pytest.importorskip("torch")
    said = [
        subprocess.run(
            [sys.executable, "-c", ANSWERING],
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            check=True,
        ).stdout
        for threads in ("1", "4")
    ]
    assert said[0] == said[1] and said[0].count(b"\n") == 3


def test_only_the_small_model_on_one_thread_answers_side_by_side() -> None:
    assert load_system("advanced").side_by_side
    assert not load_system("advanced", {"threads": 2}).side_by_side
    assert not load_system("advanced", {"backend": "transformers", "model": "m"}).side_by_side
    assert not load_system("advanced", {"backend": "openai", "model": "m"}).side_by_side
