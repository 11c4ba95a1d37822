"""Plugging the gold's values into a prediction."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.execution.session import Session
from t2s_bench.metrics import ex_spider_plug, plugged_values
from t2s_bench.metrics.case import Case, ScoreTask
from t2s_bench.metrics.judge import judge
from t2s_bench.types import Budget, Execution, Outcome, Score

BUDGET = Budget(steps=10_000_000, seconds=20)


def plugged(gold: str, predicted: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every assignment of the gold's values to the prediction's places, and the text with them."""
    parts = plugged_values.taken_apart(predicted)
    for chosen in plugged_values.assignments(plugged_values.taken_apart(gold).values, parts.texts):
        yield chosen, plugged_values.filled(parts, chosen)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are run with values plugged in."""
    texts: list[str] = []
    run = Case.run

    def listed(case: Case, sql: str, *, rows: int) -> Execution:
        texts.append(sql)
        return run(case, sql, rows=rows)

    monkeypatch.setattr(Case, "run", listed)
    return texts


def judged(shop: Path, sql: str, gold: str, metric: str = "ex_spider_plug") -> Score:
    database = load(shop).databases["shop"]
    with Session() as session:
        return judge(session, ScoreTask("q", (gold,), sql, database, (metric,), BUDGET)).score


@pytest.mark.parametrize(
    ("sql", "gold", "value"),
    [
        ("SELECT id FROM item WHERE price = 99", "SELECT id FROM item WHERE price = 20", 1.0),
        ("SELECT id FROM item WHERE price>99", "SELECT id FROM item WHERE price>10", 1.0),
        ("SELECT id FROM item LIMIT 4", "SELECT id FROM item LIMIT 2", 1.0),
        ("SELECT id FROM item WHERE price = 'value'", "SELECT id FROM item WHERE price = 20", 1.0),
        ("SELECT id FROM item WHERE price = 99", "SELECT id FROM item", 0.0),
        ("SELECT id FROM item", "SELECT id FROM item WHERE price = 20", 0.0),
        ("SELECT id, price FROM item LIMIT 1", "SELECT id FROM item LIMIT 2", 0.0),
        ("SELECT 'x' FROM item LIMIT 1", "SELECT 20 FROM item LIMIT 2", 1.0),
        ("SELECT 'x' FROM item LIMIT 1", "SELECT 'y' FROM item LIMIT 2", 1.0),
        ("SELECT price FROM item WHERE id = 9", "SELECT id FROM item WHERE price = 20", 0.0),
        (
            "SELECT id FROM item WHERE price = YEAR(CURDATE()) - 2010",
            "SELECT id FROM item WHERE price = 10",
            1.0,
        ),
    ],
)
def test_values_of_the_gold_take_the_places_of_the_predictions(
    sql: str, gold: str, value: float, shop: Path
) -> None:
    assert judged(shop, sql, gold).metrics["ex_spider_plug"] == value


def test_more_assignments_than_are_tried_are_a_time_out(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ex_spider_plug.ASSIGNMENTS, "safe", 3)
    gold = "SELECT id FROM item WHERE price IN ( 1 , 2 , 3 , 20 )"
    score = judged(shop, "SELECT id FROM item WHERE price = 5 AND price < 7", gold)
    assert score.outcome is Outcome.PRED_TIMEOUT
    assert "first 3 assignments" in score.error


def test_every_assignment_comes_once_and_those_of_the_same_kind_come_first() -> None:
    gold = "SELECT a FROM t WHERE b = 'x' AND c = 'y' AND d = 1 AND e = 2"
    pairs = list(plugged(gold, "SELECT a FROM t WHERE b = 'p' AND d = 7"))
    assert pairs[0][0] == ("'x'", "1")
    found = [sql for _, sql in pairs]
    assert len(found) == len(set(found)) == 4**2
    assert found[0] == "select a from t where b = 'x' and d = 1"
    assert all("b = '" in sql and "d = '" not in sql for sql in found[:4])


def test_a_query_without_values_is_respaced_and_tried_once() -> None:
    assert list(plugged("SELECT 1", "SELECT  MAX(a)FROM t")) == [((), "select max ( a ) from t")]


@pytest.mark.parametrize(
    ("sql", "own"),
    [
        ("SELECT a FROM t WHERE b = 'It' AND d = 7 LIMIT 1 ;", ("'It'", "7", "1")),
        ("SELECT a FROM t WHERE b = 'a' OR b = \"a\"", ("'a'", '"a"')),
        ("SELECT a FROM t", ()),
        ("SELECT a\tFROM t WHERE b = 1", None),  # the tab goes, and with it the word's end
        ("SELECT a FROM t WHERE b = 'a;b'", None),
        ("SELECT a FROM t;;", ()),
        ("SELECT a FROM t WHERE b = 1 -- c", None),
    ],
)
def test_own_values_are_known_where_nothing_but_values_changes(
    sql: str, own: tuple[str, ...] | None
) -> None:
    assert plugged_values.taken_apart(sql).own == own


def test_neither_own_values_nor_another_metrics_queries_run_again(
    shop: Path, ran: list[str]
) -> None:
    database = load(shop).databases["shop"]
    gold = "SELECT DISTINCT id FROM item WHERE price = 20 AND id < 9"
    sql = "SELECT price FROM item WHERE price = 20 AND id < 20"
    metrics = ("ex_spider_plug", "ex_spider_keep_plug")
    with Session() as session:
        score = judge(session, ScoreTask("q", (gold,), sql, database, metrics, BUDGET)).score
    assert score.metrics == {"ex_spider_plug": 0.0, "ex_spider_keep_plug": 0.0}
    # of the four assignments of 20 and 9 those that are not the prediction's own values
    assert len(ran) == len(set(ran)) == 3
    assert "select price from item where price = 20 and id < 20" not in ran


@pytest.mark.parametrize(
    ("sql", "gold", "value", "runs"),
    [
        # the assignment that gives the gold's own text
        ("SELECT id FROM item WHERE price= 99", "SELECT id FROM item WHERE price = 20", 1.0, 0),
        ("SELECT id FROM item WHERE price < 99", "SELECT id FROM item WHERE price = 20", 0.0, 1),
        # what fails for a name fails with every value
        ("SELECT x FROM item WHERE price = 9", "SELECT id FROM item WHERE price = 20", 0.0, 0),
        ("SELECT id FROM item WHERE price = c9", "SELECT id FROM item WHERE price = 20", 1.0, 0),
        ("SELECT id FROM item WHERE price > c9", "SELECT id FROM item WHERE price = 20", 0.0, 1),
    ],
)
def test_what_is_known_beforehand_does_not_run(
    sql: str, gold: str, value: float, runs: int, shop: Path, ran: list[str]
) -> None:
    assert judged(shop, sql, gold).metrics["ex_spider_plug"] == value
    assert len(ran) == runs, ran


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT c1.a FROM t AS c1 JOIN u AS c2 ON c1.a = c2.a WHERE c2.b = 'x'",
        "SELECT a FROM t AS x1 WHERE x1.b = 5",
        "SELECT main.t.a FROM main.t, u AS u1 WHERE u1.b = 'x'",
        "SELECT t.a FROM t WHERE t.b = 'x'",
    ],
)
def test_only_what_sqlite_cannot_run_is_left_out_for_its_names(sql: str) -> None:
    gold = "SELECT a FROM t AS c1 WHERE b = 'T' AND c1.b = \"u1\" AND b = 'main'"
    parts = plugged_values.taken_apart(sql)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("CREATE TABLE t (a, b); CREATE TABLE u (a, b);")
        runs: Counter[tuple[bool, bool]] = Counter()
        for chosen, text in plugged(gold, sql):
            try:
                connection.execute(text).fetchall()
                fails = False
            except sqlite3.OperationalError:
                fails = True
            runs[plugged_values.names_no_table(parts, chosen), fails] += 1
    assert runs[True, False] == 0 < runs[False, False]
    assert bool(runs[True, True]) == bool(parts.qualifiers)


def test_plain_text_is_taken_apart_as_sqlparse_does(shared: Path) -> None:
    cases = json.loads((shared / "eval_reference" / "cases.json").read_text())
    texts = sorted({case[key].replace(";", "") for case in cases for key in ("gold", "pred")})[::12]
    plain = [text for text in texts if plugged_values.plain_tokens(text) is not None]
    assert len(plain) > 0.7 * len(texts)
    for text in plain:
        fast, slow = (plugged_values._respaced(text, how) for how in (True, False))
        assert (fast[0].split(), fast[1]) == (slow[0].split(), slow[1]), text
