"""`t2s-bench score`: predictions made elsewhere, or a run by other metrics."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from t2s_bench.cli.common import (
    CORES,
    DataOption,
    JobsOption,
    JsonOption,
    MetricsOption,
    print_json,
    progress,
    stdout_console,
)


def score(
    file: Annotated[
        Path,
        typer.Argument(help="Predictions (.sql .json .jsonl .csv) or a run directory."),
    ],
    dataset: Annotated[
        str | None,
        typer.Option(help="Benchmark by name or folder; a run knows its own."),
    ] = None,
    metrics: MetricsOption = None,
    jobs: JobsOption = CORES,
    out: Annotated[
        Path | None, typer.Option(help="Run directory (default: runs/DATASET/FILE's name).")
    ] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Score predictions made elsewhere, or score a run again without predicting again.

    Example: t2s-bench score predictions.sql --dataset spider-dev
    """
    from t2s_bench.benchmarks.benchmark import load
    from t2s_bench.errors import BadInput
    from t2s_bench.metrics.catalog import chosen_metrics
    from t2s_bench.reports.terminal import print_report
    from t2s_bench.runs.lock import Scoring
    from t2s_bench.runs.rescore import score_file, score_run

    with progress(f"scoring {file.name}") as listener:
        if file.is_dir():
            if out is not None:
                raise BadInput("a run is scored in place: leave --out away")
            report, folder = score_run(
                file, dataset, metrics, data=data, workers=jobs, listener=listener
            )
        else:
            if dataset is None:
                raise BadInput(
                    "say which benchmark the predictions answer: --dataset NAME "
                    "(t2s-bench datasets lists them)"
                )
            benchmark = load(dataset, data=data)
            folder = out or Path("runs") / benchmark.name / file.stem
            report = score_file(
                file,
                benchmark,
                folder,
                Scoring(chosen_metrics(metrics, benchmark.primary_metric)),
                workers=jobs,
                command=tuple(sys.argv[1:]),
                listener=listener,
            )
    if json:
        print_json({**report, "folder": str(folder)})
        return
    console = stdout_console()
    print_report(report, console, slices=("difficulty",))
    console.print(f"run: {folder}   look closer: t2s-bench show {folder}", highlight=False)
