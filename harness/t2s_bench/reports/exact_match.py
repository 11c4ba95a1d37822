"""Spider's own tables in a report: hardness, and exact match by clause.

They appear where a run is scored as Spider's: `hardness` stands in for difficulty where questions
carry no label and the benchmark's first metric is Spider's, and the components where `em` or
`em_values` is among the metrics. Nothing is executed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.metrics.exact_match import COMPONENTS
from t2s_bench.metrics.exact_match_report import exact_match_report, hardness_of
from t2s_bench.metrics.hardness import LEVELS
from t2s_bench.types import Example, Prediction

_SPIDER_METRICS = ("ex_spider", "ts", "em")
# metric: whether it compares literals and DISTINCT
_EXACT_METRICS = {"em": False, "em_values": True}


def difficulties(benchmark: Benchmark, examples: Sequence[Example]) -> dict[str, str]:
    """Each question's difficulty by id: its label, else (for Spider's) the hardness of its gold.

    Empty where neither is known: a gold outside Spider's SQL has no hardness.
    """
    labels = {example.id: example.difficulty for example in examples}
    if any(labels.values()) or benchmark.primary_metric not in _SPIDER_METRICS:
        return labels
    found = hardness_of({e.id: (e, benchmark.databases[e.question.database]) for e in examples})
    return {id: level if level in LEVELS else "" for id, level in found.items()}


def exact_match_section(
    benchmark: Benchmark,
    examples: Sequence[Example],
    predictions: Mapping[str, Prediction],
    scoring: Mapping[str, Any],
) -> dict[str, object]:
    """By metric and hardness: questions, the share that match, and each component's figures.

    Shares are percentages; `acc` is over the predictions that have the component, `rec` over the
    golds that have it, as officially. Empty where no such metric was asked for.
    """
    found: dict[str, object] = {}
    for metric, values in _EXACT_METRICS.items():
        if metric not in scoring["metrics"]:
            continue
        items = (
            (e, benchmark.databases[e.question.database], predictions[e.id].sql) for e in examples
        )
        levels = exact_match_report(items, profile=scoring["profile"], values=values)
        found[metric] = {
            level: {
                "n": row.count,
                "exact": 100 * row.exact,
                "components": {
                    name: {"acc": 100 * part.acc, "rec": 100 * part.rec, "f1": 100 * part.f1}
                    for name, part in row.partial.items()
                },
            }
            for level, row in levels.items()
        }
    return found


def exact_match_table(levels: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Header and rows of one metric: F1 of each component by hardness, and its acc and rec."""
    header = ["component", *levels, "acc (all)", "rec (all)"]
    rows = [["questions", *(f"{row['n']:,}" for row in levels.values()), "", ""]]
    rows.append(["exact match", *(f"{row['exact']:.2f}" for row in levels.values()), "", ""])
    for name in COMPONENTS:
        parts = [row["components"][name] for row in levels.values()]
        everywhere = levels["all"]["components"][name]
        figures = [f"{part['f1']:.2f}" for part in parts]
        rows.append([name, *figures, f"{everywhere['acc']:.2f}", f"{everywhere['rec']:.2f}"])
    return header, rows
