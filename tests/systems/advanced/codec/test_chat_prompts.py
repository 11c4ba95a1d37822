"""Prompts show the schema ranked, annotated and marked; answers are read back from text."""

from __future__ import annotations

from dataclasses import replace

import pytest
from systems.advanced.codec.chat_answers import blended, named_items, parse_critique
from systems.advanced.codec.chat_prompts import (
    ChatSettings,
    critique_text,
    schema_answer,
    verdict_prefix,
    view,
)
from systems.advanced.codec.chat_schema import schema_text
from systems.advanced.schema_graph.graph import Kind
from systems.advanced.task import Evidence, Linking, Role, Task


@pytest.fixture
def linking() -> Linking:
    return Linking((0.2, 0.9), ((0.1, 0.1, 0.1, 0.1), (0.3, 0.8, 0.1)))


def test_tables_are_ranked_and_likely_columns_named(task: Task, linking: Linking) -> None:
    plain, shown = schema_text(task).text, schema_text(task, linking).text
    assert plain.index("CREATE TABLE singer") < plain.index('CREATE TABLE "song list"')
    assert shown.index('CREATE TABLE "song list"') < shown.index("CREATE TABLE singer")
    assert shown.endswith('-- Likely needed, best first: "song list"."order", "song list".id')
    assert "Likely" not in plain


def test_values_of_the_question_are_shown(task: Task) -> None:
    assert "'France'" in schema_text(task, examples=0).text


def test_marks_name_what_they_mark(task: Task, linking: Linking) -> None:
    for shown in (schema_text(task), schema_text(task, linking)):
        assert len(shown.marks) == 2 + 7
        for mark in shown.marks:
            item = task.graph.items[mark.row]
            assert item.kind in (Kind.TABLE, Kind.COLUMN)
            assert shown.text[mark.start : mark.end].strip('"') == item.text


def test_a_long_schema_keeps_to_its_characters(task: Task, linking: Linking) -> None:
    assert len(schema_text(task, linking, max_characters=700).text) <= 700


def test_prompts_hold_hint_constraint_and_question(task: Task) -> None:
    hinted = replace(task, question=replace(task.question, evidence="French means France"))
    shown = view(hinted, None, ChatSettings())
    starts = {}
    for role in Role:
        prompt = shown.prompt(role)
        ((_, message),) = prompt.messages
        assert "Hint: French means France" in message
        assert f"Question: {task.question.question}" in message
        assert prompt.schema in message
        starts[role] = prompt.start
    assert starts == {Role.SQL: "```sql\n", Role.SCHEMA: "```\n", Role.VALIDATION: ""}


def test_a_verdict_shows_rows_or_the_error() -> None:
    ran = verdict_prefix(Evidence("SELECT 1", (1,), 2, 2, shown=((None, "x" * 99), (1, 2.5))))
    assert "2 rows, 2 columns" in ran and "NULL | xxx" in ran and "1 | 2.5" in ran
    assert "x" * 60 not in ran
    broken = verdict_prefix(Evidence("SELECT x", None, error="no such\ncolumn: x"))
    assert "Error: no such column: x" in broken


def test_schema_answers_are_what_the_gold_uses(task: Task) -> None:
    sql = "SELECT T1.name FROM singer AS T1 JOIN 'song list' AS T2 ON T1.id = T2.singer_id"
    lines = schema_answer(sql.replace("'", '"'), task.schema, "sqlite").splitlines()
    assert lines == ["singer", "singer.id", "singer.name", "song list", "song list.singer_id"]
    assert set(named_items("\n".join(lines) + "\n```", task.schema)) == set(lines)


def test_named_items_keep_to_the_schema(task: Task) -> None:
    found = named_items('- "song list".order\nsinger.nobody\nnothing\n```\nsinger', task.schema)
    assert set(found) == {"song list", "song list.order"}


def test_a_list_is_blended_with_the_prior(task: Task, linking: Linking) -> None:
    alone = blended({"singer.name": 0.8}, None, task.schema)
    assert alone.columns[0] == (0.0, 0.8, 0.0, 0.0) and alone.tables == (0.0, 0.0)
    both = blended({"singer.name": 0.8}, linking, task.schema)
    assert both.columns[0][1] == pytest.approx(0.45)
    assert both.columns[1][1] == pytest.approx(0.4)


def test_a_critique_round_trips(task: Task) -> None:
    wrong = "SELECT age FROM singer WHERE country = 'Norway' ORDER BY age DESC"
    gold = "SELECT name FROM singer WHERE country = 'France'"
    text = critique_text(wrong, gold, task.schema, "sqlite")
    found = parse_critique(text + "\n```", task.schema)
    assert found is not None
    assert found.require == {"singer.name", "'France'"}
    assert found.forbid == {"singer.age", "'Norway'", "ORDER BY", "DESC"}
    assert critique_text(gold, gold, task.schema, "sqlite") == "nothing"


def test_a_critique_without_known_names_says_nothing(task: Task) -> None:
    for text in ("nothing", "", "require the moon\nforbid singer.nobody", "It looks fine."):
        assert parse_critique(text, task.schema) is None
    both = parse_critique("require singer.age\nforbid SINGER.AGE\nforbid desc", task.schema)
    assert both is not None and not both.require and both.forbid == {"DESC"}
