"""Boundaries of SQL text stand where clauses begin, however far it is written."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from systems.advanced.codec.clauses import (
    CLAUSE_STOP,
    END_STOP,
    FENCE,
    boundaries,
    executable_prefix,
    next_boundary,
    next_fence,
    statement,
)

MINI = Path(__file__).resolve().parents[4] / "data" / "mini"


@pytest.mark.parametrize(
    ("sql", "keywords"),
    [
        ("SELECT a FROM t", ["FROM"]),
        ("select a from t order   by b limit 1", ["FROM", "ORDER BY", "LIMIT"]),
        ("SELECT 'from' FROM t WHERE x = 'it''s where'", ["FROM", "WHERE"]),
        ('SELECT "order by" FROM [limit] WHERE `having` = 1', ["FROM", "WHERE"]),
        ("SELECT a -- from here\nFROM t /* where */ LIMIT 1", ["FROM", "LIMIT"]),
        ("SELECT fromage, order_by FROM whereabouts", ["FROM"]),
        ("SELECT t.limit FROM t", ["FROM"]),
        ("SELECT substr(a FROM 2) FROM t", ["FROM"]),
        ("SELECT sum(a) OVER (PARTITION BY b ORDER BY c) FROM t", ["FROM"]),
        ("SELECT a FROM t WHERE a IS DISTINCT FROM b", ["FROM", "WHERE"]),
        (
            "SELECT a FROM (SELECT b FROM u GROUP BY b) UNION ALL SELECT c FROM v",
            ["FROM", "SELECT", "FROM", "GROUP BY", "UNION", "FROM"],
        ),
        ("WITH x AS (SELECT a FROM t) SELECT a FROM x", ["SELECT", "FROM", "FROM"]),
        ("SELECT a FROM t WHERE b = 'open FROM", ["FROM", "WHERE"]),
        ("SELECT 1\n```\nFROM", [FENCE]),
        ("SELECT '```' FROM t\n```", ["FROM", FENCE]),
    ],
)
def test_boundaries_are_the_clauses(sql: str, keywords: list[str]) -> None:
    assert [one.keyword for one in boundaries(sql)] == keywords
    for one in boundaries(sql):
        assert " ".join(sql[one.start : one.end].upper().split()) == one.keyword


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("SELECT a", ""),
        ("SELECT a FROM", ""),
        ("SELECT a FROM t JOIN u ON x = y WHERE", "SELECT a FROM t JOIN u ON x = y"),
        ("SELECT a FROM t WHERE b > (SELECT", "SELECT a FROM t"),
        ("SELECT a FROM t WHERE b > (SELECT avg(b) FROM t) ORDER BY", None),
        ("SELECT a FROM t UNION", "SELECT a FROM t"),
        ("SELECT a FROM t UNION SELECT b FROM", "SELECT a FROM t"),
        ("SELECT a FROM t UNION SELECT b FROM u WHERE", "SELECT a FROM t UNION SELECT b FROM u"),
        ("SELECT a FROM (SELECT b FROM u WHERE", ""),
    ],
)
def test_an_executable_prefix_has_complete_clauses_only(text: str, expected: str | None) -> None:
    if expected is None:
        expected = text.removesuffix(" ORDER BY")
    assert executable_prefix(text) == expected


def test_prefixes_of_gold_statements_run() -> None:
    tried = 0
    for line in (MINI / "questions.jsonl").read_text().splitlines():
        question = json.loads(line)
        golds = question["gold"] if isinstance(question["gold"], list) else [question["gold"]]
        folder = MINI / "databases" / question["db_id"]
        connection = sqlite3.connect(f"file:{folder / question['db_id']}.sqlite?mode=ro", uri=True)
        sql, at = golds[0], 0
        prefixes = set()
        while (end := next_boundary(sql, at)) is not None:
            prefixes.add(executable_prefix(sql[:end]))
            at = end
        for prefix in prefixes - {""}:
            # Aggregates may stand before a later GROUP BY: preparing tells that it is a statement.
            connection.execute(f"EXPLAIN {prefix}")
            tried += 1
        connection.close()
    assert tried > 100


def test_text_is_cut_at_the_first_boundary_beyond_a_place() -> None:
    sql = "SELECT a FROM t WHERE b = 1\n```"
    assert next_boundary(sql, 0) == len("SELECT a FROM")
    assert next_boundary(sql, len("SELECT a FROM")) == len("SELECT a FROM t WHERE")
    assert next_boundary(sql, len("SELECT a FROM t WHERE")) == len(sql)
    assert next_fence(sql, 0) == len(sql)
    assert next_fence("SELECT a FROM t", 0) is None
    assert statement(sql) == "SELECT a FROM t WHERE b = 1"


def test_servers_are_told_every_boundary() -> None:
    for sql in ("SELECT a FROM t where x group by y", "SELECT a FROM (select b FROM c)"):
        for one in boundaries(sql):
            found = sql[: one.end].endswith(CLAUSE_STOP.strings)
            assert found or one.keyword == "SELECT"
    assert END_STOP.strings == (FENCE,)
