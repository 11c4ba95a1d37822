"""What is said comes back, with its joins and names; what cannot be said is told."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from statistics import median

import pytest
from systems.advanced.codec.pointer.decode import decode
from systems.advanced.codec.pointer.encode import Inexpressible, encode
from tests.systems.advanced.codec.pointer.graphs import (
    GRAPH,
    SCHOOL,
    graph_of,
    perfect_literals,
    there_and_back,
)

import t2s_bench
from t2s_bench.databases.connection import open_read_only
from t2s_bench.databases.schema import read_schema


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select Count(*) from Student", "SELECT COUNT(*) FROM student"),
        (
            "SELECT T1.name FROM student AS T1 JOIN enrolment AS T2 ON T1.id = T2.student_id "
            'JOIN course AS T3 ON T3.code = T2.course_code WHERE T3.title = "x"',
            "SELECT student.name FROM student JOIN enrolment ON enrolment.student_id = student.id "
            "JOIN course ON course.code = enrolment.course_code WHERE course.title = 'x'",
        ),
        (
            'SELECT name FROM student, "order" WHERE student.id = student_id AND age > 20',
            'SELECT student.name FROM student JOIN "order" ON "order".student_id = student.id '
            "WHERE student.age > 20",
        ),
        (
            'SELECT b.name FROM student a JOIN student b ON a."advisor id" = b.id',
            "SELECT student.name FROM student JOIN student AS student_2 "
            'ON student_2."advisor id" = student.id',
        ),
        (
            "SELECT name FROM student LEFT JOIN enrolment ON id = student_id "
            "WHERE grade IS NOT NULL AND NOT name LIKE '%x%'",
            "SELECT student.name FROM student LEFT JOIN enrolment "
            "ON enrolment.student_id = student.id "
            "WHERE enrolment.grade IS NOT NULL AND student.name NOT LIKE '%x%'",
        ),
        (
            "SELECT name FROM student WHERE age IN (1, 20) AND (age > 20 OR age < 3) "
            "ORDER BY age, name DESC LIMIT 3",
            "SELECT name FROM student WHERE age IN (1, 20) AND (age > 20 OR age < 3) "
            "ORDER BY age, name DESC LIMIT 3",
        ),
        (
            "SELECT a.name FROM student a WHERE a.age > "
            '(SELECT avg(b.age) FROM student b WHERE b."advisor id" = a."advisor id")',
            "SELECT name FROM student WHERE age > (SELECT AVG(student_2.age) "
            'FROM student AS student_2 WHERE student_2."advisor id" = student."advisor id")',
        ),
        (
            "SELECT code FROM course UNION SELECT id FROM student ORDER BY code LIMIT 1",
            "SELECT code FROM course UNION SELECT id FROM student ORDER BY 1 LIMIT 1",
        ),
        (
            'SELECT "group", sum(id * (student_id - 1)) FROM "order" GROUP BY 1',
            'SELECT "group", SUM(id * (student_id - 1)) FROM "order" GROUP BY "group"',
        ),
        (
            "SELECT count(*) FROM (SELECT name FROM student WHERE age BETWEEN 1 AND 20)",
            "SELECT COUNT(*) FROM (SELECT name FROM student WHERE age BETWEEN 1 AND 20) "
            "AS derived_2",
        ),
    ],
)
def test_a_statement_comes_back_with_its_joins_and_names(
    sql: str, expected: str, school: sqlite3.Connection
) -> None:
    found = there_and_back(sql)
    assert found == expected
    school.execute(found)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT name FROM student WHERE age = 77", "value item for 77"),
        ("SELECT nothing FROM student", "no column"),
        ("SELECT name FROM nowhere", "no table"),
        ("SELECT upper(name) FROM student", "Upper"),
        ("WITH s AS (SELECT 1) SELECT * FROM s", "WITH"),
        ("SELECT name FROM student LIMIT 3 OFFSET 20", "OFFSET"),
        ("DROP TABLE student", "Drop"),
        ("SELECT (((", "cannot read"),
    ],
)
def test_what_the_codec_cannot_say_is_told(sql: str, reason: str) -> None:
    with pytest.raises(Inexpressible, match=reason):
        encode(sql, SCHOOL, GRAPH)


# Data of others.


def _rows(connection: sqlite3.Connection, sql: str) -> Counter[tuple[object, ...]]:
    return Counter(connection.execute(sql).fetchall())


def kept(name: str, data: Path, every: int = 1) -> tuple[float, float]:
    """The share of golds whose rows stay (their order aside), and the median of tokens."""
    benchmark = t2s_bench.load(name, data=data)
    by_database: dict[Path, list[str]] = {}
    for example in list(benchmark.examples)[::every]:
        assert example.database is not None
        by_database.setdefault(example.database.path, []).append(example.golds[0])
    right, lengths, count = 0, [], 0
    for path, golds in by_database.items():
        schema = read_schema(path, samples=0)
        with closing(open_read_only(path)) as connection:
            for gold in golds:
                count += 1
                graph = graph_of(schema, perfect_literals(gold))
                try:
                    tokens = encode(gold, schema, graph)
                except Inexpressible:
                    continue
                lengths.append(len(tokens))
                # All of Spider's golds run.
                found = _rows(connection, decode(tokens, schema, graph))
                right += found == _rows(connection, gold)
    return right / count, median(lengths)


def test_spiders_training_golds_keep_their_results(spider: Path) -> None:
    share, tokens = kept("spider-train", spider, every=20)
    assert share >= 0.99
    assert tokens <= 11


def test_spiders_dev_golds_keep_their_results(spider: Path) -> None:
    share, tokens = kept("spider-dev", spider)
    assert share >= 0.995
    assert tokens <= 11
