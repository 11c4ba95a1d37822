"""`ex_spider_plug`: Spider's execution match with the gold's values plugged into the prediction.

For parsers that predict no values: a prediction matches if it does so as it is, or with any
assignment of the gold's literals to the places of its own (see `plugged_values`). Source:
taoyds/test-suite-sql-eval, `--plug_value`.

The official script tries |values| ** |places| assignments without a limit (8 and 8 are 16.7
million). Here at most ASSIGNMENTS of the profile are tried, and all of them together may take the
budget's steps; a prediction that needs more scores 0, and its outcome is a time-out.
"""

from __future__ import annotations

from t2s_bench.execution.spelling import one_spelling
from t2s_bench.execution.sqlite import PERIOD
from t2s_bench.metrics.case import Case
from t2s_bench.metrics.ex_spider import matching, rewritten, same_rows
from t2s_bench.metrics.failed_assignments import FailedAssignments
from t2s_bench.metrics.metric import Metric
from t2s_bench.metrics.plugged_values import assignments, filled, taken_apart
from t2s_bench.metrics.spider_text import current_year_fixed
from t2s_bench.types import Status

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
    if matching(case, expected, predicted):
        return 1.0
    found: dict[tuple[str, str], bool] = case.memo.setdefault("plug", {})
    if (expected, predicted) not in found:
        golds = [expected]
        if {EX_SPIDER_PLUG.name, EX_SPIDER_KEEP_PLUG.name} <= {*case.task.metrics}:
            other, same = rewritten(case, gold, keep_distinct=not keep_distinct)
            alike = taken_apart(other).values == taken_apart(expected).values
            if other != expected and same == predicted and alike:
                # Both metrics run the same queries: once for both.
                golds += [other] if not matching(case, other, predicted) else []
        matched = _plugged_in(case, golds, predicted)
        found.update(((text, predicted), text in matched) for text in golds)
    return float(found[expected, predicted])


def _plugged_in(case: Case, golds: list[str], predicted: str) -> list[str]:
    """Those of `golds`, which hold the same values, that some assignment matches."""
    expected = {gold: case.gold(current_year_fixed(gold)) for gold in golds}
    parts = taken_apart(predicted)
    as_it_is = case.prediction(current_year_fixed(predicted))
    if as_it_is.ok and parts.plain and not parts.places:
        return []  # values change nothing
    width = len(as_it_is.columns) if as_it_is.ok and parts.plain and parts.fixed_width else None
    wanted = {
        gold: answer
        for gold, answer in expected.items()
        # Values do not change the number of columns.
        if answer.ok and not (answer.rows and width not in (None, len(answer.columns)))
    }
    if not wanted:
        return []
    values = taken_apart(golds[0])
    # On a server, messages and what a name is are others.
    failed = None if case.task.database.url else FailedAssignments(values, parts)
    if failed and parts.own is not None and as_it_is.status is Status.ERROR:
        failed.add(parts.own, as_it_is.error)
    written = {gold: _with_own_values(gold) for gold in wanted}
    found: list[str] = []
    left = case.task.budget.steps
    for tried, chosen in enumerate(assignments(values.values, parts.texts)):
        if tried == ASSIGNMENTS[case.task.profile] or left <= 0:
            case.gave_up = f"no match among the first {tried:,} assignments of the gold's values"
            break
        if as_it_is.ok and chosen == parts.own:  # the prediction as it is
            left -= max(as_it_is.steps, PERIOD)
            continue
        if failed and failed.holds(chosen):
            left -= PERIOD
            continue
        text = filled(parts, chosen)
        known = next((gold for gold in wanted if written[gold] == text), None)
        if known is not None and _same_statement(known, text):
            answer = wanted[known]
        else:
            most = max(len(answer.rows) for answer in wanted.values())
            answer = case.run(current_year_fixed(text), rows=most)
        if failed and not answer.ok:
            failed.add(chosen, answer.error)
        matched = [
            gold
            for gold, execution in wanted.items()
            if answer.ok and same_rows(case, gold, execution, answer)
        ]
        for gold in matched:
            del wanted[gold]
        found += matched
        if not wanted:
            break
        left -= max(answer.steps, PERIOD)
    return found


def _with_own_values(gold: str) -> str | None:
    """The gold as an assignment of its own values would be written, where that changes nothing."""
    parts = taken_apart(gold)
    return filled(parts, parts.own) if parts.own is not None else None


def _same_statement(gold: str, text: str) -> bool:
    return one_spelling(current_year_fixed(gold)) == one_spelling(current_year_fixed(text))


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
