"""Schema linking: which of the gold's tables and columns the prediction uses, and which others.

Read from the SQL texts by `used_names`, not from executions; a view counts as a table. A prediction
that cannot be read scores 0, and a gold that cannot be read leaves the metric out (None).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from t2s_bench.metrics.case import Case
from t2s_bench.metrics.metric import Metric
from t2s_bench.metrics.name_tokens import Unreadable
from t2s_bench.metrics.used_names import Names, Used, used_names
from t2s_bench.types import Budget

_COLUMNS = (
    "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_xinfo(m.name) AS c "
    "WHERE m.type IN ('table', 'view') AND c.hidden <> 1"
)
# Schemas kept by a worker.
_SCHEMAS = 512


def precision(predicted: frozenset[str], gold: frozenset[str]) -> float:
    """The share of what is predicted that the gold uses; of nothing, whether the gold is empty.

    >>> precision(frozenset("ab"), frozenset("bcd")), precision(frozenset(), frozenset())
    (0.5, 1.0)
    """
    if not predicted:
        return float(not gold)
    return len(predicted & gold) / len(predicted)


def recall(predicted: frozenset[str], gold: frozenset[str]) -> float:
    """The share of the gold's that is predicted; 1 where there is nothing to find.

    >>> recall(frozenset("ab"), frozenset("bc")), recall(frozenset("a"), frozenset())
    (0.5, 1.0)
    """
    return len(predicted & gold) / len(gold) if gold else 1.0


def strict(predicted: Used, gold: Used) -> float:
    """1.0 where every table and every column that the gold uses is used."""
    return float(gold.tables <= predicted.tables and gold.columns <= predicted.columns)


class _Linking(NamedTuple):
    """The values of all metrics, in their order: most predictions are asked for each."""

    tables_precision: float | None
    tables_recall: float | None
    columns_precision: float | None
    columns_recall: float | None
    strict: float | None


_NO_VERDICT = _Linking(None, None, None, None, None)
_NOTHING_RIGHT = _Linking(0.0, 0.0, 0.0, 0.0, 0.0)
_ALL_RIGHT = _Linking(1.0, 1.0, 1.0, 1.0, 1.0)


def _metric(name: str, title: str, place: int) -> Metric:
    def function(case: Case, gold: str) -> float | None:
        key = "schema linking", gold
        found: _Linking | None = case.memo.get(key)
        if found is None:
            found = case.memo[key] = _linking(case, gold)
        return found[place]

    return Metric(name, title, "sqlglot's tokenizer; scopes resolved in used_names", function)


def _linking(case: Case, gold: str) -> _Linking:
    names, dialect = _names(case), case.task.database.dialect
    wanted = _read(names, gold, dialect)
    if wanted is None:
        return _NO_VERDICT
    predicted = _read(names, case.sql, dialect)
    if predicted is None:
        return _NOTHING_RIGHT
    if predicted == wanted:
        return _ALL_RIGHT
    return _Linking(
        precision(predicted.tables, wanted.tables),
        recall(predicted.tables, wanted.tables),
        precision(predicted.columns, wanted.columns),
        recall(predicted.columns, wanted.columns),
        strict(predicted, wanted),
    )


def _read(names: Names, sql: str, dialect: str) -> Used | None:
    try:
        return used_names(names, sql, dialect)
    except Unreadable:
        return None


_kept: OrderedDict[str, Names] = OrderedDict()


def _names(case: Case) -> Names:
    """The database's tables and columns, from its SQLite file; raises OSError without them."""
    database = case.task.database
    names = _kept.get(database.digest)
    if names is None:
        found = case.session.execute(
            database.path, _COLUMNS, Budget(), cached=f"{database.suite_digest}/0"
        )
        if not found.ok:
            raise OSError(f"the schema of {database.path} cannot be read: {found.error}")
        tables: dict[str, set[str]] = {}
        for table, column in found.rows:
            tables.setdefault(str(table).lower(), set()).add(str(column).lower())
        names = Names({table: frozenset(columns) for table, columns in tables.items()})
        _kept[database.digest] = names
        if len(_kept) > _SCHEMAS:
            _kept.popitem(last=False)
    return names


TABLES_PRECISION = _metric("tables_precision", "tables: precision", 0)
TABLES_RECALL = _metric("tables_recall", "tables: recall", 1)
COLUMNS_PRECISION = _metric("columns_precision", "columns: precision", 2)
COLUMNS_RECALL = _metric("columns_recall", "columns: recall", 3)
LINKING_STRICT = _metric("linking_strict", "schema linking: nothing missing", 4)
