"""A comparison as data, in percentage points: what terminal, Markdown, HTML and `--json` show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from t2s_bench.analysis.compare import Comparison, Flip
from t2s_bench.analysis.paired import PairedDifference
from t2s_bench.analysis.scored_run import ScoredRun
from t2s_bench.analysis.statistics import wilson_interval
from t2s_bench.metrics.catalog import METRICS
from t2s_bench.reports.markdown import percent, table
from t2s_bench.types import Example

if TYPE_CHECKING:
    from rich.console import Console

Content = Mapping[str, Any]
COLUMNS = (
    "run",
    "score",
    "difference",
    "95 % interval",
    "p",
    "won",
    "lost",
    "agree",
    "either",
    "detectable",
)
SLICE_COLUMNS = ("questions", "first", "second", "difference", "95 % interval", "won", "lost")


def comparison_content(
    runs: Sequence[ScoredRun],
    comparisons: Sequence[Comparison],
    pairs: Sequence[tuple[ScoredRun, ScoredRun, PairedDifference, float]],
    examples: Sequence[Example],
    notes: Sequence[str] = (),
) -> Content:
    """Everything that was found; `pairs` are all pairs of runs, `comparisons` those with the first.

    Without `examples` the flips carry no question and no gold.
    """
    metric = comparisons[0].metric
    identity = runs[0].identity
    by_id = {example.id: example for example in examples}
    return {
        "benchmark": identity["benchmark"],
        "scoring": {k: v for k, v in identity["scoring"].items() if k != "metrics"},
        "metric": {"name": metric, "title": METRICS[metric].title},
        "runs": [_run(run, metric) for run in runs],
        "comparisons": [_comparison(comparison, by_id) for comparison in comparisons],
        "pairs": [
            {"first": a.label, "second": b.label, **pair_content(pair), "p_adjusted": p}
            for a, b, pair, p in pairs
        ],
        "notes": list(notes),
    }


def pair_content(pair: PairedDifference) -> dict[str, Any]:
    """A paired difference in percentage points."""
    return {
        "questions": pair.questions,
        "first_score": 100 * pair.first,
        "second_score": 100 * pair.second,
        "difference": 100 * pair.difference,
        "low": 100 * pair.low,
        "high": 100 * pair.high,
        "p": pair.p,
        "won": pair.won,
        "lost": pair.lost,
        "detectable": 100 * pair.detectable,
    }


def points(value: float) -> str:
    """A difference in percentage points, with its sign.

    >>> points(2.366), points(-0.001)
    ('+2.37', '0.00')
    """
    text = f"{value:+.2f}"
    return "0.00" if float(text) == 0 else text


def p_value(p: float) -> str:
    """A p-value as papers print it.

    >>> p_value(0.0654), p_value(0.00003)
    ('0.065', '<0.001')
    """
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def signed_interval(pair: Mapping[str, float]) -> str:
    """The interval of a difference.

    >>> signed_interval({"low": -0.046, "high": 4.81})
    '-0.05 to +4.81'
    """
    return f"{points(pair['low'])} to {points(pair['high'])}"


def heading(content: Content) -> str:
    """Benchmark, questions and metric in one line."""
    benchmark, metric = content["benchmark"], content["metric"]
    version = f" {benchmark['version']}" if benchmark["version"] else ""
    return (
        f"{benchmark['name']}{version}, {benchmark['questions']:,} questions, "
        f"{metric['name']} ({metric['title']})"
    )


def verdict_line(comparison: Mapping[str, Any]) -> str:
    """The verdict as a sentence."""
    first, second = comparison["first"], comparison["second"]
    verdict = comparison["verdict"]
    if verdict in ("better", "worse"):
        return f"{second} is {verdict} than {first}"
    return f"{second} and {first}: {verdict}"


def score_rows(content: Content) -> list[list[str]]:
    """A row a run under COLUMNS; the first run has nothing to be compared with."""
    first = content["runs"][0]
    rows = [[first["label"], percent(first["score"]), *[""] * (len(COLUMNS) - 2)]]
    for run, pair in zip(content["runs"][1:], content["comparisons"], strict=True):
        rows.append(
            [
                run["label"],
                percent(run["score"]),
                points(pair["difference"]),
                signed_interval(pair),
                p_value(pair["p_adjusted"]),
                f"{pair['won']:,}",
                f"{pair['lost']:,}",
                f"{pair['agreement']:.1f} %",
                percent(pair["oracle"]),
                f"{pair['detectable']:.1f}",
            ]
        )
    return rows


def slice_row(name: str, pair: Mapping[str, Any]) -> list[str]:
    """A row under SLICE_COLUMNS, after the slice's name."""
    return [
        name,
        f"{pair['questions']:,}",
        percent(pair["first_score"]),
        percent(pair["second_score"]),
        points(pair["difference"]),
        signed_interval(pair),
        f"{pair['won']:,}",
        f"{pair['lost']:,}",
    ]


def footer(content: Content) -> str:
    """What the figures depend on and how they are to be read, in one line."""
    benchmark, scoring = content["benchmark"], content["scoring"]
    adjusted = ", p adjusted by Holm" if len(content["comparisons"]) > 1 else ""
    return (
        f"benchmark {benchmark['digest'][:12]} · profile {scoring['profile']} · "
        f"budget {scoring['budget']['steps']:,} steps · differences in points against the first "
        f"run{adjusted}; either: the oracle of both; detectable: the least true difference that "
        "would show 4 times in 5"
    )


