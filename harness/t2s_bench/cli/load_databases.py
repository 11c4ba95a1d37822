"""`t2s-bench load-databases`: a benchmark's SQLite databases, copied into a server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from t2s_bench.cli.common import DataOption, JsonOption, print_json

if TYPE_CHECKING:
    from t2s_bench.databases.copying import Listener


def load_databases(
    benchmark: Annotated[str, typer.Argument(help="Benchmark by name or by folder.")],
    to: Annotated[
        str,
        typer.Option(
            envvar="T2S_ENGINE",
            show_envvar=False,
            help="The server, as a URL: postgresql://…, mysql://…, duckdb:///FILE "
            "(T2S_ENGINE keeps a password out of sight).",
        ),
    ],
    data: DataOption = None,
    only: Annotated[
        str | None, typer.Option(help="Only these databases: ids, separated by commas.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace schemas of the same names on the server.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Copy a benchmark's databases into a server: one schema each, with types and keys.

    What is there already is left alone, so an interrupted copy goes on when called again.

    Example: t2s-bench load-databases mini --to duckdb:///mini.duckdb
    """
    from t2s_bench.benchmarks.benchmark import load
    from t2s_bench.databases.copying import copy_databases
    from t2s_bench.errors import UnknownName
    from t2s_bench.execution.address import shown

    loaded = load(benchmark, data=data)
    wanted = [id.strip() for id in (only or "").split(",") if id.strip()]
    for id in wanted:
        if id not in loaded.databases:
            raise UnknownName(f"database of {loaded.name}", id, loaded.databases)
    databases = [d for id, d in loaded.databases.items() if not wanted or id in wanted]
    copied = []
    with _progress(len(databases)) as listener:
        for one in copy_databases(databases, to, force=force, listener=listener):
            copied.append(one)
            if json:
                continue
            if one.skipped:
                typer.echo(f"{one.database}: was there")
            else:
                typer.echo(f"{one.database}: {one.tables:,} tables, {one.rows:,} rows")
            for note in one.notes:
                typer.echo(f"  {note}")
    if json:
        print_json(
            {
                "to": shown(to),
                "databases": {
                    one.database: {
                        "tables": one.tables,
                        "rows": one.rows,
                        "skipped": one.skipped,
                        "notes": list(one.notes),
                    }
                    for one in copied
                },
            }
        )
        return
    new = sum(not one.skipped for one in copied)
    typer.echo(f"{len(copied):,} databases on {shown(to)}, {new:,} of them new")


@contextmanager
def _progress(databases: int) -> Iterator[Listener | None]:
    """A bar of rows on stderr, one database after another; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    seen: dict[str, None] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(database: str, rows: int, total: int) -> None:
            seen[database] = None
            text = f"{database} ({len(seen)} of {databases}), rows"
            bar.update(task, description=text, total=total, completed=rows)

        yield show
