"""The end of a training: the final model answers the development benchmarks that are here.

    evaluation/DATASET/     a run directory, as `t2s-bench run SYSTEM --dataset DATASET` makes it
    result.json             the first metric of each, with its interval

What is answered and scored is not done again when a training goes on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from t2s_bench.errors import NotComparable
from t2s_bench.plugins import LoadedSystem
from t2s_bench.runs import records
from t2s_bench.training.directory import EVALUATION, RESULT, TrainingRun

if TYPE_CHECKING:
    from t2s_bench.benchmarks.benchmark import Benchmark
    from t2s_bench.reports.report import Report
    from t2s_bench.types import Example

# Splits of these names are asked on a server of their engine.
_ENGINES = ("postgresql", "mysql")


def development_benchmarks(data: Path | None = None) -> tuple[str, ...]:
    """The installed splits to develop on, by name; the embedded benchmark where there is none.

    Training and test splits are none, and neither are those that need a database server.
    """
    from t2s_bench.benchmarks import registry
    from t2s_bench.benchmarks.location import data_folder
    from t2s_bench.benchmarks.manifest import read_manifest

    embedded: list[str] = []
    found: list[str] = []
    for name, (entry, split) in registry.datasets().items():
        if entry.family == registry.EMBEDDED:
            embedded.append(name)
            continue
        if any(word in split.name for word in ("train", "test", *_ENGINES)) or entry.adds_to:
            continue
        manifest = read_manifest(data_folder(data) / entry.place)
        if manifest and split.name in manifest.splits:
            found.append(name)
    return tuple(found or embedded)


def evaluate_final(
    run: TrainingRun,
    system: LoadedSystem,
    questions: int | None = None,
    trained_on: Sequence[str] = (),
) -> dict[str, object]:
    """Runs the system on each development benchmark and returns what it reached, by name.

    `questions` takes the first so many of each. `system` is loaded with the options that make it
    answer with `run.final_model`. Call it in the main process, when the training's own weights are
    out of memory; a run of another model or of other questions is replaced.
    """
    from t2s_bench.benchmarks.benchmark import load

    reached: dict[str, object] = {}
    for name in development_benchmarks(run.request.data):
        benchmark = load(name, data=run.request.data)
        examples = benchmark.examples[:questions]
        run.log(f"final evaluation: {len(examples)} questions of {name}")
        folder = run.folder / EVALUATION / name
        report = _run(run, system, benchmark, examples, folder)
        metrics = report["metrics"]
        assert isinstance(metrics, Mapping)
        metric = next(iter(metrics))
        found = {"metric": metric, **metrics[metric], "folder": str(folder)}
        if name in trained_on:
            found["trained_on"] = True
        reached[name] = found
        run.log(f"final evaluation: {name} {metric} {found['value']:.1f}")
    records.replace(run.folder / RESULT, (json.dumps(reached, indent=2) + "\n").encode())
    return reached


def _run(
    run: TrainingRun,
    system: LoadedSystem,
    benchmark: Benchmark,
    examples: Sequence[Example],
    folder: Path,
) -> Report:
    from t2s_bench.metrics.catalog import chosen_metrics
    from t2s_bench.runs.experiment import run_system
    from t2s_bench.runs.lock import Scoring

    scoring = Scoring(chosen_metrics(None, benchmark.primary_metric))
    workers = run.request.workers
    try:
        return run_system(
            system, benchmark, examples, folder, scoring, workers=workers, resume=True
        )
    except NotComparable as error:
        run.log(f"final evaluation: {error}: it is made anew")
        return run_system(system, benchmark, examples, folder, scoring, workers=workers, fresh=True)
