"""`t2s-bench report`: a finished run's scores and slices."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from t2s_bench.cli.common import JsonOption, print_json, stdout_console


class Slice(str, Enum):
    """What a report can be sliced by."""

    difficulty = "difficulty"
    database = "database"
    feature = "feature"


def report(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    by: Annotated[
        list[Slice] | None,
        typer.Option(help="Slices to show; repeatable (default: all three)."),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", "--md", help="Print Markdown instead of a table.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show a finished run: scores with intervals and ceiling, outcomes, slices.

    Example: t2s-bench report runs/mini/oracle --by difficulty
    """
    from t2s_bench.errors import BadInput
    from t2s_bench.runs.directory import RunDirectory

    if json and markdown:
        raise BadInput("--json and --markdown exclude each other: give one")
    directory = RunDirectory(run)
    content = directory.report()
    if json:
        print_json({**content, "folder": str(run)})
    elif markdown:
        from t2s_bench.reports.markdown import to_markdown

        typer.echo(to_markdown(content), nl=False)
    else:
        from t2s_bench.reports.terminal import print_report

        chosen = tuple(slice.value for slice in by or Slice)
        print_report(content, stdout_console(), slices=chosen)
