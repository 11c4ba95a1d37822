"""`em`: Spider's exact set match with its ten partial components.

Two queries match when their clauses are equal as sets: aliases, literals (by default), DISTINCT (by
default), ON conditions and the number after LIMIT are not compared. What is, and which habits of
the official script are kept, is in `docs/metrics/exact-match.md`, each with an example.
Source: taoyds/test-suite-sql-eval, `evaluation.py --etype match`; Yu et al., EMNLP 2018.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from t2s_bench.metrics.hardness import LEVELS, hardness
from t2s_bench.metrics.spider_comparable import comparable, conditions_of
from t2s_bench.metrics.spider_query import (
    EMPTY_QUERY,
    Condition,
    Conditions,
    Query,
    SelectItem,
)
from t2s_bench.metrics.spider_schema import SpiderSchema
from t2s_bench.metrics.spider_sql import parse
from t2s_bench.metrics.spider_tokens import SpiderSyntaxError

COMPONENTS = (
    "select", "select(no AGG)", "where", "where(no OP)", "group(no Having)", "group", "order",
    "and/or", "IUEN", "keywords",
)  # fmt: skip


@dataclass(frozen=True)
class PartialScore:
    """One component of one pair: each score is 0 or 1, and all three are equal.

    `label_total` and `pred_total` count the component's items in gold and prediction (officially
    swapped for `and/or`, and 1 and 1 there on a match).
    """

    acc: int
    rec: int
    f1: int
    label_total: int
    pred_total: int


@dataclass(frozen=True)
class ExactMatch:
    """The verdict on one prediction. `unparsed` is the reason why it counts as empty, or None."""

    exact: bool
    hardness: str
    partial: Mapping[str, PartialScore]
    unparsed: str | None = None


@dataclass(frozen=True)
class Gold:
    """A gold query made ready for many predictions; `prepare` makes it.

    `parsed` is the whole query, `query` what is left of it to compare, `perfect` the components of
    a prediction equal to it. `words` are tokens that every match holds, columns without their
    table.
    """

    parsed: Query
    query: Query
    hardness: str
    perfect: Mapping[str, PartialScore]
    schema: SpiderSchema
    values: bool
    distinct: bool
    words: frozenset[str]


@dataclass(frozen=True)
class ComponentReport:
    """A component over many questions: two means, and the F1 of the means."""

    acc: float
    rec: float
    f1: float


@dataclass(frozen=True)
class LevelReport:
    """The questions of one hardness: how many, the share that match, and each component."""

    count: int
    exact: float
    partial: Mapping[str, ComponentReport]


def exact_match(
    gold: str | Query,
    predicted: str | Query,
    schema: SpiderSchema,
    *,
    values: bool = False,
    distinct: bool = False,
) -> ExactMatch:
    """Compares one prediction with its gold: `prepare` and `match` in one call.

    >>> schema = SpiderSchema({"singer": ["name", "age"]})
    >>> found = exact_match("SELECT name, age FROM singer WHERE age > 20",
    ...                     "SELECT T.age, T.name FROM singer AS T WHERE age < 3", schema)
    >>> found.exact, found.hardness, found.partial["where"]
    (False, 'medium', PartialScore(acc=0, rec=0, f1=0, label_total=1, pred_total=1))
    """
    return match(prepare(gold, schema, values=values, distinct=distinct), predicted)


def prepare(
    gold: str | Query, schema: SpiderSchema, *, values: bool = False, distinct: bool = False
) -> Gold:
    """Does once what all predictions of a question share.

    `values` compares literals too, `distinct` DISTINCT; officially both are off. Raises
    SpiderSyntaxError where the gold is outside the subset: the question has no verdict then (the
    official script stops there).
    """
    parsed = parse(gold, schema) if isinstance(gold, str) else gold
    level = hardness(parsed)
    query = comparable(parsed, schema, values, distinct)
    words = frozenset(_needed_words(query, schema))
    perfect = _compared(query, query)[1]
    return Gold(parsed, query, level, perfect, schema, values, distinct, words)


def match(gold: Gold, predicted: str | Query) -> ExactMatch:
    """Compares a prediction with its gold; `predicted` may be parsed already.

    A prediction outside the subset counts as an empty query, which matches no real gold. The text
    is taken as it is: `official_prediction_text` is what the official script does to it first.
    """
    try:
        query = parse(predicted, gold.schema) if isinstance(predicted, str) else predicted
        query = comparable(query, gold.schema, gold.values, gold.distinct)
    except SpiderSyntaxError as error:
        exact, partial = _compared(gold.query, EMPTY_QUERY)
        return ExactMatch(exact, gold.hardness, partial, str(error))
    if query == gold.query:
        return ExactMatch(True, gold.hardness, gold.perfect)
    exact, partial = _compared(gold.query, query)
    return ExactMatch(exact, gold.hardness, partial)


def matches(gold: Gold, predicted: Query) -> bool:
    """The verdict of `match` alone, without components; most mismatches end at the first glance."""
    if predicted == gold.parsed:
        return True
    if gold.query.select and _differ_in_shape(gold.query, predicted):
        return False
    try:
        query = comparable(predicted, gold.schema, gold.values, gold.distinct)
    except SpiderSyntaxError:
        query = EMPTY_QUERY
    return query == gold.query or _all_same(gold.query, query)


def matches_nothing(gold: Gold) -> bool:
    """The verdict of `match` on a prediction outside the subset: whether the gold is empty, too."""
    return _all_same(gold.query, EMPTY_QUERY)


def official_prediction_text(sql: str) -> str:
    r"""The prediction as the official script reads it from its file and alters it.

    One line, up to the first tab, each lower-case `value` in it replaced by `1`, in names as well.

    >>> official_prediction_text("SELECT total_value FROM t WHERE a = 'value'\nLIMIT 1")
    "SELECT total_1 FROM t WHERE a = '1'"
    """
    line = re.split(r"[\r\n]", sql.strip(), maxsplit=1)[0]
    return line.strip().split("\t")[0].replace("value", "1")


def report(matches: Iterable[ExactMatch]) -> dict[str, LevelReport]:
    """The official table over many questions: each hardness and `all`, with every component.

    A component's acc is averaged over the predictions that have the component, its rec over the
    golds that have it, and its F1 comes from the two averages; where both are 0 it is 1, as
    officially. A level without questions is all zeros.
    """
    by_level: dict[str, list[ExactMatch]] = {level: [] for level in (*LEVELS, "all")}
    for verdict in matches:
        by_level[verdict.hardness].append(verdict)
        by_level["all"].append(verdict)
    return {level: _level_report(group) for level, group in by_level.items()}


def _level_report(matches: Sequence[ExactMatch]) -> LevelReport:
    if not matches:
        return LevelReport(0, 0.0, {name: ComponentReport(0.0, 0.0, 0.0) for name in COMPONENTS})
    partial = {}
    for name in COMPONENTS:
        scores = [verdict.partial[name] for verdict in matches]
        acc = _mean([score.acc for score in scores if score.pred_total > 0])
        rec = _mean([score.rec for score in scores if score.label_total > 0])
        f1 = 2.0 * acc * rec / (acc + rec) if acc or rec else 1.0
        partial[name] = ComponentReport(acc, rec, f1)
    return LevelReport(len(matches), _mean([verdict.exact for verdict in matches]), partial)


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores) if scores else 0.0


def _needed_words(query: Query, schema: SpiderSchema) -> Iterator[str]:
    """Words without which no text matches: what the clauses name that has one spelling only.

    A column of a foreign-key class has several. An empty query has none, and neither has a query
    without select list, which an empty one could match.
    """
    if not query.select:
        return
    yield from (table.rpartition(".")[2] for table in query.tables if isinstance(table, str))
    units = [item.unit.left for item in query.select] + list(query.group)
    units += [condition.unit.left for condition in conditions_of(query.where)]
    units += [unit.left for unit in query.order.units] if query.order else []
    aliases = schema.foreign_keys
    for unit in units:
        if unit.column not in aliases:
            yield unit.column.rpartition(".")[2]
    for word in ("where", "group", "order", "limit"):
        if word in _keywords(query):
            yield word
    if query.set_operator is not None:
        yield query.set_operator


def _differ_in_shape(gold: Query, predicted: Query) -> bool:
    """Whether they differ in what `comparable` leaves as it is, so that no match is possible."""
    return (
        len(gold.select) != len(predicted.select)
        or len(gold.where) != len(predicted.where)
        or len(gold.group) != len(predicted.group)
        or (gold.order is None) != (predicted.order is None)
        or gold.limited != predicted.limited
        or gold.set_operator != predicted.set_operator
        or bool(gold.tables and not _same_items(gold.tables, predicted.tables))
    )


def _all_same(gold: Query, predicted: Query) -> bool:
    """Whether two comparable queries match; stops at the first component that does not.

    What is equal with its aggregates, operators and HAVING is so without them.
    """
    return (
        # A gold without any table (its text ends in FROM) leaves them uncompared, officially.
        (not gold.tables or _same_items(gold.tables, predicted.tables))
        and _same_items(gold.select, predicted.select)
        and _same_items(conditions_of(gold.where), conditions_of(predicted.where))
        and _same_groups(gold, predicted)
        and _same_order(gold, predicted)
        and set(gold.where[1::2]) == set(predicted.where[1::2])
        and _same_set_operation(gold, predicted)
        and _keywords(gold) == _keywords(predicted)
    )


def _compared(gold: Query, predicted: Query) -> tuple[bool, dict[str, PartialScore]]:
    """Whether two comparable queries match, and each component's score."""
    return _all_same(gold, predicted), {
        **_select_scores(gold.select, predicted.select),
        **_where_scores(conditions_of(gold.where), conditions_of(predicted.where)),
        **_group_scores(gold, predicted),
        "order": _order_score(gold, predicted),
        "and/or": _connective_score(gold.where[1::2], predicted.where[1::2]),
        "IUEN": _set_operation_score(gold, predicted),
        "keywords": _keyword_score(_keywords(gold), _keywords(predicted)),
    }


