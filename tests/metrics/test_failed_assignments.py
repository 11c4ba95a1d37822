"""Assignments of values that are known to fail: never one that SQLite would run."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from t2s_bench.metrics.failed_assignments import FailedAssignments
from t2s_bench.metrics.plugged_values import assignments, filled, taken_apart

GOLD = "SELECT a FROM t AS c1 WHERE b = 'T' AND c1.b = \"u1\" AND b = 'main' LIMIT 3"


@pytest.mark.parametrize("own_first", [False, True])
@pytest.mark.parametrize(
    ("sql", "saved"),
    [
        ("SELECT c1.a FROM t AS c1 JOIN u AS c2 ON c1.a = c2.a WHERE c2.b = 'x'", True),
        ("SELECT c1.b FROM t AS c1, u AS c2 WHERE b = 'x' AND c1.a = 'y'", True),
        ("SELECT a FROM t AS x1 WHERE x1.b = 5", True),
        ("SELECT a FROM t WHERE b > ANY ( SELECT b FROM u WHERE b = 'x' ) AND a = 'y'", True),
        ("SELECT z.a FROM t WHERE b = 'x' AND a = 5", True),
        ("SELECT \"a\" FROM t, u WHERE u.b = 'x' LIMIT 5", False),
        ("SELECT a FROM t WHERE b = 'x' AND 0", False),
        ("SELECT t.a FROM t WHERE t.b = 'x' LIMIT 2", False),
        ("SELECT a AS 'k' FROM t WHERE a = 'x' ORDER BY main", True),
        ("SELECT a FROM t WHERE b = c9", False),  # the value itself is the name at fault
        ("SELECT a FROM t WHERE b = c9 AND z = 'x'", True),
    ],
)
def test_what_sqlite_runs_is_never_taken_for_a_failure(
    sql: str, saved: bool, own_first: bool
) -> None:
    gold, parts = taken_apart(GOLD), taken_apart(sql)
    failed = FailedAssignments(gold, parts)
    held = 0
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("CREATE TABLE t (a, b); CREATE TABLE u (a, b);")

        def error_of(text: str) -> str:
            try:
                connection.execute(text).fetchall()
            except sqlite3.Error as found:
                return str(found)
            return ""

        if own_first and parts.own is not None:
            failed.add(parts.own, error_of(sql))
        for chosen in assignments(gold.values, parts.texts):
            error = error_of(filled(parts, chosen))
            if failed.holds(chosen):
                held += 1
                assert error, filled(parts, chosen)
            elif error:
                failed.add(chosen, error)
    assert bool(held) == saved
