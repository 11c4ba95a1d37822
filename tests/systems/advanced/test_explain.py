"""The words say what SQL means, for every statement that can be parsed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from systems.advanced.explain import explain, steps

MINI = Path(__file__).resolve().parents[3] / "data" / "mini" / "questions.jsonl"

SHAPES = [
    ("SELECT count(*) FROM singer", ["Takes the rows of singer.", "Shows the number of rows."]),
    ("SELECT count(age) FROM t", ["Shows the number of age that are not NULL."]),
    ("SELECT count(DISTINCT age) FROM t", ["Shows the number of the different age."]),
    ("SELECT DISTINCT a, b, c FROM t", ["Shows the different a, b and c."]),
    ("SELECT max(a), min(b), avg(c), sum(d) FROM t", ["the largest a, the smallest b, the ave"]),
    ("SELECT a FROM t WHERE b >= 3 AND c != 'x'", ["where b is at least 3 and c is not 'x'."]),
    ("SELECT a FROM t WHERE b = 1 AND c = 2 OR d = 3", ["(b is 1 and c is 2) or d is 3"]),
    ("SELECT a FROM t WHERE (b = 1 OR c = 2) AND d = 3", ["(b is 1 or c is 2) and d is 3"]),
    ("SELECT a FROM t WHERE b LIKE '%x%'", ["b contains 'x'"]),
    ("SELECT a FROM t WHERE b NOT LIKE 'x%'", ["b does not start with 'x'"]),
    ("SELECT a FROM t WHERE b LIKE 'x_y'", ["b matches the pattern 'x_y'"]),
    ("SELECT a FROM t WHERE b BETWEEN 1 AND 5", ["b is between 1 and 5"]),
    ("SELECT a FROM t WHERE b IS NULL OR c IS NOT NULL", ["b is NULL or c is not NULL"]),
    ("SELECT a FROM t WHERE b NOT IN (1, 2, 3)", ["b is not one of 1, 2 or 3"]),
    ("SELECT a FROM t WHERE b IN (SELECT c FROM u)", ["b is among (c from u)"]),
    (
        "SELECT a FROM t WHERE b > (SELECT avg(b) FROM t)",
        ["greater than (the average of b from t)"],
    ),
    ("SELECT a FROM t WHERE NOT EXISTS (SELECT 1 FROM u)", ["there is no row among (1 from u)"]),
    (
        "SELECT T1.a, T2.b FROM t AS T1 JOIN u AS T2 ON T1.id = T2.tid",
        ["Joins t and u where id of t is tid of u.", "Shows a of t and b of u."],
    ),
    (
        "SELECT x.a FROM t AS x JOIN t AS y ON x.id = y.boss",
        ["Joins t and t where id of t x is boss of t y."],
    ),
    ("SELECT a FROM t LEFT JOIN u USING (id)", ["u (or nothing, where none matches)", "id is the"]),
    (
        "SELECT a, count(*) AS n FROM t GROUP BY a HAVING count(*) > 2 ORDER BY n DESC LIMIT 1",
        [
            "Puts them together for each a.",
            "Keeps the groups where the number of rows is greater than 2.",
            "Sorts them by the number of rows from high to low.",
            "Shows a and the number of rows, only the first row.",
        ],
    ),
    (
        "SELECT a FROM t ORDER BY 1 LIMIT 5 OFFSET 2",
        ["by a from low", "5 rows after leaving out 2"],
    ),
    (
        "SELECT a FROM t INTERSECT SELECT b FROM u",
        ["First query: a from t.", "Second query: b from u.", "Gives the rows that both have."],
    ),
    ("SELECT a FROM t EXCEPT SELECT b FROM u", ["of the first that the second does not have."]),
    ("SELECT a FROM t UNION ALL SELECT b FROM u", ["Gives the rows of both, repeats kept."]),
    ("SELECT a FROM t UNION SELECT b FROM u", ["Gives the rows of both, repeats left out."]),
    ("SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END FROM t", ["('x' if a is greater than 1, other"]),
    ("WITH n AS (SELECT a FROM t) SELECT * FROM n", ["First finds n: a from t.", "all columns"]),
    ("SELECT a FROM (SELECT b AS a FROM t) AS s", ["Takes the rows of the result of (b from t)."]),
    (
        "SELECT rank() OVER (PARTITION BY a ORDER BY b DESC) FROM t",
        ["the rank within each a order"],
    ),
]


@pytest.mark.parametrize(("sql", "expected"), SHAPES, ids=[sql for sql, _ in SHAPES])
def test_each_shape_has_its_words(sql: str, expected: list[str]) -> None:
    said = explain(sql)
    for words in expected:
        assert words in said
    assert "`" not in said


@pytest.mark.parametrize(
    ("sql", "fragment"),
    [
        ("SELECT a FROM t WHERE printf('%d', a) = '1'", "`PRINTF('%d', a)` is '1'"),
        ("PRAGMA table_info(t)", "Runs `PRAGMA"),
        ("VALUES (1, 2)", "Runs `VALUES (1, 2)`"),
        ("SELECT FROM WHERE )", "Runs `SELECT FROM WHERE )`."),
        ("", "Runs ``."),
    ],
)
def test_what_has_no_words_is_quoted(sql: str, fragment: str) -> None:
    assert fragment in explain(sql)


def test_every_gold_of_mini_is_told_and_most_without_quoting() -> None:
    golds: list[str] = []
    for line in MINI.read_text().splitlines():
        gold = json.loads(line)["gold"]
        golds += [gold] if isinstance(gold, str) else gold
    said = [explain(sql) for sql in golds]
    assert len(golds) > 200
    assert all(text.strip() and not text.startswith("Runs") for text in said)
    assert sum("`" in text for text in said) < 0.15 * len(golds)


def test_a_tree_deeper_than_the_stack_is_quoted() -> None:
    sql = "SELECT " + "+".join("a" for _ in range(3000)) + " FROM t"
    assert steps(sql)[0].startswith(("Takes", "Runs"))
