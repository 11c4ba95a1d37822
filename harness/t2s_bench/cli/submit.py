"""`t2s-bench submit`: a finished run becomes a small record of the leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from t2s_bench.cli.common import DataOption, JsonOption, print_json
from t2s_bench.cli.leaderboard import FolderOption


def submit(
    run: Annotated[Path, typer.Argument(help="A finished run directory.")],
    name: Annotated[
        str | None,
        typer.Option(help="How the leaderboard calls it (default: the system's name)."),
    ] = None,
    note: Annotated[str, typer.Option(help="A sentence to go with it.")] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Replace the record of another run of that name.")
    ] = False,
    folder: FolderOption = Path("leaderboard"),
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Turn a finished run into a small record of the leaderboard: outcomes and scores, no SQL.

    Example: t2s-bench submit runs/mini/oracle --note "the ceiling"
    """
    from t2s_bench.leaderboard.folder import submit as submit_run
    from t2s_bench.runs.directory import RunDirectory
    from t2s_bench.runs.rescore import benchmark_of

    directory = RunDirectory(run)
    benchmark = benchmark_of(directory, data=data)
    path, changed = submit_run(folder, directory, benchmark, name=name, note=note, force=force)
    if json:
        print_json({"record": str(path), "changed": changed, "bytes": path.stat().st_size})
    elif changed:
        typer.echo(f"{path}: {path.stat().st_size:,} bytes. Next: t2s-bench leaderboard")
    else:
        typer.echo(f"{path} records this run already")
