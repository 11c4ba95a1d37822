"""`ex_spider`: Spider's execution match, and `ts`: the same over a whole test suite.

One permutation of the columns makes the bags of rows equal; row order counts where the gold holds
'order by'; DISTINCT is dropped from both queries unless `keep_distinct`. A test suite asks for that
on every filling of the database. Source: taoyds/test-suite-sql-eval, `eval_exec_match`.

Profile `official` also reads a prediction as a line of the official file (up to its first newline
or TAB), replaces the text `value` by `1` in it, keeps the early rejection that tells 10 from 10.0
in some rows, and lets an empty prediction equal an empty gold. Profile `safe` does none of these,
and it runs a prediction of several statements as what it is: an error. In both, a gold or
prediction that runs away is a typed time-out (officially a hang), and nothing that writes can
score.
"""

from __future__ import annotations

from functools import lru_cache

from t2s_bench.metrics.case import Case
from t2s_bench.metrics.exact_match import official_prediction_text
from t2s_bench.metrics.metric import Metric
from t2s_bench.metrics.rows import same_up_to_columns, same_up_to_columns_sound
from t2s_bench.metrics.spider_text import (
    current_year_fixed,
    distinct_removed,
    operators_joined,
    order_matters,
)
from t2s_bench.types import Execution

_SOURCE = "taoyds/test-suite-sql-eval evaluation.py --etype exec"


def ex_spider(case: Case, gold: str) -> float:
    """1.0 on a match with the script's default flags, else 0.0."""
    return float(matching(case, *rewritten(case, gold, keep_distinct=False)))


def ex_spider_keep(case: Case, gold: str) -> float:
    """1.0 on a match with `--keep_distinct`, else 0.0."""
    return float(matching(case, *rewritten(case, gold, keep_distinct=True)))


def ts(case: Case, gold: str) -> float:
    """1.0 where every filling of the database matches, else 0.0."""
    texts = rewritten(case, gold, keep_distinct=False)
    return float(all(matching(case, *texts, filling) for filling in case.fillings))


def rewritten(case: Case, gold: str, *, keep_distinct: bool) -> tuple[str, str]:
    """Gold and prediction with their operators repaired and, unless kept, without DISTINCT."""
    key = "Spider's texts", gold, keep_distinct
    texts: tuple[str, str] | None = case.memo.get(key)
    if texts is None:
        predicted = official_prediction_text(case.sql) if case.official else case.sql
        predicted = operators_joined(predicted)
        # Profile safe leaves several statements what they are.
        if not keep_distinct and (case.official or ";" not in predicted.rstrip().rstrip(";")):
            predicted = distinct_removed(predicted)
        texts = case.memo[key] = _rewritten_gold(gold, keep_distinct), predicted
    return texts


@lru_cache(maxsize=8192)
def _rewritten_gold(gold: str, keep_distinct: bool) -> str:
    gold = operators_joined(gold)
    return gold if keep_distinct else distinct_removed(gold)


def matching(case: Case, gold: str, predicted: str, filling: int = 0) -> bool:
    """Whether two rewritten queries give the same result on one filling."""
    key = gold, predicted, filling
    match: bool | None = case.memo.get(key)
    if match is None:
        match = case.memo[key] = _matching(case, gold, predicted, filling)
    return match


def _matching(case: Case, gold: str, predicted: str, filling: int) -> bool:
    expected = case.gold(current_year_fixed(gold), filling)
    if not expected.ok:
        return False
    answer = case.prediction(current_year_fixed(predicted), filling)
    if not answer.ok:
        return False
    return same_rows(case, gold, expected, answer)


def same_rows(case: Case, gold: str, expected: Execution, answer: Execution) -> bool:
    """Whether two results are equal as Spider compares them, by the text of the gold."""
    same = same_up_to_columns if case.official else same_up_to_columns_sound
    return same(expected.rows, answer.rows, ordered=order_matters(gold))


EX_SPIDER = Metric("ex_spider", "execution match (Spider)", _SOURCE, ex_spider)
EX_SPIDER_KEEP = Metric(
    "ex_spider_keep",
    "execution match (Spider, keep_distinct)",
    f"{_SOURCE} --keep_distinct",
    ex_spider_keep,
)
TEST_SUITE = Metric("ts", "test-suite accuracy", f"{_SOURCE}, every database of the folder", ts)
