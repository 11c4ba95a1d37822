"""`t2s-bench train`: a system's trainer, into a directory of results."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from t2s_bench.cli.common import CORES, DataOption, JobsOption, JsonOption, print_fields, print_json


def train(
    system: Annotated[str, typer.Argument(help="A system with a trainer, by name or folder.")],
    config: Annotated[
        Path | None,
        typer.Option(
            help="TOML file with options of the trainer ([train] or its top level); -o wins."
        ),
    ] = None,
    phase: Annotated[
        list[int] | None,
        typer.Option(help="Only this phase, by its number; repeatable (default: all)."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="An option of the trainer, as key=value; repeatable."),
    ] = None,
    ablate: Annotated[
        list[str] | None,
        typer.Option(help="Train without this component (or several: a+b); repeatable."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training in the folder.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over, replacing the training in the folder.")
    ] = False,
    data_only: Annotated[
        bool, typer.Option("--data-only", help="Prepare and check the data, then stop.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print what it would cost; nothing is loaded.")
    ] = False,
    smoke: Annotated[
        bool,
        typer.Option("--smoke", help="All phases at their smallest (the system's smoke.toml)."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of all chance.")] = 0,
    jobs: JobsOption = CORES,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Train a system's model; checkpoints, metrics, plots and the model go to results/.

    Example: t2s-bench train advanced --smoke
    """
    from rich.console import Console

    from t2s_bench.errors import BadInput
    from t2s_bench.options import read_options
    from t2s_bench.training.experiment import chosen_phases, train_loaded
    from t2s_bench.training.live import live
    from t2s_bench.training.loading import load_trainer, smoke_options
    from t2s_bench.training.trainer import Request

    if resume and fresh:
        raise BadInput("--resume and --fresh exclude each other: give one")
    options: dict[str, object] = smoke_options(system) if smoke else {}
    options.update(read_options(option or (), config, "train"))
    off = [part.strip() for text in ablate or () for part in text.split("+") if part.strip()]
    loaded = load_trainer(system, options, seed=seed, off=off)
    if plan:
        request = Request(chosen_phases(loaded, phase or ()), data_only, jobs, data)
        _show(loaded.start().plan(request), json)
        return
    folder = loaded.start().folder(loaded.name)
    try:
        with live(Console(stderr=True)) as listener:
            report = train_loaded(
                loaded,
                phases=phase or (),
                resume=resume,
                fresh=fresh,
                data_only=data_only,
                workers=jobs,
                data=data,
                folder=folder,
                listener=listener,
                command=tuple(sys.argv[1:]),
            )
    except KeyboardInterrupt:
        typer.echo(f"interrupted; what is done is in {folder}: go on with --resume", err=True)
        raise typer.Exit(130) from None
    _show(report, json)


def _show(content: Mapping[str, object], as_json: bool) -> None:
    """Names and values, or one JSON object."""
    if as_json:
        print_json(content)
    else:
        print_fields(content)
