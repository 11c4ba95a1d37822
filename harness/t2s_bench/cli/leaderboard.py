"""`t2s-bench leaderboard`: tables, plots and a page from the recorded runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FolderOption = Annotated[Path, typer.Option(help="The leaderboard's folder.")]


def leaderboard(
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit with 1 if a file is not up to date."),
    ] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write the interactive page to this file, too.")
    ] = None,
    folder: FolderOption = Path("leaderboard"),
) -> None:
    """Generate README.md and plots of the leaderboard from its records, and an interactive page.

    Example: t2s-bench leaderboard --html leaderboard.html
    """
    from t2s_bench.leaderboard import build

    contents = build.generated(folder, html)
    if check:
        lines = build.drift(contents, folder)
        for line in lines:
            typer.echo(line)
        if lines:
            typer.echo("bring it up to date: t2s-bench leaderboard", err=True)
            raise typer.Exit(1)
        return
    touched = build.write(contents, folder)
    for path in touched:
        typer.echo(f"{path} {'written' if path.exists() else 'removed'}")
    if not touched:
        typer.echo(f"{folder} is up to date")
