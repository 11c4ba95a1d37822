"""`t2s-bench download`: a benchmark into the data folder, from the network or from a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from t2s_bench.cli.common import DataOption, JsonOption, print_json, stdout_console

if TYPE_CHECKING:
    from t2s_bench.benchmarks.manifest import Manifest

    Report = Callable[[int, int], None]


def download(
    name: Annotated[
        str, typer.Argument(help="A benchmark (spider, bird-dev …) or suite (arctic-six).")
    ],
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Its official zip, or the folder it was unpacked to."),
    ] = None,
    data: DataOption = None,
    only: Annotated[
        str | None,
        typer.Option(help="Only these parts: splits (of a suite: datasets), separated by commas."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Use the archives that were kept; ask no server.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace what was imported before.")
    ] = False,
    keep_archive: Annotated[
        bool, typer.Option("--keep-archive", help="Keep the files as they were downloaded.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Download a benchmark and import it, or import it from its official zip or folder.

    Examples: t2s-bench download spider · t2s-bench download spider --from spider_data.zip
    """
    from t2s_bench.benchmarks.download import download as fetch
    from t2s_bench.benchmarks.importing import import_benchmark
    from t2s_bench.benchmarks.location import data_folder
    from t2s_bench.benchmarks.registry import find_entry
    from t2s_bench.benchmarks.suites import suites
    from t2s_bench.errors import BadInput

    if name in suites():
        if source:
            raise BadInput(f"'{name}' is a suite: give --from with one of its benchmarks")
        _suite(name, data, only, offline, force, keep_archive, json)
        return
    entry = find_entry(name)
    parts = [part.strip() for part in (only or "").split(",") if part.strip()]
    with _progress() as labelled:
        if source:
            report = labelled(f"importing {entry.title}")
            manifest = import_benchmark(
                entry.name, source, data=data, only=parts, force=force, progress=report
            )
        else:
            manifest = fetch(
                entry,
                data=data,
                only=parts,
                force=force,
                offline=offline,
                keep_archive=keep_archive,
                labelled=labelled,
            )
    folder = data_folder(data) / entry.place
    if json:
        print_json({**asdict(manifest), "folder": str(folder)})
    else:
        _print(manifest, folder)


def _suite(
    name: str,
    data: Path | None,
    only: str | None,
    offline: bool,
    force: bool,
    keep_archive: bool,
    json: bool,
) -> None:
    """Downloads the datasets of a suite that are not here; what fails does not stop the others."""
    from t2s_bench.benchmarks.suite_view import print_suite, suite_record
    from t2s_bench.benchmarks.suites import download_suite, find_suite, presence

    suite = find_suite(name)
    parts = [part.strip() for part in (only or "").split(",") if part.strip()]
    with _progress() as labelled:
        failures = download_suite(
            suite,
            data=data,
            only=parts,
            offline=offline,
            force=force,
            keep_archive=keep_archive,
            labelled=labelled,
        )
    there = presence(suite, data)
    if json:
        print_json({**suite_record(suite, there, []), "failures": failures})
    else:
        print_suite(suite, there, [], stdout_console())
        for benchmark, failure in failures.items():
            typer.echo(f"{benchmark}: {failure}", err=True)
    if failures:
        raise typer.Exit(2)


def _print(manifest: Manifest, folder: Path) -> None:
    from t2s_bench.benchmarks.benchmark import coverage
    from t2s_bench.benchmarks.registry import find

    typer.echo(
        f"{manifest.title} ({manifest.version}) imported from {manifest.source} into {folder}: "
        f"databases: {manifest.databases}, digest {manifest.digest[:12]}, {manifest.licence}"
    )
    names = {split: find(manifest.name, split)[1].dataset for split in manifest.splits}
    width = max(map(len, names.values()))
    for split, part in manifest.splits.items():
        there = coverage(part.scored, part.questions, part.missing)
        typer.echo(f"  {names[split]:{width}}  {there}")
    for note in manifest.notes:
        typer.echo(f"note: {note}")
    typer.echo(f"Next: t2s-bench run oracle --dataset {next(iter(names.values()))}")


@contextmanager
def _progress() -> Iterator[Callable[[str], Report | None]]:
    """Gives a bar of bytes on stderr for every label; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda label: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as SpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        SpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:

        def labelled(label: str) -> Report:
            for finished in bar.task_ids:
                bar.stop_task(finished)
            task = bar.add_task(label, total=None)
            return lambda done, total: bar.update(task, completed=done, total=total or None)

        yield labelled
