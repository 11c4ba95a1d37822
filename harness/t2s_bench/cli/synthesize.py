"""`t2s-bench synthesize`: question–SQL pairs for databases, as a benchmark folder."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from t2s_bench.cli.common import DataOption, JsonOption, print_json


def synthesize(
    databases: Annotated[
        list[Path] | None, typer.Argument(help="SQLite files, each with its real values.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="All databases of this benchmark, by name or folder.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many pairs, over all databases.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same pairs.")] = 0,
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write.")] = Path(
        "synthetic"
    ),
    base_url: Annotated[
        str | None,
        typer.Option(help="OpenAI-compatible server whose model words the questions, …/v1."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model's name there.")] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Make question-SQL pairs for any database: to train on it, or to try a system on it.

    SQL is sampled over the schema's foreign keys and the real values, and kept where it runs and
    returns rows. The folder can be used wherever a benchmark can. Ctrl-C leaves nothing behind.

    Example: t2s-bench synthesize shop.sqlite -n 500 -o data/shop
    """
    from t2s_bench.errors import BadInput
    from t2s_bench.synthesis.pairs import make_all, write_pairs

    if (base_url is None) != (model is None):
        raise BadInput("questions by a model need both --base-url and --model")
    if out.exists():
        raise BadInput(f"{out} exists: give another folder with -o, or remove it")
    files = _files(databases or [], dataset, data)
    try:
        with _progress("pairs") as listener:
            pairs = make_all(files, n, seed, listener)
        if not pairs:
            raise BadInput("no question could be made: the databases hold no rows to ask about")
        if base_url is not None and model is not None:
            from t2s_bench.synthesis.questions import reworded

            with _progress("questions") as listener:
                pairs = reworded(pairs, files, base_url, model, seed, listener)
        write_pairs(pairs, files, out, link=dataset is not None)
    except KeyboardInterrupt:
        typer.echo("interrupted: nothing was written", err=True)
        raise typer.Exit(130) from None
    levels = Counter(pair.difficulty or "other" for pair in pairs)
    used = len({pair.database for pair in pairs})
    if json:
        print_json(
            {"out": str(out), "pairs": len(pairs), "databases": used, "difficulty": dict(levels)}
        )
        return
    typer.echo(f"{len(pairs):,} pairs on {used:,} databases in {out}")
    if len(pairs) < n:
        typer.echo(f"there is not more to ask: {n:,} were wanted")
    shown = [f"{level} {levels[level]:,}" for level in ("easy", "medium", "hard", "extra", "other")]
    typer.echo("difficulty: " + ", ".join(shown))


def _files(paths: list[Path], dataset: str | None, data: Path | None) -> dict[str, Path]:
    """Database files by the ids that they will have."""
    from t2s_bench.errors import BadInput

    if bool(paths) == (dataset is not None):
        raise BadInput("give SQLite files, or --dataset NAME (see: t2s-bench datasets)")
    if dataset is not None:
        from t2s_bench.benchmarks.benchmark import load

        return {id: database.path for id, database in load(dataset, data=data).databases.items()}
    files: dict[str, Path] = {}
    for path in paths:
        id = re.sub(r"\W+", "_", path.stem).strip("_") or "database"
        if id in files:
            raise BadInput(f"{path} and {files[id]} have one name: rename one of the files")
        files[id] = path
    return files


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, total=total, completed=done)

        yield show
