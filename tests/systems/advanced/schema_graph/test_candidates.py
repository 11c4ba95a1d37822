"""Value candidates are the literals that the SQL of a question needs."""

from __future__ import annotations

import pytest
from systems.advanced.schema_graph.candidates import MOST

from .conftest import Ask


@pytest.mark.parametrize(
    ("question", "literal"),
    [
        ("Singers from france", "'France'"),
        ("Singers from Cote d'Ivoire", "'Côte d''Ivoire'"),
        ("songs named 'Blue Moon' please", "'Blue Moon'"),
        ('who works at " Big Blue "', "'Big Blue'"),
        ('songs with "O\'Brien" in them', "'O''Brien'"),
        ("older than 1,500 days", "1500"),
        ("more than 2.50 euros", "2.5"),
        ("colder than -12.5 degrees", "-12.5"),
        ("at least 30% of them", "30"),
        ("the three oldest", "3"),
        ("the third oldest", "3"),
        ("twice or more", "2"),
        ("after 2010-05-01", "'2010-05-01'"),
        ("who met Ann Other Person", "'Ann Other Person'"),
        ("how many female singers", "'F'"),
        ("whose name begins with the letter B", "'B'"),
    ],
)
def test_what_a_question_says_becomes_a_literal(ask: Ask, question: str, literal: str) -> None:
    assert literal in ask(question).graph.value_items


def test_a_cell_is_spelled_as_the_database_spells_it_and_knows_its_place(ask: Ask) -> None:
    task = ask("How old is joe sharp?")
    item = task.graph.items[task.graph.value_items["'Joe Sharp'"]]
    (t, c), *others = item.sources
    assert not others
    assert (task.schema.tables[t].name, task.schema.tables[t].columns[c].name) == ("singer", "name")
    assert item.span == (3, 4)


@pytest.mark.parametrize("figure", ["1952", "75001"])
def test_a_number_that_is_a_text_cell_is_both_literals(ask: Ask, figure: str) -> None:
    values = ask(f"Who has {figure}?").graph.value_items
    assert {figure, f"'{figure}'"} <= values.keys()


def test_a_code_with_a_leading_zero_stays_a_text(ask: Ask) -> None:
    assert "'02138'" in ask("Who lives in 02138?").graph.value_items


def test_evidence_gives_literals_too(ask: Ask) -> None:
    task = ask("How many are French?", "French refers to code = 'FR'")
    assert "'FR'" in task.graph.value_items


def test_evidence_and_question_make_no_common_literal(ask: Ask) -> None:
    values = ask("Which singers?", "from the land of France").graph.value_items
    assert not any("\n" in literal for literal in values)


def test_candidates_are_few_and_quoted_ones_are_kept(ask: Ask) -> None:
    values = ask("Is 'X y' in " + ", ".join(map(str, range(100, 160)))).graph.value_items
    assert len(values) == MOST
    assert "'X y'" in values


def test_endless_digits_are_no_number(ask: Ask) -> None:
    values = ask("more than " + "9" * 5_000 + " or " + "9" * 400 + ".5").graph.value_items
    assert all(literal.startswith("'") for literal in values)
