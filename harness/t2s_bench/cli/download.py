"""`t2s-bench download`: a benchmark from its official archive into the data folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from t2s_bench.cli.common import DataOption, JsonOption, print_json

if TYPE_CHECKING:
    from t2s_bench.benchmarks.manifest import Manifest


def download(
    name: Annotated[str, typer.Argument(help="A benchmark: spider, bird-dev, mini-dev …")],
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Its official zip, or the folder it was unpacked to."),
    ] = None,
    data: DataOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace what was imported before.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Import a benchmark from its official zip, or from the folder it was unpacked to.

    Example: t2s-bench download spider --from spider_data.zip
    """
    from t2s_bench.benchmarks.catalog import import_command
    from t2s_bench.benchmarks.importing import import_benchmark
    from t2s_bench.benchmarks.location import data_folder
    from t2s_bench.benchmarks.registry import EMBEDDED, find_entry
    from t2s_bench.errors import BadInput

    entry = find_entry(name)
    if source is None and entry.family != EMBEDDED:
        raise BadInput(
            f"no source on the network is configured for '{entry.name}': get {entry.archive} from "
            f"{entry.homepage}, then {import_command(entry)}"
        )
    with _progress(entry.title) as progress:
        manifest = import_benchmark(
            entry.name, source or Path(), data=data, force=force, progress=progress
        )
    folder = data_folder(data) / entry.name
    if json:
        print_json({**asdict(manifest), "folder": str(folder)})
    else:
        _print(manifest, folder)


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
def _progress(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar of bytes on stderr; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(title), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
