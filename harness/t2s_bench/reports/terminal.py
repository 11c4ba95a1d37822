"""A report on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from t2s_bench.reports.exact_match import exact_match_table
from t2s_bench.reports.markdown import (
    calibration_line,
    candidates_table,
    footer,
    interval,
    percent,
    title,
)
from t2s_bench.reports.report import Report

if TYPE_CHECKING:
    from rich.console import Console


def print_report(report: Report, console: Console, *, slices: tuple[str, ...]) -> None:
    """Prints scores, outcomes and the chosen slices (`difficulty`, `database`, `feature`)."""
    from rich import box
    from rich.table import Table

    metrics: Any = report["metrics"]
    console.print(f"[bold]{title(report)}[/bold]", highlight=False)
    scores = Table(box=box.SIMPLE_HEAD)
    for name in ("metric", "", "score", "95 % interval", "ceiling"):
        scores.add_column(name, justify="left" if name in ("metric", "") else "right")
    for name, rate in metrics.items():
        scores.add_row(
            name,
            rate["title"],
            f"[bold]{percent(rate['value'])}[/bold]",
            interval(rate),
            percent(rate["ceiling"]),
        )
    console.print(scores)
    for kind in slices:
        groups: Any = report["slices"][kind]  # type: ignore[index]
        if set(groups) == {"unlabelled"}:
            continue
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column(f"by {kind}")
        table.add_column("questions", justify="right")
        for name in metrics:
            table.add_column(name, justify="right")
            table.add_column("95 % interval", justify="right")
        for key, group in groups.items():
            cells = [key, f"{group['n']:,}"]
            for rate in group["metrics"].values():
                cells += [percent(rate["value"]), interval(rate)]
            table.add_row(*cells)
        console.print(table)
    exact: Any = report.get("exact_match", {})
    further = [
        (f"{name} by component (F1)", *exact_match_table(levels)) for name, levels in exact.items()
    ]
    if "candidates" in report:
        further.append(("", *candidates_table(report)))
    for heading, header, rows in further:
        table = Table(box=box.SIMPLE_HEAD, title=heading or None, title_justify="left")
        for place, name in enumerate(header):
            table.add_column(name, justify="left" if heading and not place else "right")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    if "calibration" in report:
        console.print(calibration_line(report), highlight=False)
    outcomes: Any = report["outcomes"]
    shown = " · ".join(f"{name} {count:,}" for name, count in outcomes.items())
    console.print(f"outcomes: {shown}", highlight=False)
    console.print(f"[dim]{footer(report)}[/dim]", highlight=False)
