"""A report as Markdown: for `report.md`, pull requests and papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from t2s_bench.reports.exact_match import exact_match_table
from t2s_bench.reports.report import Report


def percent(value: float | None) -> str:
    """Two decimals, as papers print scores; a dash where a metric does not apply.

    >>> percent(83.0246914), percent(None)
    ('83.02', '–')
    """
    return "–" if value is None else f"{value:.2f}"


def interval(rate: Mapping[str, Any]) -> str:
    """A rate's 95 % interval.

    >>> interval({"low": 80.54, "high": 85.26})
    '80.5–85.3'
    """
    return "–" if rate["low"] is None else f"{rate['low']:.1f}–{rate['high']:.1f}"


def title(report: Report) -> str:
    """System, benchmark and how many questions, in one line."""
    system: Any = report["system"]
    benchmark: Any = report["benchmark"]
    ceiling = " (ceiling: sees the gold)" if system.get("ceiling") else ""
    version = f" {benchmark['version']}" if benchmark["version"] else ""
    return f"{system['name']}{ceiling} on {benchmark['name']}{version}: {benchmark['summary']}"


def footer(report: Report) -> str:
    """What the figures depend on, in one line."""
    benchmark: Any = report["benchmark"]
    scoring: Any = report["scoring"]
    return (
        f"benchmark {benchmark['digest'][:12]} · profile {scoring['profile']} · "
        f"budget {scoring['budget']['steps']:,} steps"
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are figures.

    >>> print(table(["a", "n"], [["x", "1"]]))
    | a | n |
    |---|--:|
    | x | 1 |
    """
    rule = "|---|" + "--:|" * (len(header) - 1)
    lines = [f"| {' | '.join(cells)} |" for cells in (header, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]])


def candidates_table(report: Report) -> tuple[list[str], list[list[str]]]:
    """Header and rows: what the first k candidates of each question hold and what votes choose."""
    found: Any = report["candidates"]
    header = ["k"]
    for name in ("pass@k", "any of first k", "maj@k", "soft vote"):
        header += [name, "95 % interval"]
    rows = []
    for k, rates in found.items():
        row = [k]
        for rate in rates.values():
            row += [percent(rate["value"]), interval(rate)]
        rows.append(row)
    return header, rows


def calibration_line(report: Report) -> str:
    """How far confidences can be trusted, in one line.

    >>> found = {"n": 9, "ece": 0.05, "ece_bins": 15, "brier": 0.1, "aurc": 0.02, "left_out": 0}
    >>> calibration_line({"calibration": found})
    'confidences of 9 questions: ECE 0.050 (15 bins) · Brier 0.100 · AURC 0.020'
    """
    found: Any = report["calibration"]
    line = (
        f"confidences of {found['n']:,} questions: ECE {found['ece']:.3f} "
        f"({found['ece_bins']} bins) · Brier {found['brier']:.3f} · AURC {found['aurc']:.3f}"
    )
    if found["left_out"]:
        line += f" · {found['left_out']:,} outside 0 to 1 left out"
    return line


def to_markdown(report: Report) -> str:
    """The whole report."""
    metrics: Any = report["metrics"]
    outcomes: Any = report["outcomes"]
    slices: Any = report["slices"]
    cost: Any = report["cost"]
    parts = [f"# {title(report)}", footer(report)]
    parts.append(
        table(
            ["metric", "score", "95 % interval", "questions", "ceiling"],
            [
                [
                    f"`{name}` {rate['title']}",
                    percent(rate["value"]),
                    interval(rate),
                    f"{rate['n']:,}",
                    percent(rate["ceiling"]),
                ]
                for name, rate in metrics.items()
            ],
        )
    )
    parts.append(
        table(["outcome", "questions"], [[name, f"{n:,}"] for name, n in outcomes.items()])
    )
    for kind, groups in slices.items():
        header = [kind, "questions"]
        for name in metrics:
            header += [f"`{name}`", "95 % interval"]
        rows = []
        for key, group in groups.items():
            row = [key, f"{group['n']:,}"]
            for rate in group["metrics"].values():
                row += [percent(rate["value"]), interval(rate)]
            rows.append(row)
        parts.append(f"## By {kind}\n\n{table(header, rows)}")
    exact: Any = report.get("exact_match", {})
    for name, levels in exact.items():
        parts.append(f"## `{name}` by component (F1)\n\n{table(*exact_match_table(levels))}")
    if "candidates" in report:
        header, rows = candidates_table(report)
        parts.append(f"## By number of candidates\n\n{table(header, rows)}")
    if "calibration" in report:
        parts.append(f"## Confidences\n\n{calibration_line(report)}")
    parts.append(
        f"Prompt tokens {cost['prompt_tokens']:,} · completion tokens "
        f"{cost['completion_tokens']:,} · VM steps {cost['steps']:,}"
    )
    return "\n\n".join(parts) + "\n"
