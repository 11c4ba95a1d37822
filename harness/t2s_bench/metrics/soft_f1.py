"""`soft_f1`: BIRD's Soft-F1, cell by cell instead of all or nothing.

Distinct rows are paired by position; within a pair, values count by membership, so column order
does not matter and row order does. Source: bird-bench/mini_dev, evaluation_f1.py, kept with its
quirks (a repeated value counts as often as the prediction repeats it; one missing row shifts the
rest). A failing query on either side scores 0.
"""

from __future__ import annotations

from t2s_bench.metrics.case import Case
from t2s_bench.metrics.metric import Metric
from t2s_bench.metrics.rows import Rows


def soft_f1(case: Case, gold: str) -> float:
    """The F1 between 0 and 1."""
    predicted = case.prediction()
    expected = case.gold(gold)
    if not (predicted.ok and expected.ok) or predicted.undecodable or expected.undecodable:
        return 0.0
    return f1_of_rows(predicted.rows, expected.rows)


def f1_of_rows(predicted: Rows, gold: Rows) -> float:
    """Soft-F1 of two results; two empty ones agree.

    >>> f1_of_rows([("a", 1)], [(1, "a")]), f1_of_rows([(1,)], [(1, 2)])
    (1.0, 0.6666666666666666)
    """
    if not predicted and not gold:
        return 1.0
    answers, truths = list(dict.fromkeys(predicted)), list(dict.fromkeys(gold))
    # Sums run over rows in order, as in the script, so that the last digit agrees too.
    matched: list[float] = []
    only_predicted: list[float] = []
    only_gold: list[float] = []
    for answer, truth in zip(answers, truths):
        width = len(truth)
        if answer == truth:
            matched.append(1.0)
            continue
        hits = sum(value in truth for value in answer)
        matched.append(hits / width)
        only_predicted.append((len(answer) - hits) / width)
        only_gold.append(sum(value not in answer for value in truth) / width)
    only_predicted += [1.0] * (len(answers) - len(truths))
    only_gold += [1.0] * (len(truths) - len(answers))
    true_positive = sum(matched)
    false_positive = sum(only_predicted)
    false_negative = sum(only_gold)
    precision = _ratio(true_positive, true_positive + false_positive)
    recall = _ratio(true_positive, true_positive + false_negative)
    return _ratio(2 * precision * recall, precision + recall)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


SOFT_F1 = Metric("soft_f1", "soft F1 (BIRD)", "bird-bench/mini_dev evaluation_f1.py", soft_f1)
