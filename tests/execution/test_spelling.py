"""Texts of one spelling are one statement to SQLite; texts that are not keep two spellings."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from t2s_bench.execution.spelling import LONGEST, one_case, one_spelling
from t2s_bench.execution.sqlite import Reader
from t2s_bench.types import Budget

STATEMENTS = (
    "select count ( * ) , max ( age ) from person where name like '%a  A%' or age > 1 ;",
    "select p . name from person as p where p . id in ( select id from person where age > 20 )",
    "select name from ( select name , age from person order by age limit 2 ) where age <> 3",
    "select case when age between 1 and 50 then 'Young' else \"Old\" end from person",
    "select name from person where id not in ( 1 , 2 ) union select 'X  y' from person",
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(statement=st.sampled_from(STATEMENTS), seed=st.integers(0, 10**6))
def test_other_letters_and_spaces_are_the_same_statement(
    statement: str, seed: int, database: Path
) -> None:
    chance = random.Random(seed)
    pieces: list[str] = []
    for number, piece in enumerate(statement.replace('"', "'").split("'")):
        words = piece if number % 2 else _varied(piece, chance)
        pieces.append(words)
    quotes = [character for character in statement if character in "'\""]
    other = "".join(a + b for a, b in zip(pieces, [*quotes, ""], strict=True))
    assert one_spelling(other) == one_spelling(statement)
    with Reader(database) as reader:
        first, second = (reader.execute(sql, Budget()) for sql in (statement, other))
    assert first.ok
    assert (first.rows, first.steps) == (second.rows, second.steps)


def _varied(text: str, chance: random.Random) -> str:
    """Every space becomes some of what SQLite takes for space, every letter either case."""
    spaces = [" ", "  ", "\n", "\t ", " \r\n"]
    return "".join(
        chance.choice(spaces)
        if character == " "
        else chance.choice([str.upper, str.lower])(character)
        for character in text
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("SELECT 'a' 'b'", "SELECT 'a''b'"),
        ("SELECT x 'ab'", "SELECT x'ab'"),
        ("SELECT 'A'", "SELECT 'a'"),
        ("SELECT 1", "SELECT 1;;"),
        ("SELECT a-b", "SELECT a--b"),
        ("SELECT [A  b] FROM t", "SELECT [A b] FROM t"),
        ("SELECT 1 /* A */", "SELECT 1 /* a */"),
        ("SELECT a\x1cb", "SELECT a b"),
        ("SELECT a\x0bb", "SELECT a b"),
        # A Kelvin sign is lower-cased to a k, which it is not.
        ("SELECT \u212a FROM t", "SELECT k FROM t"),
        ("SELECT 1 > = 2", "SELECT 1 >= 2"),
    ],
)
def test_what_sqlite_tells_apart_is_spelled_apart(first: str, second: str) -> None:
    assert one_spelling(first) != one_spelling(second)


@pytest.mark.parametrize(
    "name", ['"count(*)"', "q.'count(*)'", "q . 'count(*)'", "min('count(*)', \"count(*)\")"]
)
def test_the_text_of_an_inner_expression_may_be_its_name(name: str, database: Path) -> None:
    first, second = (
        f"SELECT {name} FROM (SELECT {inner} FROM person) AS q"
        for inner in ("count(*)", "count( * )")
    )
    with Reader(database) as reader:
        answers = [reader.execute(sql, Budget()) for sql in (first, second)]
    assert (answers[0].status, answers[0].rows) != (answers[1].status, answers[1].rows)
    assert one_spelling(first) != one_spelling(second)


def test_long_texts_are_left_alone() -> None:
    text = f"SELECT {'A, ' * LONGEST}1"
    assert one_spelling(text) == text


def test_case_alone_leaves_every_place_where_it_is() -> None:
    assert one_case("SELECT  A FROM T WHERE b = 'C'") == "select  a from t where b = 'C'"
    assert one_case("SELECT A -- B") == "SELECT A -- B"
