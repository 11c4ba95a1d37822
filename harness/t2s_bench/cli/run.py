"""`t2s-bench run`: a system on a benchmark, into a run directory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from t2s_bench.cli.common import (
    CORES,
    DataOption,
    DatasetOption,
    EngineOption,
    IdsOption,
    JsonOption,
    LimitOption,
    MetricsOption,
    choose_examples,
    load_benchmark,
    print_fields,
    print_json,
    progress,
    stdout_console,
)

if TYPE_CHECKING:
    from t2s_bench.plugins import LoadedSystem


def run(
    system: Annotated[
        str, typer.Argument(help="A system's name (oracle, nop, zero_shot …) or its folder.")
    ],
    dataset: DatasetOption = "mini",
    limit: LimitOption = None,
    ids: IdsOption = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="An option of the system, as key=value; repeatable."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="TOML file with options of the system ([run] or its top level); -o wins."
        ),
    ] = None,
    metrics: MetricsOption = None,
    ablate: Annotated[
        list[str] | None,
        typer.Option(
            help="Also run it without a component (or several: a+b), paired; repeatable. "
            "Or: each, all (each, and the bare base), shapley (all subsets)."
        ),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            min=1,
            help="Worker processes that execute SQL; as many answer where a system answers side "
            "by side (advanced with its small model). The answers do not depend on it.",
            show_default="cores",
        ),
    ] = CORES,
    seed: Annotated[int, typer.Option(help="Seed of the system's own chance.")] = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in the folder.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over, replacing the run in the folder.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Run directory (default: runs/DATASET/SYSTEM).")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check everything, print what the run would take, stop."),
    ] = False,
    engine: EngineOption = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Run a system on a benchmark, score it and write a run directory.

    Example: t2s-bench run oracle --dataset mini --limit 20
    """
    from t2s_bench.errors import BadInput
    from t2s_bench.metrics.catalog import chosen_metrics
    from t2s_bench.options import read_options
    from t2s_bench.plugins import load_system
    from t2s_bench.reports.report import Report
    from t2s_bench.reports.terminal import print_report
    from t2s_bench.runs.experiment import run_system
    from t2s_bench.runs.lock import Scoring
    from t2s_bench.runs.side_by_side import Crew

    if resume and fresh:
        raise BadInput("--resume and --fresh exclude each other: give one")
    options = read_options(option or (), config)
    loaded = load_system(system, options, seed=seed)
    benchmark = load_benchmark(dataset, data, engine)
    examples = choose_examples(benchmark, limit, ids)
    name = f"{loaded.name}-ablation" if ablate else loaded.name
    folder = out or Path("runs") / benchmark.name / name
    if dry_run:
        plan = _plan(loaded, benchmark.name, len(examples), ablate or (), folder)
        print_json(plan) if json else print_fields(plan)
        return

    def run_into(system: LoadedSystem, folder: Path) -> Report:
        without = "".join(f" -{component}" for component in sorted(system.off))
        with progress(f"{system.name}{without} on {benchmark.name}") as listener:
            return run_system(
                system,
                benchmark,
                examples,
                folder,
                Scoring(chosen_metrics(metrics, benchmark.primary_metric)),
                workers=jobs,
                resume=resume,
                fresh=fresh,
                command=tuple(sys.argv[1:]),
                listener=listener,
                crew=crew,
            )

    try:
        with Crew() as crew:
            if ablate:
                from t2s_bench.analysis.arms import design
                from t2s_bench.runs.ablation import run_ablation

                report = run_ablation(
                    lambda off, more: load_system(system, {**options, **more}, seed=seed, off=off),
                    run_into,
                    design(loaded.name, tuple(loaded.components), ablate),
                    folder,
                    replace=resume or fresh,
                )
            else:
                report = run_into(loaded, folder)
    except KeyboardInterrupt:
        typer.echo(f"interrupted; what is done is in {folder}: go on with --resume", err=True)
        raise typer.Exit(130) from None
    if json:
        print_json({**report, "folder": str(folder)})
        return
    console = stdout_console()
    if ablate:
        from t2s_bench.reports.ablation import print_ablation

        print_ablation(report, console)
        console.print(f"arms: {folder}", highlight=False)
        return
    print_report(report, console, slices=("difficulty",))
    console.print(f"run: {folder}   look closer: t2s-bench show {folder}", highlight=False)


def _plan(
    loaded: LoadedSystem, benchmark: str, questions: int, ablate: Sequence[str], folder: Path
) -> dict[str, object]:
    """What a run would be: benchmark, arms and options, and what the system tells of its cost."""
    content: dict[str, object] = {
        "system": loaded.name,
        "benchmark": benchmark,
        "questions": questions,
        "run directory": str(folder),
        "seed": loaded.seed,
        "options": dict(loaded.options),
    }
    if ablate:
        from t2s_bench.analysis.arms import design

        arms = design(loaded.name, tuple(loaded.components), ablate).arms
        content["arms"] = ", ".join(arm.name for arm in arms)
    return {**content, **loaded.plan()}
