"""Scoring what is already predicted: a file of predictions, or a run by other metrics."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from t2s_bench.benchmarks.benchmark import QUESTIONS, Benchmark, load
from t2s_bench.benchmarks.engine import on_engine
from t2s_bench.errors import BadInput, NotComparable, UserError
from t2s_bench.metrics.catalog import chosen_metrics
from t2s_bench.reports.report import Report
from t2s_bench.reports.spread import spread
from t2s_bench.runs import records
from t2s_bench.runs.answering import Answers
from t2s_bench.runs.directory import RunDirectory, RunWriter
from t2s_bench.runs.experiment import finish
from t2s_bench.runs.lock import Lock, Scoring, differences, make_lock
from t2s_bench.runs.prediction_files import read_predictions
from t2s_bench.runs.runner import Listener, predict_and_score
from t2s_bench.scoring import Scorer
from t2s_bench.types import Budget, Example


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
    engine: str | None = None,
    profile: str = "safe",
    workers: int = 1,
    listener: Listener | None = None,
) -> tuple[Report, Path]:
    """Scores a run again in place, by the given metrics, on the benchmark it was made for.

    Predictions stay; killed at any moment, the same call finishes the work.
    """
    directory = RunDirectory(folder)
    benchmark = on_engine_of(directory, benchmark_of(directory, dataset, data), engine)
    examples = examples_of(directory, benchmark)
    identity: Any = directory.lock.identity
    if len(examples) != identity["benchmark"]["questions"]:
        raise BadInput(f"{folder} is not fully predicted: finish it first with --resume")
    names = chosen_metrics(metrics, benchmark.primary_metric)
    lock = make_lock(benchmark, examples, identity["system"], Scoring(names, profile))
    with RunWriter(folder, directory.lock, resume=True, fresh=False):
        (folder / "done.json").unlink(missing_ok=True)
        (folder / "scores.jsonl").unlink()
    records.replace(
        folder / "lock.json", Lock(lock.identity, directory.lock.about).to_json().encode()
    )
    with (
        RunWriter(folder, lock, resume=True, fresh=False) as writer,
        Scorer(names, workers=workers, profile=profile) as scorer,
    ):
        predict_and_score(_nothing, benchmark, examples, writer, scorer, listener)
        return finish(writer, benchmark, examples, scorer), folder


def spread_of(
    folder: Path,
    profiles: Sequence[str],
    *,
    dataset: str | None = None,
    data: Path | None = None,
    engine: str | None = None,
    workers: int = 1,
) -> dict[str, object]:
    """Scores a finished run under further profiles, beside it, and tells where they differ.

    The first of `profiles` is the one the run was scored with; nothing on disk changes.
    """
    directory = RunDirectory(folder)
    benchmark = on_engine_of(directory, benchmark_of(directory, dataset, data), engine)
    scoring: Any = directory.lock.identity["scoring"]
    examples, predictions = examples_of(directory, benchmark), directory.predictions()
    kept = directory.scores()
    scored = {profiles[0]: [kept[example.id] for example in examples]}
    for profile in profiles[1:]:
        budget = Budget(**scoring["budget"])
        with Scorer(scoring["metrics"], workers=workers, budget=budget, profile=profile) as scorer:
            judged = scorer.judge_all(
                (e, benchmark.databases[e.question.database], predictions[e.id].sql)
                for e in examples
            )
            found = {judgement.score.id: judgement.score for _, judgement in judged}
        scored[profile] = [found[example.id] for example in examples]
    return spread(scored, scoring["metrics"])


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


def on_engine_of(directory: RunDirectory, benchmark: Benchmark, engine: str | None) -> Benchmark:
    """The benchmark on the server a run was scored on; NotComparable if `engine` is another."""
    if engine is not None:
        benchmark = on_engine(benchmark, engine)
    wanted: Any = directory.lock.identity.get("engine", {})
    if dict(benchmark.engine) != wanted:
        raise NotComparable(
            f"{directory.folder} was scored on {wanted.get('server', 'SQLite')}"
            + (": say where with --engine URL" if engine is None else ", or with other golds")
        )
    return benchmark


def examples_of(directory: RunDirectory, benchmark: Benchmark) -> tuple[Example, ...]:
    """The questions of a run that are predicted, in the benchmark's order."""
    predictions = directory.predictions()
    return tuple(example for example in benchmark.examples if example.id in predictions)


def _is_scored_file(folder: Path) -> bool:
    system: Any = RunDirectory(folder).lock.identity["system"]
    return "predictions_file" in system


def _nothing(examples: Sequence[Example]) -> Generator[Answers, None, None]:
    raise AssertionError("every question has its prediction already")
