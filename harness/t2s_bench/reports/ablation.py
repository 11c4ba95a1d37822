"""An ablation as data, in percentage points, and as people read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from t2s_bench.analysis.ablation import Ablation, ArmResult
from t2s_bench.analysis.arms import BASE, CONTROL, FULL
from t2s_bench.analysis.scored_run import ScoredRun
from t2s_bench.metrics.catalog import METRICS
from t2s_bench.reports.comparison import p_value, pair_content, points, signed_interval
from t2s_bench.reports.markdown import percent, table

if TYPE_CHECKING:
    from rich.console import Console

Content = Mapping[str, Any]
COLUMNS = (
    "arm",
    "score",
    "difference",
    "95 % interval",
    "p",
    "won",
    "lost",
    "detectable",
    "ECE",
    "tokens in",
    "tokens out",
    "sec",
)
SHARES = ("component", "share of the gain", "95 % interval")


def ablation_content(
    result: Ablation,
    full: ScoredRun,
    components: Mapping[str, str],
    notes: Sequence[str] = (),
) -> Content:
    """Everything that was found; tokens and seconds are means over the questions."""
    return {
        "benchmark": full.identity["benchmark"],
        "system": full.identity["system"],
        "scoring": {k: v for k, v in full.identity["scoring"].items() if k != "metrics"},
        "metric": {"name": result.metric, "title": METRICS[result.metric].title},
        "components": dict(components),
        "arms": [_arm(arm) for arm in result.arms],
        "shapley": [
            {
                "component": share.component,
                "value": 100 * share.value,
                "low": 100 * share.low,
                "high": 100 * share.high,
            }
            for share in result.contributions
        ],
        "notes": list(notes),
    }


def _arm(result: ArmResult) -> dict[str, Any]:
    compared: dict[str, Any] = {}
    if result.pair is not None:
        compared = {**pair_content(result.pair), "p_adjusted": result.p, "verdict": result.verdict}
        del compared["first_score"], compared["second_score"]
    return {
        "name": result.arm.name,
        "off": sorted(result.arm.off),
        "score": 100 * result.score,
        **compared,
        "ece": result.ece,
        "prompt_tokens": result.cost.prompt_tokens,
        "completion_tokens": result.cost.completion_tokens,
        "seconds": result.cost.seconds,
    }


def to_markdown(content: Content) -> str:
    """The whole ablation."""
    parts = [f"# {_heading(content)}", _footer(content)]
    parts.append(table(COLUMNS, [_arm_row(arm) for arm in content["arms"]]))
    parts.append("\n".join(f"- {line}" for line in _verdicts(content)))
    if content["shapley"]:
        parts.append("## Shapley values")
        parts.append(table(SHARES, [_share_row(share) for share in content["shapley"]]))
    parts += content["notes"]
    parts.append("\n".join(f"- `{name}`: {text}" for name, text in content["components"].items()))
    return "\n\n".join(parts) + "\n"


def print_ablation(content: Content, console: Console) -> None:
    """The ablation on a terminal."""
    from rich import box
    from rich.table import Table

    console.print(f"[bold]{_heading(content)}[/bold]", highlight=False)
    for columns, rows in (
        (COLUMNS, [_arm_row(arm) for arm in content["arms"]]),
        (SHARES, [_share_row(share) for share in content["shapley"]]),
    ):
        shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for place, name in enumerate(columns):
            # Only headings and the first column may wrap, never a figure.
            width = max((len(row[place]) for row in rows), default=0) if place else None
            shown.add_column(name, justify="right" if place else "left", min_width=width)
        for row in rows:
            shown.add_row(*row)
        if rows:
            console.print(shown)
    for line in [*_verdicts(content), *content["notes"]]:
        console.print(line, highlight=False, markup=False)
    console.print(f"[dim]{_footer(content)}[/dim]", highlight=False)


def _heading(content: Content) -> str:
    benchmark, metric = content["benchmark"], content["metric"]
    version = f" {benchmark['version']}" if benchmark["version"] else ""
    return (
        f"Ablation of {content['system']['name']} on {benchmark['name']}{version}, "
        f"{benchmark['questions']:,} questions, {metric['name']} ({metric['title']})"
    )


def _footer(content: Content) -> str:
    return (
        f"benchmark {content['benchmark']['digest'][:12]} · profile "
        f"{content['scoring']['profile']} · budget {content['scoring']['budget']['steps']:,} steps "
        "· differences in points against full, p adjusted by Holm over the arms; "
        "detectable: the least true difference that would show 4 times in 5; ECE: how far "
        "confidences are off on average; tokens (prompt and completion) and seconds a question"
    )


def _verdicts(content: Content) -> list[str]:
    """A line an arm; with all subsets run, only for single components, base and control."""
    lines = []
    for arm in content["arms"][1:]:
        if content["shapley"] and len(arm["off"]) > 1 and arm["name"] not in (BASE, CONTROL):
            continue
        if arm["verdict"] in ("better", "worse"):
            lines.append(f"{arm['name']} is {arm['verdict']} than {FULL}")
        else:
            lines.append(f"{arm['name']} and {FULL}: {arm['verdict']}")
    return lines


def _arm_row(arm: Mapping[str, Any]) -> list[str]:
    compared = [""] * 6
    if "difference" in arm:
        compared = [
            points(arm["difference"]),
            signed_interval(arm),
            p_value(arm["p_adjusted"]),
            f"{arm['won']:,}",
            f"{arm['lost']:,}",
            f"{arm['detectable']:.1f}",
        ]
    return [
        arm["name"],
        percent(arm["score"]),
        *compared,
        "" if arm["ece"] is None else f"{arm['ece']:.3f}",
        f"{arm['prompt_tokens']:,.0f}",
        f"{arm['completion_tokens']:,.0f}",
        f"{arm['seconds']:.2f}",
    ]


def _share_row(share: Mapping[str, Any]) -> list[str]:
    return [share["component"], points(share["value"]), signed_interval(share)]
