"""Telling an ORDER BY of the outermost query from all others."""

from __future__ import annotations

import pytest

from t2s_bench.metrics.outer_order import orders_result


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t ORDER BY a",
        "select a from t order\n\tby a limit 1",
        "SELECT a FROM t ORDER -- why\n BY a",
        "SELECT a FROM t UNION SELECT b FROM u ORDER BY 1",
        "WITH c AS (SELECT 1) SELECT * FROM c ORDER BY 1",
        "(SELECT a FROM t ORDER BY a)",
        "((SELECT a FROM t) ORDER BY a);",
        "SELECT 'it''s' FROM t ORDER BY a",
        'SELECT ")" FROM t ORDER BY a',
        "SELECT [ ( ] FROM t ORDER BY a",
        "SELECT `(` FROM t ORDER BY a",
        "SELECT a /* ( */ FROM t ORDER BY a",
    ],
)
def test_the_outermost_query_orders(sql: str) -> None:
    assert orders_result(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "SELECT a FROM t",
        "SELECT a FROM (SELECT a FROM t ORDER BY a LIMIT 3)",
        "SELECT a FROM t WHERE b = (SELECT max(b) FROM t ORDER BY b)",
        "SELECT row_number() OVER (ORDER BY a) FROM t",
        "SELECT group_concat(a ORDER BY a) FROM t",
        "WITH c AS (SELECT a FROM t ORDER BY a) SELECT a FROM c",
        "(SELECT a FROM t ORDER BY a) UNION SELECT b FROM u",
        "SELECT 'ORDER BY' FROM t",
        "SELECT a FROM t -- ORDER BY a",
        "SELECT a FROM t /* ORDER BY a",
        'SELECT "order by" FROM t',
        "SELECT `order` by FROM t",
        "SELECT order_by FROM t",
        "SELECT orderby, border by FROM t",
    ],
)
def test_no_order_is_asked_for(sql: str) -> None:
    assert not orders_result(sql)
