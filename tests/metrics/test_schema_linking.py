"""Schema linking: names are resolved by scope against the real schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.execution.session import Session
from t2s_bench.metrics.case import Case, ScoreTask
from t2s_bench.metrics.catalog import METRICS
from t2s_bench.metrics.name_tokens import Unreadable
from t2s_bench.metrics.used_names import MAX_LENGTH, Names, used_names

TABLES = {
    "match": {"end"},
    "a": {"id", "x", "y"},
    "b": {"id", "a_id", "z"},
    "odd name": {"the column", "date"},
}
SCHEMA = Names({name: frozenset(columns) for name, columns in TABLES.items()})


@pytest.mark.parametrize(
    ("sql", "tables", "columns"),
    [
        ("SELECT x FROM a", "a", "a.x"),
        ("select T.X from A as t where T.Y = 'z'", "a", "a.x a.y"),
        ("SELECT x, z FROM a JOIN b ON a.id = b.a_id", "a b", "a.x b.z a.id b.a_id"),
        ("SELECT z FROM a, b t WHERE t.id = 1;", "a b", "b.z b.id"),
        ("SELECT z FROM (a JOIN b USING (id))", "a b", "b.z a.id b.id"),
        ("SELECT 1 FROM a NATURAL JOIN b", "a b", "a.id b.id"),
        ("SELECT * FROM a", "a", "a.id a.x a.y"),
        ("SELECT count(*), 2 * x FROM a", "a", "a.x"),
        ("SELECT T2.* FROM a JOIN b AS T2", "a b", "b.id b.a_id b.z"),
        ('SELECT "x" FROM a WHERE y = "z"', "a", "a.x a.y"),
        ("SELECT `x`, [y] FROM `a`", "a", "a.x a.y"),
        ("SELECT 'x' FROM a", "a", ""),
        ("SELECT max(x) y FROM a", "a", "a.x"),
        ("SELECT count(*) AS y FROM a ORDER BY y DESC", "a", ""),
        ("SELECT x FROM a GROUP BY y ORDER BY count(*) LIMIT 1", "a", "a.x a.y"),
        ("SELECT x FROM a WHERE EXISTS (SELECT * FROM b WHERE a_id = a.id)", "a b",
         "a.x b.a_id a.id"),
        ("SELECT x FROM a WHERE id IN (SELECT a_id FROM b WHERE z = y)", "a b",
         "a.x a.id b.a_id b.z a.y"),
        ("SELECT n FROM (SELECT x AS n, y FROM a) AS d", "a", "a.x a.y"),
        ("SELECT d.id FROM (SELECT x AS id FROM a) d JOIN b ON b.z = d.id", "a b", "a.x b.z"),
        ("WITH a AS (SELECT z AS x FROM b) SELECT x FROM a", "b", "b.z"),
        ("WITH c(n) AS (SELECT x FROM a) SELECT n, y FROM c", "a", "a.x"),
        ("WITH RECURSIVE c(n) AS (SELECT x FROM a UNION ALL SELECT n + 1 FROM c) SELECT n FROM c",
         "a", "a.x"),
        ("SELECT x FROM a UNION SELECT z FROM b ORDER BY x", "a b", "a.x b.z"),
        ("SELECT x FROM a EXCEPT SELECT x FROM a WHERE y > 1", "a", "a.x a.y"),
        ("SELECT \"the column\", date FROM 'odd name'", "odd name",
         "odd name.the column|odd name.date"),
        ("SELECT CAST(x AS date), CASE WHEN y THEN 1 END id FROM a", "a", "a.x a.y"),
        ("SELECT row_number() OVER (PARTITION BY x ORDER BY y) FROM a", "a", "a.x a.y"),
        ("SELECT x FROM main.a WHERE date(y) = 1 -- id", "a", "a.x a.y"),
        ("SELECT m.End FROM a JOIN Match AS m", "a match", "match.end"),
        ("SELECT missing FROM nowhere", "", ""),
        ("SELECT 1", "", ""),
    ],
)  # fmt: skip
def test_names_are_resolved(sql: str, tables: str, columns: str) -> None:
    used = used_names(SCHEMA, sql)
    wanted = columns.split("|" if "|" in columns else None)
    assert used.columns == set(wanted)
    assert used.tables == ({tables} if "odd" in tables else set(tables.split()))


@pytest.mark.parametrize(
    "sql",
    ["", "nonsense", "SELECT (x FROM a", "SELECT x FROM a)", "SELECT 'x FROM a", "DELETE FROM a"]
    + ["SELECT " + "(SELECT " * 500 + "1" + ")" * 500, "SELECT " + "x," * MAX_LENGTH],
)
def test_what_is_no_query_is_unreadable(sql: str) -> None:
    with pytest.raises(Unreadable):
        used_names(SCHEMA, sql)


WORDS = "SELECT FROM WHERE a b x y . , ( ) * AS WITH JOIN USING UNION ORDER-BY COLLATE 'q' 1 ;"


@given(st.lists(st.sampled_from(WORDS.split()), max_size=14))
def test_any_text_is_read_or_unreadable(words: list[str]) -> None:
    try:
        used = used_names(SCHEMA, " ".join(["SELECT", *words]).replace("-", " "))
    except Unreadable:
        return
    assert {column.split(".")[0] for column in used.columns} <= used.tables


def values(shop: Path, sql: str, gold: str) -> list[float | None]:
    database = load(shop).examples[0].database
    assert database is not None
    names = ("tables_precision", "tables_recall", "columns_precision", "columns_recall")
    with Session() as session:
        case = Case(ScoreTask("q", (gold,), sql, database, names), session)
        return [METRICS[name].function(case, gold) for name in (*names, "linking_strict")]


def test_the_metrics_are_shares_of_the_names(shop: Path) -> None:
    gold = "SELECT id FROM item"
    assert values(shop, gold, gold) == [1.0, 1.0, 1.0, 1.0, 1.0]
    assert values(shop, "SELECT count(*) FROM item", gold) == [1.0, 1.0, 0.0, 0.0, 0.0]
    assert values(shop, "SELECT 1", gold) == [0.0, 0.0, 0.0, 0.0, 0.0]
    assert values(shop, "SELECT 1", "SELECT 2") == [1.0, 1.0, 1.0, 1.0, 1.0]
    everything = values(shop, "SELECT * FROM item", gold)
    assert everything[3:] == [1.0, 1.0] and 0 < (everything[2] or 0) < 1


def test_an_unreadable_prediction_is_zero_and_an_unreadable_gold_leaves_the_metric_out(
    shop: Path,
) -> None:
    assert values(shop, "SELEC", "SELECT id FROM item") == [0.0] * 5
    assert values(shop, "SELECT id FROM item", "SELEC") == [None] * 5
