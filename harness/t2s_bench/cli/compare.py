"""`t2s-bench compare`: two or more runs on the same questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from t2s_bench.cli.common import (
    CORES,
    DataOption,
    JobsOption,
    JsonOption,
    print_json,
    stdout_console,
)


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Two or more run directories, prediction files or records; all are held against "
            "the first."
        ),
    ],
    dataset: Annotated[
        str | None,
        typer.Option(help="Benchmark that prediction files answer; runs know their own."),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="Metric to compare by (default: the first run's first).")
    ] = None,
    flips: Annotated[
        int, typer.Option(min=0, help="How many flipped questions to show a pair.")
    ] = 4,
    markdown: Annotated[
        bool, typer.Option("--markdown", "--md", help="Print Markdown instead of tables.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(help="Also write a self-contained page, with all flips.")
    ] = None,
    jobs: JobsOption = CORES,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Compare runs question by question: difference with interval, exact test, flips.

    Example: t2s-bench compare runs/mini/first runs/mini/second --flips 10
    """
    from t2s_bench.analysis.compare import all_pairs, compare_with_first
    from t2s_bench.analysis.inputs import read_runs
    from t2s_bench.errors import BadInput
    from t2s_bench.reports.comparison import comparison_content, print_comparison, to_markdown
    from t2s_bench.runs import records

    if json and markdown:
        raise BadInput("--json and --markdown exclude each other: give one")
    if len(runs) < 2:
        raise BadInput("a comparison needs two runs or more: t2s-bench compare RUN RUN")
    found = read_runs(runs, dataset, metric, data=data, workers=jobs)
    chosen = metric or found.runs[0].metrics[0]
    comparisons = compare_with_first(found.runs, chosen, found.examples)
    pairs = all_pairs(found.runs, chosen)
    content = comparison_content(found.runs, comparisons, pairs, found.examples, found.notes)
    if html is not None:
        from t2s_bench.reports.comparison_html import to_html

        records.replace(html, to_html(content).encode())
    if json:
        print_json(content)
    elif markdown:
        typer.echo(to_markdown(content, flips), nl=False)
    else:
        print_comparison(content, stdout_console(), flips)
