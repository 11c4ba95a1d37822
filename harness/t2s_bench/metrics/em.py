"""`em` and `em_values`: Spider's exact set match as metrics of a case.

What is compared, and which habits of the official script are kept: `exact_match` and
`docs/metrics/exact-match.md`. A gold outside Spider's subset of SQL has no verdict (the official
script stops there), so both are None on such a question, which leaves their denominator.
`em_values` compares literals and DISTINCT as well.

Profile `official` reads the prediction as the official script does (one line, `value` → `1`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

from t2s_bench.databases.connection import open_read_only
from t2s_bench.metrics.case import Case
from t2s_bench.metrics.exact_match import (
    Gold,
    matches,
    matches_nothing,
    official_prediction_text,
    prepare,
)
from t2s_bench.metrics.metric import Metric
from t2s_bench.metrics.spider_query import Query
from t2s_bench.metrics.spider_schema import SpiderSchema, foreign_key_classes, read_tables
from t2s_bench.metrics.spider_sql import parse_tokens, tokens_of
from t2s_bench.metrics.spider_tokens import SpiderSyntaxError

Tokens = tuple[str, ...]
_SOURCE = "taoyds/test-suite-sql-eval evaluation.py --etype match"


def em(case: Case, gold: str) -> float | None:
    """1.0 where all clauses match, literals and DISTINCT aside; None for a gold it cannot read."""
    key = "exact match", gold
    if key not in case.memo:
        case.memo[key] = _exact(case, gold, strict=False)
    found: float | None = case.memo[key]
    return found


def em_values(case: Case, gold: str) -> float | None:
    """1.0 where all clauses match, literals and DISTINCT included."""
    # What is equal with its literals and DISTINCT is so without them.
    return 0.0 if em(case, gold) == 0.0 else _exact(case, gold, strict=True)


@lru_cache(maxsize=256)
def spider_schema(path: Path) -> SpiderSchema:
    """A database's schema as exact match sees it.

    Foreign keys come from the benchmark's tables.json, else from the database itself.
    """
    from t2s_bench.benchmarks.tables_json import database_entry

    with closing(open_read_only(path)) as connection:
        tables = read_tables(connection)
        entry = database_entry(path) or _entry_of(connection, tables)
    return SpiderSchema(tables, foreign_key_classes(entry))


@lru_cache(maxsize=8192)
def prepared_gold(path: Path, gold: str, strict: bool) -> Gold | None:
    """A gold made ready for comparison, or None if it is outside Spider's subset."""
    try:
        return prepare(gold, spider_schema(path), values=strict, distinct=strict)
    except SpiderSyntaxError:
        return None


def _exact(case: Case, gold: str, *, strict: bool) -> float | None:
    path = case.task.database.path
    ready = prepared_gold(path, gold, strict)
    if ready is None:
        return None
    text = official_prediction_text(case.sql) if case.official else case.sql
    tokens = prediction_tokens(text)
    if tokens is None:
        return float(matches_nothing(ready))
    if tokens == _gold_tokens(gold):
        return 1.0
    return _verdict(path, gold, strict, tokens)


# By tokens, because systems write the same query in other letters and spaces. Room for two
# systems' answers to a thousand questions: those for one question come a benchmark apart.
@lru_cache(maxsize=2048)
def _verdict(path: Path, gold: str, strict: bool, tokens: Tokens) -> float:
    """The verdict on a prediction that is not the gold word for word."""
    ready = prepared_gold(path, gold, strict)
    assert ready is not None
    # Parts between dots are words, too: a column without its table is among them.
    if not ready.words <= {*" ".join(tokens).replace(".", " ").split()}:
        return 0.0
    try:
        query = _parsed(path, tokens)
    except SpiderSyntaxError:
        return float(matches_nothing(ready))
    return float(matches(ready, query))


@lru_cache(maxsize=16)
def _parsed(path: Path, tokens: Tokens) -> Query:
    """The prediction as both metrics share it."""
    return parse_tokens([*tokens], spider_schema(path))


@lru_cache(maxsize=16)
def prediction_tokens(text: str) -> Tokens | None:
    """A prediction's tokens, which exact match is all about; None outside Spider's subset."""
    try:
        return tuple(tokens_of(text))
    except SpiderSyntaxError:
        return None


@lru_cache(maxsize=8192)
def _gold_tokens(gold: str) -> Tokens | None:
    """The tokens whose equality makes a match; None for a gold with the number NaN in it.

    NaN is not equal to itself, officially either.
    """
    tokens = tuple(tokens_of(gold))
    return None if any(token.strip("+-") == "nan" for token in tokens) else tokens


def _entry_of(
    connection: sqlite3.Connection, tables: Mapping[str, tuple[str, ...]]
) -> Mapping[str, Any]:
    """What tables.json would say, from the database's own foreign keys."""
    names = list(tables)
    columns = [(-1, "*")]
    columns += [(names.index(table), name) for table, found in tables.items() for name in found]
    keys = []
    for table in names:
        for row in connection.execute("SELECT * FROM pragma_foreign_key_list(?)", (table,)):
            other, source, target = str(row[2]).lower(), str(row[3]).lower(), row[4]
            ends = (names.index(table), source), (_place(names, other), str(target).lower())
            if all(end in columns for end in ends):
                keys.append(tuple(columns.index(end) for end in ends))
    return {"table_names_original": names, "column_names_original": columns, "foreign_keys": keys}


def _place(names: list[str], table: str) -> int:
    return names.index(table) if table in names else -1


EM = Metric("em", "exact set match (Spider)", _SOURCE, em)
EM_VALUES = Metric(
    "em_values", "exact set match with values (Spider)", f"{_SOURCE}, values compared", em_values
)
