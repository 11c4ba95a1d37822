"""Scoring what is already predicted: a file of predictions, or a run by other metrics."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from t2s_bench.benchmarks.benchmark import QUESTIONS, Benchmark, load
from t2s_bench.errors import BadInput, NotComparable, UserError
from t2s_bench.metrics.catalog import chosen_metrics
from t2s_bench.reports.report import Report
from t2s_bench.runs import records
from t2s_bench.runs.directory import RunDirectory, RunWriter
from t2s_bench.runs.experiment import finish
from t2s_bench.runs.lock import Lock, Scoring, differences, make_lock
from t2s_bench.runs.prediction_files import read_predictions
from t2s_bench.runs.runner import Listener, predict_and_score
from t2s_bench.scoring import Scorer
from t2s_bench.system import System
from t2s_bench.types import Example


def score_file(
    file: Path,
    benchmark: Benchmark,
    folder: Path,
    scoring: Scoring,
    *,
    workers: int = 1,
    command: tuple[str, ...] = (),
    listener: Listener | None = None,
) -> Report:
    """Scores a file of predictions into a run directory.

    Scoring is cheap and repeats exactly, so an earlier scoring of a file in the same folder is
    replaced; the run of a system is not (BadInput).
    """
    predictions = read_predictions(file, benchmark)
    system = {
        "name": file.stem,
        "digest": sha256(file.read_bytes()).hexdigest(),
        "ceiling": False,
        "predictions_file": file.name,
    }
    lock = make_lock(benchmark, benchmark.examples, system, scoring, command)
    if (folder / "lock.json").exists() and not _is_scored_file(folder):
        raise BadInput(f"{folder} holds the run of a system: take another folder with --out")
    with (
        RunWriter(folder, lock, resume=False, fresh=(folder / "lock.json").exists()) as writer,
        Scorer(
            scoring.metrics, workers=workers, budget=scoring.budget, profile=scoring.profile
        ) as scorer,
    ):
        writer.add_predictions(predictions.items())
        predict_and_score(_nothing, benchmark, benchmark.examples, writer, scorer, listener)
        return finish(writer, benchmark, benchmark.examples, scorer)


def score_run(
    folder: Path,
    dataset: str | None,
    metrics: str | None,
    *,
    data: Path | None = None,
    workers: int = 1,
    listener: Listener | None = None,
) -> tuple[Report, Path]:
    """Scores a run again in place, by the given metrics, on the benchmark it was made for."""
    directory = RunDirectory(folder)
    benchmark = benchmark_of(directory, dataset, data)
    predictions = directory.predictions()
    examples = tuple(example for example in benchmark.examples if example.id in predictions)
    identity: Any = directory.lock.identity
    if len(examples) != identity["benchmark"]["questions"]:
        raise BadInput(f"{folder} is not fully predicted: finish it first with --resume")
    names = chosen_metrics(metrics, benchmark.primary_metric)
    lock = make_lock(benchmark, examples, identity["system"], Scoring(names))
    with RunWriter(folder, directory.lock, resume=True, fresh=False) as writer:
        (folder / "done.json").unlink(missing_ok=True)
        (folder / "scores.jsonl").unlink()
    records.replace(
        folder / "lock.json", Lock(lock.identity, directory.lock.about).to_json().encode()
    )
    with (
        RunWriter(folder, lock, resume=True, fresh=False) as writer,
        Scorer(names, workers=workers) as scorer,
    ):
        predict_and_score(_nothing, benchmark, examples, writer, scorer, listener)
        return finish(writer, benchmark, examples, scorer), folder


def benchmark_of(
    directory: RunDirectory, dataset: str | None = None, data: Path | None = None
) -> Benchmark:
    """The benchmark a run was made on; NotComparable if what is installed is another one."""
    identity: Any = directory.lock.identity["benchmark"]
    about: Any = directory.lock.about
    name = dataset or identity["name"]
    try:
        benchmark = load(name, data=data)
    except UserError:
        if dataset is not None:
            raise
        folder = Path(about["benchmark_folder"])
        # An imported benchmark lies in the data folder of that time, one's own has its own folder.
        own = (folder / QUESTIONS).exists()
        benchmark = load(folder) if own else load(name, data=folder.parent)
    found = {"name": benchmark.name, "version": benchmark.version, "digest": benchmark.digest}
    wanted = {key: identity[key] for key in found}
    if found != wanted:
        raise NotComparable(
            f"{directory.folder} was made on another benchmark "
            f"({'; '.join(differences(wanted, found))})"
        )
    return benchmark


def examples_of(directory: RunDirectory, benchmark: Benchmark) -> tuple[Example, ...]:
    """The questions of a run that are predicted, in the benchmark's order."""
    predictions = directory.predictions()
    return tuple(example for example in benchmark.examples if example.id in predictions)


def _is_scored_file(folder: Path) -> bool:
    system: Any = RunDirectory(folder).lock.identity["system"]
    return "predictions_file" in system


def _nothing() -> System:
    raise AssertionError("every question has its prediction already")
