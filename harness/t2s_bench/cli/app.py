"""The command line: `t2s-bench`. One thin file a command; nothing heavy is imported for --help."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from t2s_bench.cli.ask import ask
from t2s_bench.cli.compare import compare
from t2s_bench.cli.datasets import datasets
from t2s_bench.cli.download import download
from t2s_bench.cli.gate import gate
from t2s_bench.cli.leaderboard import leaderboard
from t2s_bench.cli.load_databases import load_databases
from t2s_bench.cli.report import report
from t2s_bench.cli.run import run
from t2s_bench.cli.score import score
from t2s_bench.cli.show import show
from t2s_bench.cli.submit import submit
from t2s_bench.cli.synthesize import synthesize
from t2s_bench.cli.train import train
from t2s_bench.cli.view import view
from t2s_bench.errors import UserError

app = typer.Typer(
    name="t2s-bench",
    help="Text-to-SQL benchmarks: official scores, safely and fast, with their uncertainty.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (
    run,
    train,
    score,
    report,
    show,
    view,
    compare,
    gate,
    submit,
    leaderboard,
    download,
    datasets,
    load_databases,
    synthesize,
    ask,
):
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        import t2s_bench

        typer.echo(t2s_bench.__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and stop.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Text-to-SQL benchmarks: official scores, safely and fast, with their uncertainty."""


def main() -> None:
    """Runs the command line; a user's mistake is one line on stderr and exit code 2."""
    try:
        app()
    except UserError as error:
        if os.environ.get("T2S_DEBUG") == "1":
            raise
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        # The reader of a pipe (head, less) has gone: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    main()
