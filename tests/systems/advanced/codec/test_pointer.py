from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from systems.advanced.codec.pointer.decode import Malformed, decode
from systems.advanced.codec.pointer.encode import Inexpressible, encode
from systems.advanced.codec.pointer.grammar import State, boundary, executable_prefix
from systems.advanced.codec.pointer.vocabulary import END, NUMBER, TOKENS
from systems.advanced.evidence import Prober
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.schema_graph.graph import Item, Kind, SchemaGraph
from systems.advanced.task import Task

from t2s_bench.benchmarks.benchmark import Benchmark, load
from t2s_bench.types import Example


def with_values(graph: SchemaGraph, sql: str) -> SchemaGraph:
    """The graph with exactly the literals of a statement as values."""
    items = [item for item in graph.items if item.kind is not Kind.VALUE]
    literals = []
    for text, number in re.findall(r"'((?:[^']|'')*)'|(?<![\w.'])(-?\d+(?:\.\d+)?)(?![\w.'])", sql):
        if number:
            literals.append(repr(float(number)) if "." in number else number)
        else:
            literals.append("'" + text.strip("%") + "'")
    items += [Item(Kind.VALUE, text, (text,)) for text in dict.fromkeys(literals)]
    return SchemaGraph(tuple(items), graph.relations, graph.features)


@pytest.fixture(scope="module")
def mini() -> Benchmark:
    return load("mini")


@pytest.fixture(scope="module")
def maker() -> Iterator[TaskMaker]:
    made = TaskMaker()
    yield made
    made.close()


def task_of(maker: TaskMaker, mini: Benchmark, example: Example) -> Task:
    return maker.task(example.question, mini.databases[example.question.database])


@pytest.fixture(scope="module")
def task(maker: TaskMaker, mini: Benchmark) -> Task:
    return task_of(maker, mini, mini.examples[0])


def test_what_can_be_said_keeps_its_result_and_is_admitted_by_the_grammar(
    maker: TaskMaker, mini: Benchmark
) -> None:
    said = 0
    with Prober() as prober:
        for example in mini.examples:
            task = task_of(maker, mini, example)
            graph = with_values(task.graph, example.golds[0])
            try:
                tokens = encode(example.golds[0], task.schema, graph)
            except Inexpressible:
                continue
            state = State.start(graph)
            for token in tokens:
                assert state.allowed()[token], (example.golds[0], TOKENS[token])
                state = state.advance(token)
            assert state.ended
            back = decode(tokens, task.schema, graph)
            gold, ours = prober.run(task.database, [example.golds[0], back])
            assert ours.result == gold.result, (example.golds[0], back)
            said += 1
    assert said > 0.35 * len(mini.examples)  # the others have functions, CASE, WITH …


@given(st.lists(st.integers(min_value=-1, max_value=120), max_size=25))
@settings(max_examples=200, deadline=None)
def test_any_tokens_are_a_statement_or_malformed(tokens: list[int]) -> None:
    task = _task()
    try:
        sql = decode(tokens, task.schema, task.graph)
    except Malformed:
        return
    assert sql.startswith("SELECT")


@given(st.integers(min_value=0, max_value=10_000))
@settings(max_examples=60, deadline=None)
def test_a_walk_within_the_grammar_ends_in_sql_that_sqlite_can_read(seed: int) -> None:
    task = _task()
    chance = np.random.default_rng(seed)
    state = State.start(task.graph)
    tokens: list[int] = []
    while not state.ended and len(tokens) < 200:
        choices = np.flatnonzero(state.allowed())
        assert len(choices)
        # Statements end sooner where ending is liked.
        token = (
            END if state.allowed()[END] and chance.random() < 0.5 else int(chance.choice(choices))
        )
        tokens.append(token)
        state = state.advance(token)
    if not state.ended:
        return
    try:
        sql = decode(tokens, task.schema, task.graph)
    except Malformed:
        return
    connection = sqlite3.connect(f"file:{task.database.path}?mode=ro", uri=True)
    try:
        connection.execute(f"EXPLAIN {sql}")
    except sqlite3.OperationalError as error:
        assert "syntax error" not in str(error), sql
    finally:
        connection.close()


def test_a_beginning_ends_at_a_clause_and_runs_without_it(task: Task) -> None:
    table = task.graph.table_items[0]
    column = task.graph.column_items[0, 0]
    items = [len(TOKENS) + column, NUMBER["FROM"], len(TOKENS) + table, NUMBER["WHERE"]]
    tokens = (NUMBER["SELECT"], *items)
    assert boundary(tokens) and not boundary(tokens[:-1])
    name, first = task.schema.tables[0].name, task.schema.tables[0].columns[0].name
    assert executable_prefix(tokens, task.schema, task.graph) == f"SELECT {first} FROM {name}"
    assert executable_prefix(tokens[:2], task.schema, task.graph) == ""


def test_a_table_that_from_lacks_is_joined_on(maker: TaskMaker, mini: Benchmark) -> None:
    for example in mini.examples:
        task = task_of(maker, mini, example)
        keys = [key for key in task.schema.foreign_keys if key.table != key.parent]
        if keys:
            break
    key = keys[0]
    place = {table.name: number for number, table in enumerate(task.schema.tables)}
    child, parent = place[key.table], place[key.parent]
    column = task.graph.column_items[parent, 0]
    tokens = (
        NUMBER["SELECT"],
        len(TOKENS) + column,
        NUMBER["FROM"],
        len(TOKENS) + task.graph.table_items[child],
        END,
    )
    sql = decode(tokens, task.schema, task.graph)
    assert f"JOIN {key.parent}" in sql and " ON " in sql


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CASE WHEN 1 THEN 2 END FROM {table}",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "DELETE FROM {table}",
        "SELECT nowhere FROM {table}",
        "not sql at all (",
        "",
    ],
)
def test_what_has_no_words_is_inexpressible(task: Task, sql: str) -> None:
    with pytest.raises(Inexpressible):
        encode(sql.format(table=task.schema.tables[0].name), task.schema, task.graph)


def _task() -> Task:
    """For hypothesis, which wants no fixtures: one task, made once."""
    if not _made:
        mini = load("mini")
        maker = TaskMaker()
        _made.append(task_of(maker, mini, mini.examples[3]))
        maker.close()
    return _made[0]


_made: list[Task] = []
