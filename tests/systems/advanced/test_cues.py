"""What a question's words ask for is heard, and what a statement does about it is counted."""

from __future__ import annotations

import pytest
from systems.advanced.cues import disagreements, heard


@pytest.mark.parametrize(
    ("question", "names", "count"),
    [
        ("What is the average age?", {"AVG"}, 0),
        ("What is the average age?", set(), 1),
        ("What is the average age?", {"SUM"}, 2),
        ("Which singers are older than 20?", {">"}, 0),
        ("Which singers are older than 20?", {"<"}, 1),
        ("Which singers are 20 or older?", {">="}, 0),
        ("Show the different countries.", {"DISTINCT"}, 0),
        ("Show the countries.", {"DISTINCT"}, 1),
        ("List the names in alphabetical order.", {"DESC"}, 1),
    ],
)
def test_words_and_choices_answer_each_other(question: str, names: set[str], count: int) -> None:
    assert disagreements(heard(question), names) == count


@pytest.mark.parametrize("question", ["Durchschnittsalter aller Sänger?", "平均年龄是多少？", ""])
def test_a_question_in_another_language_speaks_against_nothing(question: str) -> None:
    assert heard(question) is None
    assert disagreements(heard(question), {"AVG", "COUNT", "LIKE"}) == 0
