"""The graph of a question: whole, typed, bounded, and there for any text and any database."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from systems.advanced.schema_graph.build import (
    FEATURES,
    LEAST_COLUMNS,
    MOST_ITEMS,
    RELATIONS,
    TaskMaker,
)
from systems.advanced.schema_graph.graph import Kind
from systems.advanced.task import Task

from t2s_bench.types import Question

from .conftest import Ask, make_database


def item(task: Task, name: str) -> int:
    """The number of a table, of a 'table.column', or of a value or word by its text."""
    for number, one in enumerate(task.graph.items):
        table = task.schema.tables[one.table].name if one.kind is Kind.COLUMN else ""
        if name == (f"{table}.{one.text}" if table else one.text):
            return number
    raise AssertionError(f"no item {name}")


def relation(task: Task, one: str, other: str) -> str:
    return RELATIONS[task.graph.relations[item(task, one), item(task, other)]]


def marks(task: Task, name: str) -> set[str]:
    return {FEATURES[n] for n in np.flatnonzero(task.graph.features[item(task, name)])}


@pytest.mark.parametrize(
    ("one", "other", "there", "back"),
    [
        ("Which", "singers", "word 1 after", "word 1 before"),
        ("Which", "from", "word 2 after", "word 2 before"),
        ("Which", "France", "word farther after", "word farther before"),
        ("singers", "singer", "word-table exact", "table-word exact"),
        ("singers", "singer.singer_id", "word-column partial", "column-word partial"),
        ("name", "country.name", "word-column exact", "column-word exact"),
        ("France", "country.name", "word-column by value", "column-word by value"),
        ("country", "singer", "table-table referred", "table-table foreign key"),
        ("singer", "singer.singer_id", "table has primary key", "primary key of table"),
        ("singer", "singer.age", "table has column", "column of table"),
        (
            "singer.country_code",
            "country.code",
            "column refers to column",
            "column referred by column",
        ),
        ("singer.name", "country.name", "column-column same name", "column-column same name"),
        ("singer.name", "singer.age", "column-column same table", "column-column same table"),
        ("'France'", "France", "value-word covers", "word-value covered"),
        ("'France'", "country.name", "value-column cell", "column-value cell"),
        ("'France'", "country", "value-table cell", "table-value cell"),
        ("singer", "singer", "same", "same"),
    ],
)
def test_the_most_specific_relation_holds(
    ask: Ask, one: str, other: str, there: str, back: str
) -> None:
    task = ask("Which singers from France, by name?")
    assert relation(task, one, other) == there
    assert relation(task, other, one) == back


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("singer", {"matched exactly"}),
        ("singer.singer_id", {"matched partly", "number", "primary key"}),
        ("country.name", {"matched by value", "matched exactly", "text"}),
        ("singer.country_code", {"text", "foreign key"}),
        ("country.code", {"text", "primary key", "referred to"}),
        ("singer.is_male", {"boolean"}),
        ("dept of music.opening date", {"time"}),
        ("'France'", {"cell"}),
    ],
)
def test_features_say_what_an_item_is(ask: Ask, name: str, expected: set[str]) -> None:
    assert marks(ask("Which singers from France, by name?"), name) == expected


def test_words_match_by_number_abbreviation_and_stem(ask: Ask) -> None:
    task = ask("department names, birth years and musical dates of all countries")
    assert relation(task, "department", "dept of music.dept_name") == "word-column exact"
    assert relation(task, "years", "singer.birth_year") == "word-column exact"
    assert relation(task, "countries", "country") == "word-table exact"
    assert relation(task, "musical", "dept of music") == "word-table partial"


def test_internal_tables_are_hidden(ask: Ask) -> None:
    # AUTOINCREMENT makes sqlite_sequence.
    names = [table.name for table in ask("").schema.tables]
    assert names == ["country", "singer", "dept of music"]


ODD = ["", " ", "?", "''", '"', "' '", "歌手は何人いますか", "कितने गायक हैं", "كم عدد ٣"]


@settings(max_examples=60, deadline=None)
@given(
    question=st.one_of(st.text(max_size=80), st.sampled_from(ODD)), evidence=st.text(max_size=30)
)
def test_any_text_has_a_graph(ask: Ask, question: str, evidence: str) -> None:
    graph = ask(question, evidence).graph
    size = len(graph.items)
    assert graph.relations.shape == (size, size)
    assert graph.features.shape == (size, len(FEATURES))
    assert (graph.relations > 0).all()
    assert (graph.features <= 1).all()
    assert [one.kind for one in graph.items] == sorted(
        (one.kind for one in graph.items), key=list(Kind).index
    )
    assert all(
        -1 <= first <= last < graph.first_table for first, last in (o.span for o in graph.items)
    )


@pytest.mark.parametrize(
    "script",
    [
        "",
        "CREATE TABLE t (a, A2, [a b], ['], [%], [], [名前])",
        "CREATE TABLE t (a); CREATE VIEW v AS SELECT a, a AS b, a || 'x' FROM t",
        "CREATE TABLE a (x REFERENCES gone (y)); CREATE TABLE b (x); CREATE TABLE [a b] (x, [x y])",
    ],
)
def test_odd_databases_have_a_graph(tmp_path: Path, script: str) -> None:
    database = make_database(tmp_path, script or "VACUUM")
    maker = TaskMaker()
    try:
        for text in ("", "How many a b are 'x' in 名前, 3 or 'it''s'?"):
            graph = maker.task(Question("q", text, database.id), database).graph
            assert graph.relations.shape == (len(graph.items),) * 2
    finally:
        maker.close()


def test_a_wide_database_keeps_its_tables_and_what_the_question_names(tmp_path: Path) -> None:
    columns = ", ".join(f"c{n}_thing TEXT" for n in range(9))
    tables = [f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, {columns});" for n in range(300)]
    tables.append("CREATE TABLE zebra (id INTEGER PRIMARY KEY, stripes INTEGER, mood TEXT);")
    tables.append("INSERT INTO zebra VALUES (1, 40, 'Grumpy');")
    database = make_database(tmp_path, "".join(tables), "wide")
    maker = TaskMaker()
    task = maker.task(Question("q", "Stripes where it feels grumpy?", "wide"), database)
    maker.close()
    kinds = [one.kind for one in task.graph.items]
    assert kinds.count(Kind.TABLE) == 301
    assert kinds.count(Kind.COLUMN) >= LEAST_COLUMNS
    assert len(kinds) <= MOST_ITEMS
    for name in ("zebra.stripes", "zebra.mood"):
        assert item(task, name)


def test_two_databases_of_one_content_keep_their_own_descriptions(tmp_path: Path) -> None:
    maker = TaskMaker()
    schemas = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        database = make_database(tmp_path / folder, f"CREATE TABLE {folder} (a)")
        schemas.append(maker.task(Question("q", "a?", "music"), database).schema)
    maker.close()
    assert [schema.tables[0].name for schema in schemas] == ["one", "two"]
