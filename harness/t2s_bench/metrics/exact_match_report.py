"""The official table of Spider's exact set match over a run: hardness and partial components.

Nothing is executed: golds and predictions are only parsed. Source: taoyds/test-suite-sql-eval,
`evaluation.py --etype match`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from t2s_bench.metrics.em import prepared_gold
from t2s_bench.metrics.exact_match import (
    ExactMatch,
    LevelReport,
    match,
    official_prediction_text,
    report,
)
from t2s_bench.types import Database, Example


def exact_match_report(
    items: Iterable[tuple[Example, Database, str]], *, profile: str = "safe", values: bool = False
) -> dict[str, LevelReport]:
    """Each hardness and `all`: questions, share that match, and each component's acc, rec and F1.

    `values` compares literals and DISTINCT as well. Of several golds the first one that matches
    counts, else the first; questions whose golds are all outside Spider's SQL are left out.
    """
    matches = []
    for example, database, sql in items:
        text = official_prediction_text(sql) if profile == "official" else sql
        found = _best(example, database, text, values)
        if found is not None:
            matches.append(found)
    return report(matches)


def hardness_of(examples: Mapping[str, tuple[Example, Database]]) -> dict[str, str]:
    """Spider's hardness of each question's first gold, by id; `unparsed` outside Spider's SQL."""
    levels = {}
    for id, (example, database) in examples.items():
        gold = prepared_gold(database.path, example.golds[0], False)
        levels[id] = gold.hardness if gold is not None else "unparsed"
    return levels


def _best(example: Example, database: Database, sql: str, values: bool) -> ExactMatch | None:
    golds = [prepared_gold(database.path, gold, values) for gold in example.golds]
    found = [match(gold, sql) for gold in golds if gold is not None]
    return next((one for one in found if one.exact), found[0] if found else None)
