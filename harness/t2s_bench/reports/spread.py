"""How far comparators and profiles lie apart on the same predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from t2s_bench.reports.markdown import percent, table
from t2s_bench.types import Score


def spread(scored: Mapping[str, Sequence[Score]], metrics: Sequence[str]) -> dict[str, object]:
    """Every metric under every profile: its percentage, and where a profile differs from the first.

    `scored` holds, for each profile, the scores of the same questions in the same order.
    """
    first = next(iter(scored))
    rows: dict[str, Any] = {}
    for metric in metrics:
        base = [score.metrics.get(metric) for score in scored[first]]
        rows[metric] = {}
        for profile, scores in scored.items():
            values = [score.metrics.get(metric) for score in scores]
            known = [value for value in values if value is not None]
            rows[metric][profile] = {
                "value": 100 * sum(known) / len(known) if known else None,
                "differs": [
                    score.id
                    for score, value, other in zip(scores, values, base, strict=True)
                    if value != other
                ],
            }
    return {"profiles": list(scored), "metrics": rows}


def spread_markdown(content: Mapping[str, Any]) -> str:
    """The spread as a table: a metric a row, a profile a column, then the questions that differ."""
    profiles = content["profiles"]
    header = ["metric", *profiles, "questions that differ"]
    rows = []
    for metric, cells in content["metrics"].items():
        differing = sorted({id for cell in cells.values() for id in cell["differs"]})
        shown = ", ".join(differing[:8]) + (" …" if len(differing) > 8 else "")
        found = f"{len(differing):,}" + (f" ({shown})" if differing else "")
        rows.append([metric, *(percent(cells[profile]["value"]) for profile in profiles), found])
    return table(header, rows)
