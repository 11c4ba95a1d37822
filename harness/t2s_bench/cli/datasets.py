"""`t2s-bench datasets`: what can be run here, what is true of it, and how it looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from t2s_bench.cli.common import (
    CORES,
    DataOption,
    JobsOption,
    JsonOption,
    print_json,
    stdout_console,
)
from t2s_bench.errors import BadInput, UnknownName

if TYPE_CHECKING:
    from t2s_bench.benchmarks.catalog import Absent, Dataset

ACTIONS = ("list", "check", "show")


def datasets(
    action: Annotated[str, typer.Argument(help="list, check NAME, or show NAME [ID].")] = "list",
    name: Annotated[str | None, typer.Argument(help="A dataset by name or folder.")] = None,
    id: Annotated[str | None, typer.Argument(help="Of one question or database.")] = None,
    data: DataOption = None,
    jobs: JobsOption = CORES,
    runs: Annotated[
        list[Path] | None, typer.Option(help="With show SUITE: folders of runs to average.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the datasets, check what is true of one, or show its questions and databases.

    Check runs every gold and finds errors, empty results, duplicates and leaks; its report is
    written beside the data. Show draws the tables of a database, or one question with its gold; of
    a suite (arctic-six) it shows which datasets are here, and with --runs the average.

    Examples: t2s-bench datasets · t2s-bench datasets check mini · t2s-bench datasets show mini bank
    """
    if action not in ACTIONS:
        raise UnknownName("action", action, ACTIONS, hint="See: t2s-bench datasets --help")
    if action == "list":
        _list(data, json)
    elif name is None:
        raise BadInput(f"name a dataset, as in: t2s-bench datasets {action} mini")
    elif action == "check":
        _check(name, data, jobs, json)
    else:
        _show(name, id, data, runs or [], json)


def _check(name: str, data: Path | None, jobs: int, json: bool) -> None:
    from t2s_bench.benchmarks.benchmark import load
    from t2s_bench.benchmarks.checkup_report import findings, record, report_place, write_report
    from t2s_bench.benchmarks.doctor import check

    benchmark = load(name, data=data)
    with _counting(f"golds of {benchmark.name}") as progress:
        checkup = check(benchmark, workers=jobs, progress=progress)
    report = write_report(checkup, report_place(benchmark, data))
    if json:
        print_json({**record(checkup), "report": str(report)})
        return
    version = f" {checkup.version}" if checkup.version else ""
    typer.echo(f"{checkup.name}{version}, digest {checkup.digest[:12]}")
    for line in findings(checkup):
        typer.echo(f"  {line}")
    for problem in checkup.problems[:5]:
        typer.echo(f"  {problem.kind}: {problem.id}: {problem.message}")
    typer.echo(f"report: {report}")


def _show(name: str, id: str | None, data: Path | None, runs: list[Path], json: bool) -> None:
    from t2s_bench.benchmarks.benchmark import load
    from t2s_bench.benchmarks.dataset_view import as_json, dataset_view, print_view, view_of
    from t2s_bench.benchmarks.suites import suites

    if name in suites():
        _show_suite(name, data, runs, json)
        return
    benchmark = load(name, data=data)
    view = view_of(benchmark, id) if id else dataset_view(benchmark)
    if json:
        print_json(as_json(view))
    else:
        print_view(view, stdout_console())


def _show_suite(name: str, data: Path | None, runs: list[Path], json: bool) -> None:
    from t2s_bench.benchmarks.suite_view import print_suite, suite_record
    from t2s_bench.benchmarks.suites import find_suite, presence, suite_scores

    suite = find_suite(name)
    there = presence(suite, data)
    scores = suite_scores(suite, runs) if runs else []
    if json:
        print_json(suite_record(suite, there, scores))
    else:
        print_suite(suite, there, scores, stdout_console())


def _list(data: Path | None, json: bool) -> None:
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
        _print(here, absent, data)


def _record(dataset: Dataset) -> dict[str, Any]:
    return {
        **asdict(dataset),
        "left_out": dataset.left_out,
        "folder": str(dataset.folder),
    }


def _print(here: list[Dataset], absent: list[Absent], data: Path | None) -> None:
    from rich.markup import escape
    from rich.table import Table

    from t2s_bench.benchmarks.suites import presence, suites

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
    for suite in suites().values():
        count = sum(row.here for row in presence(suite, data))
        typer.echo(
            f"suite {suite.name}: {count} of {len(suite.members)} datasets are here "
            f"(t2s-bench datasets show {suite.name})"
        )
    if absent:
        typer.echo("\nNot imported:")
    for entry in absent:
        typer.echo(f"  {', '.join(entry.datasets) or entry.title}: {entry.homepage}")
        if entry.problem:
            typer.echo(f"    {entry.problem}")
        typer.echo(f"    {entry.command}")


def _grouped(lines: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Every line once, with the names it belongs to."""
    names: dict[str, list[str]] = {}
    for line, name in lines:
        names.setdefault(line, []).append(name)
    return names


@contextmanager
def _counting(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
