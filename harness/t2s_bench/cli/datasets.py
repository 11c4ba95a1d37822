"""`t2s-bench datasets`: what can be run here, and what could be imported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from t2s_bench.cli.common import DataOption, JsonOption, print_json, stdout_console

if TYPE_CHECKING:
    from t2s_bench.benchmarks.catalog import Absent, Dataset


def datasets(data: DataOption = None, json: JsonOption = False) -> None:
    """List the datasets that are here, and those that can be imported.

    Example: t2s-bench datasets
    """
    from t2s_bench.benchmarks.catalog import Absent, Dataset, datasets_here
    from t2s_bench.benchmarks.location import data_folder

    found = datasets_here(data)
    here = [entry for entry in found if isinstance(entry, Dataset)]
    absent = [entry for entry in found if isinstance(entry, Absent)]
    if json:
        print_json(
            {
                "data": str(data_folder(data)),
                "datasets": [_record(dataset) for dataset in here],
                "not_imported": [asdict(entry) for entry in absent],
            }
        )
    else:
        _print(here, absent)


def _record(dataset: Dataset) -> dict[str, object]:
    return {
        **asdict(dataset),
        "left_out": dataset.left_out,
        "folder": str(dataset.folder),
    }


def _print(here: list[Dataset], absent: list[Absent]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = stdout_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("dataset", "version", "questions", "left out", "databases"):
        number = heading in ("questions", "left out", "databases")
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for heading in ("digest", "metric", "licence"):
        table.add_column(heading, no_wrap=True)
    for dataset in here:
        cells = (
            dataset.name,
            dataset.version,
            f"{dataset.questions:,}",
            f"{dataset.left_out:,}" if dataset.left_out else "",
            f"{dataset.databases:,}",
            dataset.digest[:12],
            dataset.primary_metric,
            dataset.licence,
        )
        table.add_row(*map(escape, cells))
    console.print(table)
    lines = [(f"in {dataset.folder}\n  {dataset.citation}", dataset.name) for dataset in here]
    lines += [(f"note: {note}", dataset.name) for dataset in here for note in dataset.notes]
    typer.echo("")
    for line, names in _grouped(lines).items():
        typer.echo(f"{', '.join(names)}: {line}")
    if absent:
        typer.echo("\nNot imported; get the archive from its page, then type the command:")
    for entry in absent:
        typer.echo(f"  {', '.join(entry.datasets)}: {entry.homepage}")
        if entry.problem:
            typer.echo(f"    {entry.problem}")
        typer.echo(f"    {entry.command}")


def _grouped(lines: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Every line once, with the names it belongs to."""
    names: dict[str, list[str]] = {}
    for line, name in lines:
        names.setdefault(line, []).append(name)
    return names
