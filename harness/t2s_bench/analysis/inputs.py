"""What can be compared: run directories, records of runs, and prediction files.

Files of predictions are scored on the fly. A record keeps outcomes alone: its flips show no SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from t2s_bench.analysis.scored_run import ScoredRun, labelled, read_scored_run
from t2s_bench.benchmarks.benchmark import Benchmark, load
from t2s_bench.errors import BadInput, NotARun, NotComparable, UserError
from t2s_bench.metrics.catalog import chosen_metrics
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.lock import Scoring, differences
from t2s_bench.runs.record import Record, read_record
from t2s_bench.runs.rescore import benchmark_of, score_file
from t2s_bench.types import Budget, Example, Score


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
    """Reads runs and records, and scores prediction files as the first run directory was scored.

    Without a directory, files are scored by `metric`, or by the benchmark's own. BadInput where
    a file is given and no benchmark is known, NotComparable where a record's is another one.
    """
    for place in places:
        if not place.exists():
            raise NotARun(
                f"{place} does not exist: give run directories, records or prediction files"
            )
    first = next((RunDirectory(place) for place in places if place.is_dir()), None)
    kept = {place: read_record(place) for place in places if is_record(place)}
    name = dataset or next((r.identity["benchmark"]["name"] for r in kept.values()), None)
    needed = not all(place.is_dir() for place in places)
    benchmark, notes = _benchmark(first, name, data, needed=needed)
    found = []
    for place in places:
        if place.is_dir():
            found.append(read_scored_run(place))
            continue
        assert benchmark is not None
        if place in kept:
            found.append(_kept_run(kept[place], benchmark, place))
        else:
            scoring = _scoring(first, benchmark, metric)
            found.append(_scored_file(place, benchmark, scoring, workers))
    examples = benchmark.examples if benchmark is not None else ()
    return Inputs(tuple(labelled(found, places)), examples, notes)


def _benchmark(
    first: RunDirectory | None, name: str | None, data: Path | None, *, needed: bool
) -> tuple[Benchmark | None, tuple[str, ...]]:
    if first is None:
        if name is None:
            raise BadInput(
                "say which benchmark the predictions answer: --dataset NAME "
                "(t2s-bench datasets lists them)"
            )
        return load(name, data=data), ()
    try:
        return benchmark_of(first, name, data), ()
    except UserError as error:
        if needed or name is not None:
            raise
        return None, (f"no slices and no questions, because the benchmark is not here: {error}",)


def is_record(place: Path) -> bool:
    """Whether a file is the record of a run, and not one of predictions."""
    return place.suffix == ".json" and '"percent_confident":' in place.read_text(encoding="utf-8")


def _kept_run(record: Record, benchmark: Benchmark, place: Path) -> ScoredRun:
    """A record with its questions named again, which takes the very benchmark it was made on."""
    ids = [example.id for example in benchmark.examples]
    ours = {"digest": benchmark.digest, "questions": len(ids)}
    theirs = {key: record.identity["benchmark"][key] for key in ours}
    if ours != theirs:
        raise NotComparable(
            f"{place} was made on another benchmark ({'; '.join(differences(theirs, ours))})"
        )
    scores = {
        id: Score(id, outcome, {metric: values[n] for metric, values in record.scores.items()})
        for n, (id, outcome) in enumerate(zip(ids, record.outcomes, strict=True))
    }
    return ScoredRun(record.name, record.identity, scores)


def _scoring(first: RunDirectory | None, benchmark: Benchmark, metric: str | None) -> Scoring:
    if first is None:
        return Scoring(chosen_metrics(metric, benchmark.primary_metric))
    scoring: Any = first.lock.identity["scoring"]
    return Scoring(tuple(scoring["metrics"]), scoring["profile"], Budget(**scoring["budget"]))


def _scored_file(file: Path, benchmark: Benchmark, scoring: Scoring, workers: int) -> ScoredRun:
    with TemporaryDirectory(prefix="t2s-bench-") as folder:
        score_file(file, benchmark, Path(folder) / "run", scoring, workers=workers)
        return read_scored_run(Path(folder) / "run")
