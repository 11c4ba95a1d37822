"""`soft_f1`: BIRD's Soft-F1, cell by cell instead of all or nothing.

Distinct rows are paired by position; within a pair, values count by membership, so column order
does not matter and row order does. Source: bird-bench/mini_dev, evaluation_f1.py, kept with its
quirks (a repeated value counts as often as the prediction repeats it; one missing row shifts the
rest). A failing query on either side scores 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from operator import eq, itemgetter

from t2s_bench.metrics.case import Case
from t2s_bench.metrics.column_order import Rows
from t2s_bench.metrics.large import are_large
from t2s_bench.metrics.metric import Metric
from t2s_bench.types import Row

# Pairs of rows whose hits are counted in one step.
_CHUNK = 4096
# Wider rows are counted one by one: a byte holds the hits of one.
_BYTE = 255


def soft_f1(case: Case, gold: str) -> float:
    """The F1 between 0 and 1."""
    pair = case.results(gold)
    if pair is None:
        return 0.0
    predicted, expected = pair
    return f1_of_rows(predicted.rows, expected.rows)


def f1_of_rows(predicted: Rows, gold: Rows) -> float:
    """Soft-F1 of two results; two empty ones agree.

    >>> f1_of_rows([("a", 1)], [(1, "a")]), f1_of_rows([(1,)], [(1, 2)])
    (1.0, 0.6666666666666666)
    """
    if len(predicted) == len(gold) and list(predicted) == list(gold):
        return 1.0
    width, predicted_width = (len(rows[0]) if rows else 0 for rows in (gold, predicted))
    counted = None
    if are_large(predicted, gold) and max(width, predicted_width) <= _BYTE:
        from t2s_bench.metrics import large_results

        counted = large_results.cells_found(predicted, gold)
    answers, truths, hits, found = counted or _counted(predicted, gold)
    # What a row with so many hits adds, as the script divides it.
    shares = [count / width for count in range(max(width, predicted_width) + 1)] if width else []
    rest, missing = shares[predicted_width::-1], shares[width::-1]
    # Sums run over rows in order, as in the script, so that the last digit agrees too.
    true_positive = sum(map(shares.__getitem__, hits))
    alone, unmet = repeat(1.0, answers - len(hits)), repeat(1.0, truths - len(found))
    false_positive = sum(chain(map(rest.__getitem__, hits), alone))
    false_negative = sum(chain(map(missing.__getitem__, found), unmet))
    precision = _ratio(true_positive, true_positive + false_positive)
    recall = _ratio(true_positive, true_positive + false_negative)
    return _ratio(2 * precision * recall, precision + recall)


def _counted(predicted: Rows, gold: Rows) -> tuple[int, int, Sequence[int], Sequence[int]]:
    """How many distinct rows each side has, and the hits of each pair (see `_hits`)."""
    answers, truths = list(dict.fromkeys(predicted)), list(dict.fromkeys(gold))
    paired = min(len(answers), len(truths))
    if answers == truths:
        return paired, paired, [len(truths[0])] * paired, [len(truths[0])] * paired
    hits: list[int] = []
    found: list[int] = []
    for start in range(0, paired, _CHUNK):
        stop = min(start + _CHUNK, paired)
        part, other_part = _hits(answers[start:stop], truths[start:stop])
        hits += part
        found += other_part
    return len(answers), len(truths), hits, found


def _hits(answers: Sequence[Row], truths: Sequence[Row]) -> tuple[Sequence[int], Sequence[int]]:
    """For each pair, how many of the answer's values the truth holds, and the other way round.

    Columns are compared as wholes; the results of one comparison are the bytes of an integer, so
    that combining them costs next to nothing.
    """
    size, width, predicted_width = len(answers), len(truths[0]), len(answers[0])
    if max(width, predicted_width) > _BYTE:
        return (
            [
                sum(v in truth for v in answer)
                for answer, truth in zip(answers, truths, strict=True)
            ],
            [
                sum(v in answer for v in truth)
                for answer, truth in zip(answers, truths, strict=True)
            ],
        )
    columns = [list(map(itemgetter(place), truths)) for place in range(width)]
    kinds = [set(map(type, column)) for column in columns]
    found = [0] * width
    hits = 0
    for place in range(predicted_width):
        values = list(map(itemgetter(place), answers))
        kind = set(map(type, values))
        in_truth = 0
        for other, column in enumerate(columns):
            if _never_equal(kind, kinds[other]):
                continue
            equal = int.from_bytes(bytes(map(eq, values, column)), "little")
            in_truth |= equal
            found[other] |= equal
        hits += in_truth
    return hits.to_bytes(size, "little"), sum(found).to_bytes(size, "little")


def _never_equal(first: set[type], second: set[type]) -> bool:
    """Texts on one side and numbers on the other, say: no two values are equal."""
    texts = {str, bytes, type(None)}
    return first.isdisjoint(second) and (first <= texts or second <= texts)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


SOFT_F1 = Metric("soft_f1", "soft F1 (BIRD)", "bird-bench/mini_dev evaluation_f1.py", soft_f1)
