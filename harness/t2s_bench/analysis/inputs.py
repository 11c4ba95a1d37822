"""What can be compared: run directories, and prediction files that are scored on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from t2s_bench.analysis.scored_run import ScoredRun, labelled, read_scored_run
from t2s_bench.benchmarks.benchmark import Benchmark, load
from t2s_bench.errors import BadInput, NotARun, UserError
from t2s_bench.metrics.catalog import chosen_metrics
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.lock import Scoring
from t2s_bench.runs.rescore import benchmark_of, score_file
from t2s_bench.types import Budget, Example


@dataclass(frozen=True)
class Inputs:
    """Runs under labels of their own, and the questions of their benchmark if that is here.

    `notes` says what is left out where it is not.
    """

    runs: tuple[ScoredRun, ...]
    examples: tuple[Example, ...]
    notes: tuple[str, ...]


def read_runs(
    places: Sequence[Path],
    dataset: str | None,
    metric: str | None,
    *,
    data: Path | None = None,
    workers: int = 1,
) -> Inputs:
    """Reads run directories and scores prediction files as the first of the directories was.

    Without a directory, files are scored by `metric`, or by the benchmark's own. BadInput where
    a file is given and no benchmark is known.
    """
    for place in places:
        if not place.exists():
            raise NotARun(f"{place} does not exist: give run directories or prediction files")
    folders = [place for place in places if place.is_dir()]
    first = RunDirectory(folders[0]) if folders else None
    files = [place for place in places if not place.is_dir()]
    benchmark, notes = _benchmark(first, dataset, data, needed=bool(files))
    found = []
    for place in places:
        if place.is_dir():
            found.append(read_scored_run(place))
        else:
            assert benchmark is not None
            scoring = _scoring(first, benchmark, metric)
            found.append(_scored_file(place, benchmark, scoring, workers))
    examples = benchmark.examples if benchmark is not None else ()
    return Inputs(tuple(labelled(found, places)), examples, notes)


def _benchmark(
    first: RunDirectory | None, dataset: str | None, data: Path | None, *, needed: bool
) -> tuple[Benchmark | None, tuple[str, ...]]:
    if first is None:
        if dataset is None:
            raise BadInput(
                "say which benchmark the predictions answer: --dataset NAME "
                "(t2s-bench datasets lists them)"
            )
        return load(dataset, data=data), ()
    try:
        return benchmark_of(first, dataset, data), ()
    except UserError as error:
        if needed or dataset is not None:
            raise
        return None, (f"no slices and no questions, because the benchmark is not here: {error}",)


def _scoring(first: RunDirectory | None, benchmark: Benchmark, metric: str | None) -> Scoring:
    if first is None:
        return Scoring(chosen_metrics(metric, benchmark.primary_metric))
    scoring: Any = first.lock.identity["scoring"]
    return Scoring(tuple(scoring["metrics"]), scoring["profile"], Budget(**scoring["budget"]))


def _scored_file(file: Path, benchmark: Benchmark, scoring: Scoring, workers: int) -> ScoredRun:
    with TemporaryDirectory(prefix="t2s-bench-") as folder:
        score_file(file, benchmark, Path(folder) / "run", scoring, workers=workers)
        return read_scored_run(Path(folder) / "run")
