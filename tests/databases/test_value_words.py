from __future__ import annotations

import pytest

from t2s_bench.databases.value_words import fold, quoted, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("JetBlue  Airways", "jetblue airway"),
        ("Zürich", "ZURICH"),
        ("Straße", "STRASSE"),
        ("the owner's dogs", "The Owner Dog"),
        ("parties", "party"),
        ("boxes", "box"),
        ("glass", "glass"),
        ("北京市", "北 京 市"),
        ("O'Brien", "o brien"),
    ],
)
def test_texts_that_mean_the_same_fold_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize("text", ["Zoë's cities: New-York, 北京", "a b  c", "naïve façade", "½"])
def test_folding_a_text_is_folding_its_words(text: str) -> None:
    assert fold(text).split() == [word.folded for word in words(text)]


def test_words_know_their_place_in_the_text() -> None:
    text = "Is Zoë's home in São Paulo?"
    assert [text[word.start : word.end] for word in words(text)] == [
        "Is", "Zoë", "home", "in", "São", "Paulo",
    ]  # fmt: skip


def test_quotation_marks_of_several_kinds_are_found() -> None:
    text = "named 'Summer Show', “Spring”, «Été» or \"Fall\", not the owners' or dog's"
    assert [text[start:end] for start, end in quoted(text)] == [
        "Summer Show", "Spring", "Été", "Fall",
    ]  # fmt: skip


def test_texts_without_words_fold_to_nothing() -> None:
    assert fold(" - !? ") == "" and words("") == []
