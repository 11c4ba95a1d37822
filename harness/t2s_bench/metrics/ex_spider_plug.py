"""`ex_spider_plug`: Spider's execution match with the gold's values plugged into the prediction.

For parsers that predict no values: a prediction matches if it does so as it is, or with any
assignment of the gold's literals to the places of its own (see `plugged_values`). Source:
taoyds/test-suite-sql-eval, `--plug_value`.

The official script tries |values| ** |places| assignments without a limit (8 and 8 are 16.7
million). Here at most ASSIGNMENTS of the profile are tried, and all of them together may take the
budget's steps; a prediction that needs more scores 0, and its outcome is a time-out.
"""

from __future__ import annotations

from t2s_bench.execution.sqlite import PERIOD
from t2s_bench.metrics.case import Case
from t2s_bench.metrics.ex_spider import matching, rewritten, same_rows
from t2s_bench.metrics.metric import Metric
from t2s_bench.metrics.plugged_values import plugged, taken_apart
from t2s_bench.metrics.spider_text import current_year_fixed

# By profile: what Spider's questions need, and what the official script gets through in a minute.
ASSIGNMENTS = {"safe": 1_024, "official": 20_000}


def ex_spider_plug(case: Case, gold: str) -> float:
    """1.0 where the prediction matches as it is or with the gold's values, else 0.0."""
    return _match(case, gold, keep_distinct=False)


def ex_spider_keep_plug(case: Case, gold: str) -> float:
    """The same with DISTINCT kept in both queries."""
    return _match(case, gold, keep_distinct=True)


def _match(case: Case, gold: str, *, keep_distinct: bool) -> float:
    expected, predicted = rewritten(case, gold, keep_distinct=keep_distinct)
    key = ("plug", expected, predicted)  # without a DISTINCT, both metrics ask for the same
    if key not in case.memo:
        case.memo[key] = matching(case, expected, predicted) or _plugged_in(
            case, expected, predicted
        )
    return float(case.memo[key])


def _plugged_in(case: Case, gold: str, predicted: str) -> bool:
    expected = case.gold(current_year_fixed(gold))
    if not expected.ok:
        return False
    parts = taken_apart(predicted)
    as_it_is = case.prediction(current_year_fixed(predicted))
    wrong_width = bool(expected.rows) and len(as_it_is.columns) != len(expected.columns)
    if as_it_is.ok and parts.plain and (not parts.places or (wrong_width and parts.fixed_width)):
        return False  # values change nothing, or not the number of columns
    left = case.task.budget.steps
    for tried, alternative in enumerate(plugged(gold, predicted)):
        if tried == ASSIGNMENTS[case.task.profile] or left <= 0:
            case.gave_up = f"no match among the first {tried:,} assignments of the gold's values"
            return False
        answer = case.run(current_year_fixed(alternative))
        if answer.ok and same_rows(case, gold, expected, answer):
            return True
        left -= max(answer.steps, PERIOD)
    return False


_SOURCE = "taoyds/test-suite-sql-eval evaluation.py --etype exec --plug_value"
EX_SPIDER_PLUG = Metric(
    "ex_spider_plug", "execution match with the gold's values (Spider)", _SOURCE, ex_spider_plug
)
EX_SPIDER_KEEP_PLUG = Metric(
    "ex_spider_keep_plug",
    "execution match with the gold's values (Spider, keep_distinct)",
    f"{_SOURCE} --keep_distinct",
    ex_spider_keep_plug,
)
