"""Every near duplicate is found, and nothing else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from t2s_bench.benchmarks.leakage import SIMILAR, near_duplicates, repeated
from t2s_bench.types import Example, Question


def examples(*questions: str, database: str = "zoo", sql: str = "SELECT 1") -> list[Example]:
    return [
        Example(Question(str(place), question, database), (sql,))
        for place, question in enumerate(questions)
    ]


def test_case_and_punctuation_do_not_count() -> None:
    (pair,) = near_duplicates(
        examples("How many states ARE there?"), examples("x", "how many states are there")
    )
    assert (pair.id, pair.other, pair.similarity) == ("0", "1", 1.0)
    assert pair.same_database
    assert pair.same_gold


def test_one_word_of_ten_may_differ_and_one_of_four_may_not() -> None:
    long = "List the names of all the singers who are older than 20"
    assert near_duplicates(examples(long), examples(long.replace("20", "30")))
    assert not near_duplicates(examples("How many singers are there"), examples("How many are"))
    assert near_duplicates(examples("one two three four"), examples("one two three four five"))


def test_the_nearest_one_is_given() -> None:
    (pair,) = near_duplicates(
        examples("a b c d e f g h i j"), examples("a b c d e f g h i x", "j i h g f e d c b a")
    )
    assert pair.other == "1"


def test_database_and_gold_are_compared() -> None:
    (pair,) = near_duplicates(
        examples("How many?", sql="SELECT  Count(*) FROM t ;"),
        examples("How many?", database="farm", sql="select count(*) from t"),
    )
    assert pair.same_gold
    assert not pair.same_database


def test_questions_without_a_word_have_no_duplicate() -> None:
    assert not near_duplicates(examples("", "?"), examples("", "?", "!"))


def test_what_is_asked_again_on_the_same_database() -> None:
    asked = examples("How many?", "Who?", "how many") + examples("Who?", database="farm")
    assert repeated(asked) == [("2", "0")]


QUESTIONS = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=8).map(" ".join), max_size=8)


@given(QUESTIONS, QUESTIONS)
@settings(max_examples=200, deadline=None)
def test_it_agrees_with_comparing_everything(one: list[str], two: list[str]) -> None:
    def similarity(a: str, b: str) -> float:
        x, y = set(a.split()), set(b.split())
        return len(x & y) / len(x | y) if x | y else 0.0

    expected = {
        str(place): round(best, 3)
        for place, question in enumerate(one)
        if (best := max((similarity(question, other) for other in two), default=0)) >= SIMILAR
    }
    found = near_duplicates(examples(*one), examples(*two))
    assert {pair.id: pair.similarity for pair in found} == expected
