"""What the commands share: options, output, progress, the choice of questions."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from t2s_bench.errors import BadInput, UnknownName

if TYPE_CHECKING:
    from rich.console import Console

    from t2s_bench.benchmarks.benchmark import Benchmark
    from t2s_bench.runs.runner import Listener
    from t2s_bench.types import Example

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")
]
DataOption = Annotated[
    Path | None,
    typer.Option(help="Folder of the benchmarks (default: T2S_DATA, else the project's data/)."),
]
DatasetOption = Annotated[
    str, typer.Option(help="Benchmark by name (see: t2s-bench datasets) or by folder.")
]
EngineOption = Annotated[
    str | None,
    typer.Option(
        envvar="T2S_ENGINE",
        show_envvar=False,
        help="Database server that executes SQL, as a URL: postgresql://…, mysql://…, "
        "duckdb:///FILE (default: SQLite, from the files; T2S_ENGINE keeps a password hidden).",
    ),
]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Only the first N questions.")]
IdsOption = Annotated[
    str | None, typer.Option(help="Only these questions: ids, separated by commas.")
]
JobsOption = Annotated[
    int, typer.Option(min=1, help="Worker processes that execute SQL.", show_default="cores")
]
MetricsOption = Annotated[
    str | None,
    typer.Option(
        help="Metrics, separated by commas, the first decides the outcome "
        "(default: the benchmark's own first, then ex and ex_spider)."
    ),
]
CORES = os.cpu_count() or 1


def stdout_console() -> Console:
    """The console of results: plain text where stdout is no terminal, at a width that fits."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 110)


def print_json(content: Mapping[str, object]) -> None:
    """One JSON object on stdout."""
    typer.echo(json.dumps(content, indent=2, ensure_ascii=sys.stdout.encoding.lower() != "utf-8"))


def print_fields(content: Mapping[str, object]) -> None:
    """Names and values in two columns on stdout, nested ones indented."""
    for line in _field_lines(content, ""):
        typer.echo(line)


def _field_lines(content: Mapping[str, object], indent: str) -> list[str]:
    lines = []
    for name, value in content.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{name}", *_field_lines(value, indent + "  ")]
        else:
            text = f"{value:,}" if isinstance(value, int) and value > 9999 else str(value)
            text = f"{value:.4g}" if isinstance(value, float) else text
            lines.append(f"{indent}{name:<{34 - len(indent)}} {text}".rstrip())
    return lines


def load_benchmark(dataset: str, data: Path | None, engine: str | None) -> Benchmark:
    """A benchmark by name or folder, on a server where one is given."""
    from t2s_bench.benchmarks.benchmark import load

    benchmark = load(dataset, data=data)
    if engine is None:
        return benchmark
    from t2s_bench.benchmarks.engine import on_engine

    return on_engine(benchmark, engine)


def choose_examples(
    benchmark: Benchmark, limit: int | None = None, ids: str | None = None
) -> tuple[Example, ...]:
    """The questions of a run, in the benchmark's order."""
    examples = benchmark.examples
    if ids is not None:
        wanted = [id.strip() for id in ids.split(",") if id.strip()]
        known = {example.id for example in examples}
        for id in wanted:
            if id not in known:
                first = [example.id for example in examples[:3]]
                raise UnknownName(f"question of {benchmark.name}", id, [*first, "…"])
        examples = tuple(example for example in examples if example.id in set(wanted))
    if limit is not None:
        examples = examples[:limit]
    if not examples:
        raise BadInput(f"no question of {benchmark.name} is chosen")
    return examples


@contextmanager
def progress(label: str) -> Iterator[Listener | None]:
    """A progress bar on stderr while a run goes on; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from t2s_bench.runs.runner import Progress

    columns = (
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, rate="")

        def show(state: Progress) -> None:
            rate = f"{100 * state.correct / state.scored:.1f} %" if state.scored else ""
            bar.update(task, total=state.total, completed=state.scored, rate=rate)

        yield show