@lru_cache(maxsize=1024)
def _score(same: bool, label_total: int, pred_total: int) -> PartialScore:
    return PartialScore(int(same), int(same), int(same), int(label_total), int(pred_total))


def _same_items(gold: Sequence[object], predicted: Sequence[object]) -> bool:
    """Equal as bags."""
    if len(gold) != len(predicted):
        return False
    return gold == predicted or Counter(gold) == Counter(predicted)


def _select_scores(
    gold: tuple[SelectItem, ...], predicted: tuple[SelectItem, ...]
) -> dict[str, PartialScore]:
    totals = len(gold), len(predicted)
    bare = [item.unit for item in gold], [item.unit for item in predicted]
    return {
        "select": _score(_same_items(gold, predicted), *totals),
        "select(no AGG)": _score(_same_items(*bare), *totals),
    }


def _where_scores(
    gold: tuple[Condition, ...], predicted: tuple[Condition, ...]
) -> dict[str, PartialScore]:
    totals = len(gold), len(predicted)
    bare = [condition.unit for condition in gold], [condition.unit for condition in predicted]
    return {
        "where": _score(_same_items(gold, predicted), *totals),
        "where(no OP)": _score(_same_items(*bare), *totals),
    }


def _group_scores(gold: Query, predicted: Query) -> dict[str, PartialScore]:
    """Without HAVING, a bag of column names without their table; with it, full names in order."""
    bare = [[unit.column.rpartition(".")[2] for unit in query.group] for query in (gold, predicted)]
    return {
        "group(no Having)": _score(_same_items(*bare), len(gold.group), len(predicted.group)),
        "group": _score(_same_groups(gold, predicted), bool(gold.group), bool(predicted.group)),
    }


