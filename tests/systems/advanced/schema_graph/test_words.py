"""Questions and names are cut into the same folded words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems.advanced.schema_graph.words import LONGEST, name_words, question_tokens, task_tokens


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("StuID", ("student", "id")),
        ("stu_id", ("student", "id")),
        ("deptName", ("department", "name")),
        ("HTTPServerURL", ("http", "server", "url")),
        ("num_of_staff", ("number", "of", "staff")),
        ("Opening Date", ("opening", "date")),
        ("countries", ("country",)),
        ("2010_sales", ("2010", "sale")),
        ("城市", ("城", "市")),
        ("%", ()),
    ],
)
def test_names_of_every_style_give_their_words(name: str, words: tuple[str, ...]) -> None:
    assert name_words(name) == words


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("the countries", "Country"),
        ("all department names", "dept_name"),
        ("城市的人口", "城市"),
        ("Les étudiants", "etudiant"),
    ],
)
def test_a_question_says_a_name_in_the_words_of_the_name(question: str, name: str) -> None:
    folded = [token.folded for token in question_tokens(question)]
    words = list(name_words(name))
    assert any(folded[n : n + len(words)] == words for n in range(len(folded)))


@given(st.text(max_size=300))
def test_tokens_stand_in_the_text_in_order(text: str) -> None:
    tokens = question_tokens(text)
    assert len(tokens) <= LONGEST
    end = 0
    for token in tokens:
        assert end <= token.start < token.end <= len(text)
        assert token.text == text[token.start : token.end]
        assert token.folded
        end = token.end


def test_long_evidence_is_cut_and_the_question_is_not() -> None:
    text, tokens = task_tokens("so many words " * 60, "Which town is it?")
    assert len(tokens) == LONGEST
    assert [token.text for token in tokens[-4:]] == ["Which", "town", "is", "it"]
    assert all(token.text == text[token.start : token.end] for token in tokens)
