"""Linkings are measured against what a gold uses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from systems.advanced.schema_graph.lexical import LexicalLinker, lexical_linking
from systems.advanced.schema_graph.relevance import (
    ambiguities_resolved,
    average_precision,
    flat,
    linking_quality,
    strict_recall_at,
    used_by,
)
from systems.advanced.task import Linking, Task

from t2s_bench.metrics.name_tokens import Unreadable

from .conftest import Ask

GOLD = "SELECT T1.name FROM singer AS T1 JOIN country AS T2 ON T1.country_code = T2.code"


def ranked(task: Task, **shares: float) -> Linking:
    """Relevance by the names of tables, and of columns as table__column."""
    return Linking(
        tuple(shares.get(table.name, 0.0) for table in task.schema.tables),
        tuple(
            tuple(shares.get(f"{table.name}__{column.name}", 0.0) for column in table.columns)
            for table in task.schema.tables
        ),
    )


def test_a_gold_uses_the_tables_and_columns_that_it_reads_and_joins(ask: Ask) -> None:
    task = ask("The singers' names?")
    assert used_by(GOLD, task.schema) == ranked(
        task, singer=1, country=1, singer__name=1, singer__country_code=1, country__code=1
    )
    assert used_by("SELECT count(*) FROM singer", task.schema) == ranked(task, singer=1)


def test_what_is_no_query_is_unreadable(ask: Ask) -> None:
    with pytest.raises(Unreadable):
        used_by("SELECT 'open", ask("").schema)


@pytest.mark.parametrize(
    ("scores", "used", "expected"),
    [
        ([0.9, 0.8, 0.1], [1, 1, 0], 1.0),
        ([0.1, 0.8, 0.9], [1, 0, 0], 1 / 3),
        ([0.5, 0.5], [1, 0], 0.5),
        ([0.5, 0.5], [0, 1], 0.5),
        ([0.5], [0], 1.0),
    ],
)
def test_average_precision(scores: list[float], used: list[float], expected: float) -> None:
    assert average_precision(scores, used) == pytest.approx(expected)


def test_quality_counts_what_is_found_and_what_is_found_too_much(ask: Ask) -> None:
    task = ask("Who is it?")
    gold = used_by("SELECT name FROM singer", task.schema)
    right = linking_quality([task], [gold], [gold])
    assert (right.strict_recall, right.recall, right.precision) == (1, 1, 1)
    half = ranked(task, singer=0.9, singer__age=0.8, singer__name=0.4, country=0.6)
    found = linking_quality([task], [half], [gold])
    assert (found.strict_recall, found.recall) == (0, 0.5)
    assert found.precision == pytest.approx(1 / 3)
    assert strict_recall_at(3, [half], [gold]) == 0
    assert strict_recall_at(4, [half], [gold]) == 1


def test_an_ambiguity_is_resolved_where_the_used_one_ranks_first(ask: Ask) -> None:
    task = ask("What is the name?")
    gold = used_by("SELECT name FROM singer", task.schema)
    assert ambiguities_resolved(task, ranked(task, singer__name=0.9), gold) == [True]
    assert ambiguities_resolved(task, ranked(task, country__name=0.9), gold) == [False]
    assert ambiguities_resolved(task, ranked(task), gold) == [False]
    both = used_by("SELECT country.name, singer.name FROM singer, country", task.schema)
    assert ambiguities_resolved(task, ranked(task), both) == []


@pytest.mark.parametrize("link", [lexical_linking, LexicalLinker().link])
def test_lexical_linking_ranks_what_is_named_before_what_is_not(
    ask: Ask, link: Callable[[Task], Linking]
) -> None:
    task = ask("The population of France?")
    linking = link(task)
    gold = used_by("SELECT population FROM country WHERE name = 'France'", task.schema)
    assert average_precision(
        [share for row in linking.columns for share in row],
        [share for row in gold.columns for share in row],
    ) == pytest.approx(1.0)
    assert linking.tables[0] == max(linking.tables)
    assert all(0 <= share <= 1 for share in flat(linking))


def test_the_lexical_linker_prefers_the_named_table_s_column_and_finds_the_join(ask: Ask) -> None:
    task = ask("Names of singers by population of the country?")
    gold = used_by(GOLD, task.schema)
    linking = LexicalLinker().link(task)
    columns = {
        f"{table.name}.{column.name}": share
        for table, row in zip(task.schema.tables, linking.columns, strict=True)
        for column, share in zip(table.columns, row, strict=True)
    }
    assert columns["singer.name"] > columns["dept of music.dept_name"]
    assert columns["singer.country_code"] > columns["singer.zip"]
    assert average_precision(flat(linking), flat(gold)) > average_precision(
        flat(lexical_linking(task)), flat(gold)
    )
    assert LexicalLinker().shown(task, linking) is None
