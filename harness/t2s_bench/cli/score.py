"""`t2s-bench score`: predictions made elsewhere, or a run by other metrics."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from t2s_bench.cli.common import (
    CORES,
    DataOption,
    EngineOption,
    JobsOption,
    JsonOption,
    MetricsOption,
    load_benchmark,
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
    profile: Annotated[
        str,
        typer.Option(
            help="safe, official, or both separated by a comma: the spread between them is shown "
            "and the first one is recorded."
        ),
    ] = "safe",
    jobs: JobsOption = CORES,
    out: Annotated[
        Path | None, typer.Option(help="Run directory (default: runs/DATASET/FILE's name).")
    ] = None,
    engine: EngineOption = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Score predictions made elsewhere, or score a run again without predicting again.

    Example: t2s-bench score predictions.sql --dataset spider-dev
    """
    from t2s_bench.errors import BadInput
    from t2s_bench.metrics.case import find_profiles
    from t2s_bench.metrics.catalog import chosen_metrics
    from t2s_bench.reports.spread import spread_markdown
    from t2s_bench.reports.terminal import print_report
    from t2s_bench.runs.lock import Scoring
    from t2s_bench.runs.rescore import score_file, score_run, spread_of

    profiles = find_profiles(profile)
    with progress(f"scoring {file.name}") as listener:
        if file.is_dir():
            if out is not None:
                raise BadInput("a run is scored in place: leave --out away")
            report, folder = score_run(
                file,
                dataset,
                metrics,
                data=data,
                engine=engine,
                profile=profiles[0],
                workers=jobs,
                listener=listener,
            )
        else:
            if dataset is None:
                raise BadInput(
                    "say which benchmark the predictions answer: --dataset NAME "
                    "(t2s-bench datasets lists them)"
                )
            benchmark = load_benchmark(dataset, data, engine)
            folder = out or Path("runs") / benchmark.name / file.stem
            report = score_file(
                file,
                benchmark,
                folder,
                Scoring(chosen_metrics(metrics, benchmark.primary_metric), profiles[0]),
                workers=jobs,
                command=tuple(sys.argv[1:]),
                listener=listener,
            )
    further: dict[str, Any] = {}
    if len(profiles) > 1:
        further["spread"] = spread_of(
            folder, profiles, dataset=dataset, data=data, engine=engine, workers=jobs
        )
    if json:
        print_json({**report, **further, "folder": str(folder)})
        return
    console = stdout_console()
    print_report(report, console, slices=("difficulty",))
    if further:
        console.print(spread_markdown(further["spread"]), highlight=False, markup=False)
    console.print(f"run: {folder}   look closer: t2s-bench show {folder}", highlight=False)
