"""A suite on a terminal: which of its datasets are here, and what systems scored on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from t2s_bench.benchmarks.suites import Presence, Suite, SuiteScore
from t2s_bench.reports.markdown import percent

if TYPE_CHECKING:
    from rich.console import Console


def suite_record(
    suite: Suite, there: Sequence[Presence], scores: Sequence[SuiteScore]
) -> dict[str, Any]:
    """The table as JSON."""
    return {
        **asdict(suite),
        "present": sum(row.here for row in there),
        "datasets": [{**asdict(row), "here": row.here} for row in there],
        "scores": [asdict(score) for score in scores],
    }


def print_suite(
    suite: Suite, there: Sequence[Presence], scores: Sequence[SuiteScore], console: Console
) -> None:
    """A row for every dataset, a column for every system, the average below."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console.print(Text(f"{suite.name}: {suite.title}"), Text(suite.source), sep="\n")
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("dataset", "metric", "here", *(score.system for score in scores)):
        left = heading in ("dataset", "metric", "here")
        table.add_column(Text(heading), justify="left" if left else "right")
    for row in there:
        name = row.member.dataset
        cells = [
            percent(score.values[name]) + ("*" if name in score.partial else "") for score in scores
        ]
        table.add_row(name, row.member.metric, _here(row), *cells)
    if scores:
        table.add_section()
        table.add_row("average", "", "", *(percent(score.average) for score in scores))
    console.print(table)
    for score in scores:
        console.print(Text(f"{score.system}: {score.label}"))
        for name, summary in score.partial.items():
            console.print(Text(f"  * {name}: {summary}"))
    absent = [row.member.benchmark for row in there if not row.here]
    count = len(there) - len(absent)
    console.print(Text(f"{count} of {len(there)} datasets are here"))
    if absent:
        console.print(Text(f"The others: t2s-bench download {suite.name}"))


def _here(row: Presence) -> str:
    if row.questions is None or row.total is None:
        return "no"
    whole = row.questions == row.total
    return f"{row.questions:,}" if whole else f"{row.questions:,} of {row.total:,}"
