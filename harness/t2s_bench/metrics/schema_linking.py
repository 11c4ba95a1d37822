"""Schema linking: which of the gold's tables and columns the prediction uses, and which others.

Read from the SQL texts by `used_names`, not from executions; a view counts as a table. A prediction
that cannot be read scores 0, and a gold that cannot be read leaves the metric out (None).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

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


def _metric(name: str, title: str, compare: Callable[[Used, Used], float]) -> Metric:
    def function(case: Case, gold: str) -> float | None:
        predicted, wanted = _used_by_both(case, gold)
        if wanted is None:
            return None
        return compare(predicted, wanted) if predicted is not None else 0.0

    return Metric(name, title, "sqlglot's tokenizer; scopes resolved in used_names", function)


def _used_by_both(case: Case, gold: str) -> tuple[Used | None, Used | None]:
    """What prediction and gold use, read once for all metrics; None for what cannot be read."""
    key = ("schema linking", gold)
    found: tuple[Used | None, Used | None] | None = case.memo.get(key)
    if found is None:
        names, dialect = _names(case), case.task.database.dialect
        wanted = _read(names, gold, dialect)
        found = wanted and _read(names, case.sql, dialect), wanted
        case.memo[key] = found
    return found


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


TABLES_PRECISION = _metric(
    "tables_precision", "tables: precision", lambda p, g: precision(p.tables, g.tables)
)
TABLES_RECALL = _metric("tables_recall", "tables: recall", lambda p, g: recall(p.tables, g.tables))
COLUMNS_PRECISION = _metric(
    "columns_precision", "columns: precision", lambda p, g: precision(p.columns, g.columns)
)
COLUMNS_RECALL = _metric(
    "columns_recall", "columns: recall", lambda p, g: recall(p.columns, g.columns)
)
LINKING_STRICT = _metric("linking_strict", "schema linking: nothing missing", strict)