def _same_groups(gold: Query, predicted: Query) -> bool:
    if not gold.group and not predicted.group:
        return True
    columns = [unit.column for unit in gold.group], [unit.column for unit in predicted.group]
    return columns[0] == columns[1] and gold.having == predicted.having


def _order_score(gold: Query, predicted: Query) -> PartialScore:
    totals = gold.order is not None, predicted.order is not None
    return _score(_same_order(gold, predicted), *totals)


def _same_order(gold: Query, predicted: Query) -> bool:
    return gold.order == predicted.order and (
        gold.order is None or gold.limited == predicted.limited
    )


def _connective_score(gold: Conditions, predicted: Conditions) -> PartialScore:
    """Sets, not bags; on a mismatch the totals are the wrong way round, as officially."""
    used, wanted = set(predicted), set(gold)
    return _score(True, 1, 1) if used == wanted else _score(False, len(used), len(wanted))


def _set_operation_score(gold: Query, predicted: Query) -> PartialScore:
    totals = gold.right is not None, predicted.right is not None
    return _score(_same_set_operation(gold, predicted), *totals)


def _same_set_operation(gold: Query, predicted: Query) -> bool:
    if gold.set_operator != predicted.set_operator:
        return False
    return gold.right is None or predicted.right is None or _all_same(gold.right, predicted.right)


def _keyword_score(gold: set[str], predicted: set[str]) -> PartialScore:
    return _score(gold == predicted, len(gold), len(predicted))


def _keywords(query: Query) -> set[str]:
    words = set()
    if query.where:
        words.add("where")
    if query.group:
        words.add("group")
    if query.having:
        words.add("having")
    if query.order is not None:
        words.update(("order", query.order.direction))
    if query.limited:
        words.add("limit")
    if query.set_operator is not None:
        words.add(query.set_operator)
    for row in (query.joins, query.where, query.having):
        if "or" in row[1::2]:
            words.add("or")
        for condition in conditions_of(row):
            if condition.negated:
                words.add("not")
            if condition.operator in ("in", "like"):
                words.add(condition.operator)
    return words