def to_markdown(content: Content, flips: int) -> str:
    """The whole comparison, with up to `flips` flipped questions a pair."""
    parts = [f"# Comparison on {heading(content)}", footer(content)]
    parts.append(table(COLUMNS, score_rows(content)))
    parts.append("\n".join(f"- {verdict_line(pair)}" for pair in content["comparisons"]))
    parts += [f"Note: {note}" for note in content["notes"]]
    for pair in content["comparisons"]:
        parts.append(f"## {pair['second']} against {pair['first']}")
        for kind, groups in pair["slices"].items():
            if groups:
                rows = [slice_row(name, group) for name, group in groups.items()]
                parts.append(table([f"by {kind}", *SLICE_COLUMNS], rows))
        shown = chosen_flips(pair["flips"], flips)
        if shown:
            parts.append(f"### Flipped questions ({len(shown)} of {len(pair['flips']):,})")
        for flip in shown:
            parts.append(_flip_markdown(flip, pair))
    return "\n\n".join(parts) + "\n"


def chosen_flips(flips: Sequence[Mapping[str, Any]], count: int) -> list[Mapping[str, Any]]:
    """The first `count` flips, won and lost in turn, so that a short list shows both."""
    won = [flip for flip in flips if flip["won"]]
    lost = [flip for flip in flips if not flip["won"]]
    both = min(len(won), len(lost))
    mixed = [flip for pair in zip(lost[:both], won[:both], strict=True) for flip in pair]
    return (mixed + lost[both:] + won[both:])[:count]


def print_comparison(content: Content, console: Console, flips: int) -> None:
    """The comparison on a terminal.

    Of slices it shows difficulty, and of the others those whose interval leaves out 0.
    """
    from rich import box
    from rich.table import Table

    def shown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
        found = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for place, name in enumerate(columns):
            found.add_column(name, justify="right" if place else "left", no_wrap=place > 0)
        for row in rows:
            found.add_row(*row)
        return found

    console.print(f"[bold]{heading(content)}[/bold]", highlight=False)
    console.print(shown(COLUMNS, score_rows(content)))
    for pair in content["comparisons"]:
        console.print(f"[bold]{verdict_line(pair)}[/bold]", highlight=False)
        rows = [
            slice_row(name, group)
            for kind, groups in pair["slices"].items()
            for name, group in groups.items()
            if kind == "difficulty" or group["low"] > 0 or group["high"] < 0
        ]
        if rows:
            console.print(shown(["slice", *SLICE_COLUMNS], rows))
        chosen = chosen_flips(pair["flips"], flips)
        for flip in chosen:
            _print_flip(flip, pair, console)
        left = len(pair["flips"]) - len(chosen)
        if left:
            console.print(
                f"{left:,} more flipped questions: --flips {len(pair['flips'])}", highlight=False
            )
    for note in content["notes"]:
        console.print(f"note: {note}", highlight=False, markup=False)
    console.print(f"[dim]{footer(content)}[/dim]", highlight=False)


def _print_flip(flip: Mapping[str, Any], pair: Mapping[str, Any], console: Console) -> None:
    from rich.panel import Panel
    from rich.syntax import Syntax
    from rich.text import Text

    console.print(
        Text(f"{flip['id']}: {'won' if flip['won'] else 'lost'}", style="bold"),
        Text(flip["question"]),
    )
    for label, sql, outcome in zip(
        (pair["first"], pair["second"]), flip["sqls"], flip["outcomes"], strict=True
    ):
        body = Syntax(sql or "(no SQL)", "sql", word_wrap=True, background_color="default")
        console.print(Panel(body, title=f"{label}: {outcome}", title_align="left"))


def _flip_markdown(flip: Mapping[str, Any], pair: Mapping[str, Any]) -> str:
    lines = [f"**{flip['id']}** ({'won' if flip['won'] else 'lost'}) {flip['question']}".rstrip()]
    for label, sql, outcome in zip(
        (pair["first"], pair["second"]), flip["sqls"], flip["outcomes"], strict=True
    ):
        lines += ["", f"{label}: {outcome}", "", "```sql", sql, "```"]
    return "\n".join(lines)


def _run(run: ScoredRun, metric: str) -> dict[str, Any]:
    values = [value for value in run.values(metric) if value is not None]
    mean = sum(values) / max(1, len(values))
    low, high = wilson_interval(min(mean, 1.0) * len(values), len(values))
    return {
        "label": run.label,
        "system": run.identity["system"],
        "score": 100 * mean,
        "low": 100 * low,
        "high": 100 * high,
        "n": len(values),
    }


def _comparison(comparison: Comparison, examples: Mapping[str, Example]) -> dict[str, Any]:
    return {
        "first": comparison.first,
        "second": comparison.second,
        **pair_content(comparison.pair),
        "p_adjusted": comparison.p,
        "verdict": comparison.verdict,
        "agreement": 100 * comparison.agreement,
        "oracle": 100 * comparison.oracle,
        "slices": {
            kind: {name: pair_content(pair) for name, pair in groups.items()}
            for kind, groups in comparison.slices.items()
        },
        "flips": [_flip(flip, examples.get(flip.id)) for flip in comparison.flips],
    }


def _flip(flip: Flip, example: Example | None) -> dict[str, Any]:
    return {
        "id": flip.id,
        "won": flip.won,
        "outcomes": [str(outcome) for outcome in flip.outcomes],
        "database": example.question.database if example else "",
        "difficulty": example.difficulty if example else "",
        "question": example.question.question if example else "",
        "gold": example.golds[0] if example else "",
        "sqls": list(flip.sqls),
    }
