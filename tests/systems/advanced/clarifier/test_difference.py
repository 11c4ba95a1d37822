"""Differences of two statements are named by kind, in words, with constraints for either side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from systems.advanced.clarifier.difference import Difference, Kind, differences
from systems.advanced.parts import take_apart

from t2s_bench.databases.schema import Column, Schema, Table

MINI = Path(__file__).resolve().parents[4] / "data" / "mini" / "questions.jsonl"
SCHEMA = Schema(
    (
        Table("singer", tuple(map(Column, ("id", "name", "age", "country")))),
        Table("concert", tuple(map(Column, ("id", "singer_id", "name", "year")))),
    )
)
JOINED = "SELECT s.name FROM singer AS s JOIN concert AS c ON s.id = c.singer_id"

PAIRS = [
    (Kind.COLUMN, "SELECT name FROM singer", "SELECT country FROM singer"),
    (Kind.COLUMN, "SELECT name FROM singer", "SELECT name, age FROM singer"),
    (
        Kind.COLUMN,
        "SELECT age FROM singer WHERE name = 'x'",
        "SELECT age FROM singer WHERE country = 'x'",
    ),
    (Kind.AGGREGATE, "SELECT count(*) FROM singer", "SELECT sum(age) FROM singer"),
    (Kind.AGGREGATE, "SELECT max(age) FROM singer", "SELECT min(age) FROM singer"),
    (Kind.AGGREGATE, "SELECT count(name) FROM singer", "SELECT count(DISTINCT name) FROM singer"),
    (
        Kind.VALUE,
        "SELECT name FROM singer WHERE country = 'France'",
        "SELECT name FROM singer WHERE country = 'FR'",
    ),
    (
        Kind.CONDITION,
        "SELECT name FROM singer WHERE age > 20",
        "SELECT name FROM singer WHERE age >= 20",
    ),
    (Kind.CONDITION, "SELECT name FROM singer WHERE age > 20", "SELECT name FROM singer"),
    (
        Kind.CONDITION,
        "SELECT name FROM singer WHERE age > 20 AND name = 'x'",
        "SELECT name FROM singer WHERE age > 20 OR name = 'x'",
    ),
    (
        Kind.CONDITION,
        "SELECT name FROM singer WHERE id IN (SELECT singer_id FROM concert)",
        "SELECT name FROM singer WHERE id NOT IN (SELECT singer_id FROM concert)",
    ),
    (Kind.TABLE, "SELECT count(*) FROM singer", "SELECT count(*) FROM concert"),
    (Kind.JOIN, JOINED, JOINED.replace("JOIN", "LEFT JOIN")),
    (Kind.JOIN, JOINED, JOINED.replace("s.id = c.singer_id", "s.id = c.id")),
    (
        Kind.ORDERING,
        "SELECT name FROM singer ORDER BY age DESC LIMIT 1",
        "SELECT name FROM singer ORDER BY age LIMIT 1",
    ),
    (
        Kind.LIMIT,
        "SELECT name FROM singer ORDER BY age LIMIT 1",
        "SELECT name FROM singer ORDER BY age LIMIT 3",
    ),
    (
        Kind.GROUPING,
        "SELECT count(*) FROM singer GROUP BY country",
        "SELECT count(*) FROM singer GROUP BY name",
    ),
    (Kind.DISTINCT, "SELECT DISTINCT country FROM singer", "SELECT country FROM singer"),
    (
        Kind.SET_OPERATION,
        "SELECT id FROM singer INTERSECT SELECT singer_id FROM concert",
        "SELECT id FROM singer UNION SELECT singer_id FROM concert",
    ),
    (
        Kind.SET_OPERATION,
        "SELECT id FROM singer EXCEPT SELECT singer_id FROM concert",
        "SELECT singer_id FROM concert EXCEPT SELECT id FROM singer",
    ),
    (Kind.COLUMN_ORDER, "SELECT name, age FROM singer", "SELECT age, name FROM singer"),
]


def first(one: str, other: str) -> Difference:
    return differences(one, other, SCHEMA)[0]


def side(difference: Difference, sql: str) -> int | None:
    parts = take_apart(sql, SCHEMA)
    assert parts is not None
    return difference.side(parts)


@pytest.mark.parametrize(("kind", "one", "other"), PAIRS, ids=[str(n) for n in range(len(PAIRS))])
def test_each_kind_is_named_and_each_statement_is_on_its_side(
    kind: Kind, one: str, other: str
) -> None:
    for pair in ((one, other), (other, one)):
        found = first(*pair)
        assert found.kind is kind
        assert [side(found, sql) for sql in pair] == [0, 1]
        assert found.question.text.endswith("?")
        assert len(set(found.question.choices)) == 2


@pytest.mark.parametrize(("kind", "one", "other"), PAIRS, ids=[str(n) for n in range(len(PAIRS))])
def test_a_constraint_allows_its_own_statement(kind: Kind, one: str, other: str) -> None:
    found = first(one, other)
    for sql, constraint in zip((one, other), found.constraints, strict=True):
        parts = take_apart(sql, SCHEMA)
        assert parts is not None
        assert constraint.require <= parts.names | {"LIMIT"}
        assert not constraint.forbid & parts.names
        assert constraint.sentence


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT name FROM singer", "select s.NAME from Singer s"),
        (
            JOINED,
            "SELECT name FROM singer, concert WHERE concert.singer_id = singer.id".replace(
                "SELECT name", "SELECT singer.name"
            ),
        ),
        ('SELECT age FROM singer WHERE name = "x"', "SELECT age FROM singer WHERE name = 'x'"),
        (
            "SELECT country, count(*) AS n FROM singer GROUP BY country ORDER BY n",
            "SELECT country, count(*) FROM singer GROUP BY 1 ORDER BY count(*)",
        ),
        (
            "SELECT name FROM singer WHERE age > 1 AND name = 'x'",
            "SELECT name FROM singer WHERE name = 'x' AND age > 1",
        ),
    ],
)
def test_spelling_makes_no_difference(one: str, other: str) -> None:
    assert differences(one, other, SCHEMA) == ()


def test_the_words_tell_the_two_apart() -> None:
    found = first("SELECT name FROM singer", "SELECT name FROM concert")
    assert found.question.text == "Which is meant: name of singer, or name of concert?"
    assert found.question.choices == ("name of singer", "name of concert")
    assert found.sentence == "column: name of singer — or name of concert"
    assert found.constraints[0].require == {"singer.name"}
    assert found.constraints[0].forbid == {"concert.name"}
    assert found.constraints[0].sentence == "showing name of singer, not showing name of concert"


def test_what_only_one_says_is_asked_with_yes_or_no() -> None:
    found = first("SELECT name FROM singer", "SELECT name FROM singer WHERE age > 20")
    assert found.question.text == "Is it meant that age of singer is greater than 20?"
    assert found.question.choices == ("no", "yes")


def test_a_name_that_the_right_statement_needs_is_not_forbidden() -> None:
    found = first("SELECT name FROM singer WHERE age = 1", "SELECT age FROM singer WHERE age = 1")
    assert found.constraints[0].forbid == frozenset()
    assert found.constraints[1].forbid == {"singer.name"}


def test_a_third_statement_may_be_on_neither_side() -> None:
    found = first("SELECT name FROM singer", "SELECT country FROM singer")
    assert side(found, "SELECT age FROM singer") is None
    assert side(found, "SELECT name FROM singer WHERE age > 1") == 0


def test_text_that_cannot_be_read_has_no_differences() -> None:
    assert differences("SELECT name FROM singer", "SELECT SELECT", SCHEMA) == ()


def test_golds_of_mini_differ_from_one_another_in_words() -> None:
    """Neighbouring golds of one database, some of them with everything that SQL has."""
    golds = []
    for line in MINI.read_text().splitlines()[:60]:
        gold = json.loads(line)["gold"]
        golds.append(gold if isinstance(gold, str) else gold[0])
    for one, other in zip(golds, golds[1:], strict=False):
        found = differences(one, other, Schema(()))
        assert found
        assert all(all(difference.words) and difference.question.text for difference in found)
