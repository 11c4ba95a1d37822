"""`ex_spider_plug`: Spider's execution match with the gold's values plugged into the prediction.

For parsers that predict no values: a prediction matches if it does so with any assignment of the
gold's literals (strings, and numbers standing between spaces, LIMIT's too) to its own literals'
places. Source: taoyds/test-suite-sql-eval, `--plug_value`; it also turns the prediction's text to
lower case and joins its tokens with spaces.

The official script tries |values| ** |places| assignments without a limit (8 and 8 are 16.7
million). Here at most ASSIGNMENTS are tried, and all of them together may take the budget's steps;
a prediction that needs more scores 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product

from t2s_bench.metrics.case import Case
from t2s_bench.metrics.ex_spider import matching, rewritten
from t2s_bench.metrics.metric import Metric
from t2s_bench.types import Status

ASSIGNMENTS = 20_000
# Stands for a literal while the text is taken apart; the official script's own word.
_PLACE = "VALUERARE"
_DECIMAL = re.compile(r"[-+]?\d*\.\d+")
_INTEGER = re.compile(r"[^tT]\d+")
_ALIAS = re.compile(r"[Tt]\d+\.")


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
    steps = case.task.budget.steps
    for alternative in islice(plugged(expected, predicted), ASSIGNMENTS):
        if matching(case, expected, alternative):
            return 1.0
        tried = case.prediction(alternative)
        steps -= tried.steps
        if steps <= 0 or tried.status is Status.TIMEOUT:
            break
    return 0.0


def plugged(gold: str, predicted: str) -> Iterator[str]:
    """The prediction with every assignment of the gold's values to its places, in sorted order.

    >>> list(plugged("SELECT a FROM t WHERE b = 'x' LIMIT 3", "SELECT A FROM t LIMIT 1"))
    ["select a from t limit 'x'", 'select a from t limit 3']
    """
    _, values = taken_apart(gold)
    words, _ = taken_apart(predicted)
    places = [number for number, word in enumerate(words) if word == _PLACE.lower()]
    for chosen in product(sorted(values), repeat=len(places)):
        filled = list(words)
        for place, value in zip(places, chosen, strict=True):
            filled[place] = value
        yield " ".join(filled)


@lru_cache(maxsize=1024)
def taken_apart(sql: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The words of a query in lower case with its literals' places marked, and the literals.

    >>> taken_apart("SELECT T1.a FROM t AS T1 WHERE b > 2.5 AND c = 'x'")[0][-7:]
    ('b', '>', 'valuerare', 'and', 'c', '=', 'valuerare')
    """
    import sqlparse
    from sqlparse import tokens

    sql = sql.strip().replace(";", "").replace("\t", "")
    pieces = [token for part in sqlparse.parse(sql)[:1] for token in part.flatten()]
    text = " ".join(piece.value for piece in pieces if piece.ttype is not tokens.Whitespace)
    quoted = [
        token.value
        for part in sqlparse.parse(text)[:1]
        for token in part.flatten()
        if token.ttype in (tokens.Literal.String.Single, tokens.Literal.String.Symbol)
    ]
    for literal in quoted:
        text = text.replace(literal.strip(), _PLACE)
    words, values = text.split(), list(quoted)
    for pattern in (_DECIMAL, _INTEGER):
        found = {number.strip() for number in pattern.findall(" ".join(words))}
        values += [word for word in words if word in found]
        words = [_PLACE if word in found else word for word in words]
    spread = (word.replace(".", " . ").split() if _ALIAS.search(word) else [word] for word in words)
    return tuple(word.lower() for group in spread for word in group), frozenset(values)


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
