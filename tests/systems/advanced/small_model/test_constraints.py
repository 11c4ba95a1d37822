"""What a constraint bars and what it waits for, on scores alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from systems.advanced.codec.codec import Constraint
from systems.advanced.codec.pointer.grammar import State
from systems.advanced.schema_graph.graph import SchemaGraph
from systems.advanced.small_model.constraints import WANTED, adjustment
from systems.advanced.small_model.generation import Adjust
from systems.advanced.task import Task
from tests.systems.advanced.codec.pointer.graphs import SCHOOL, graph_of

from systems.advanced.codec.pointer import vocabulary as v
from t2s_bench.types import Database, Question

GRAPH: SchemaGraph = graph_of(SCHOOL, ("'US'", "'us'", "20", "1"))
STUDENT, COURSE = (v.SIZE + item for item in GRAPH.table_items[:2])
NAME, TITLE = (v.SIZE + GRAPH.column_items[place, 1] for place in (0, 1))
UPPER, LOWER, TWENTY, ONE = range(v.SIZE + len(GRAPH.items) - 4, v.SIZE + len(GRAPH.items))


@pytest.fixture
def task(tmp_path: Path) -> Task:
    path = tmp_path / "school.sqlite"
    return Task(Question("1", "?", "school"), Database("school", (path,), "", ""), SCHOOL, GRAPH)


def scores(adjust: Adjust, *tokens: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    changed = adjust(tokens, np.zeros(v.SIZE + len(GRAPH.items), dtype=np.float32))
    return changed.reshape(-1)


def barred(task: Task, *names: str) -> set[int]:
    found = scores(adjustment(Constraint(forbid=frozenset(names)), task))
    return set(np.flatnonzero(found == -np.inf).tolist())


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("COUNT", {v.COUNT, v.COUNT_ALL}),
        ("COUNT(*)", {v.COUNT_ALL}),
        ("LIMIT", {v.LIMIT, v.LIMIT_ONE}),
        ("1", {v.ID["1"], ONE, v.LIMIT_ONE}),
        ("UNION", {v.ID["UNION"], v.ID["UNION ALL"]}),
        ("ASC", {v.ASC}),
        ("DISTINCT", {v.DISTINCT}),
        ("20", {TWENTY}),
        ("'us'", {LOWER}),
        ("'US'", {UPPER}),
        ("STUDENT.Name", {NAME}),
    ],
)
def test_a_name_is_said_by_any_of_its_tokens(name: str, tokens: set[int], task: Task) -> None:
    assert barred(task, name) == tokens
    adjust = adjustment(Constraint(require=frozenset({name})), task)
    before = scores(adjust)
    assert before[v.END] == -np.inf
    assert all(before[token] == WANTED for token in tokens)
    for token in tokens:
        written = (token, STUDENT) if token == NAME else (token,)
        assert not scores(adjust, *written).any()


@pytest.mark.parametrize(
    "name", ["SELECT", "JOIN", "FROM", "END", "end", "second", "(", "count", "'Us'", "nothing"]
)
def test_what_is_no_name_counts_for_nothing(name: str, task: Task) -> None:
    assert not barred(task, name)
    adjust = adjustment(Constraint(require=frozenset({name})), task)
    assert not scores(adjust).any()


def test_a_column_that_is_required_wants_its_table_too(task: Task) -> None:
    adjust = adjustment(Constraint(require=frozenset({"course.title"})), task)
    assert scores(adjust, NAME, v.FROM)[COURSE] == WANTED
    assert scores(adjust, TITLE, v.FROM)[v.END] == -np.inf
    assert not scores(adjust, TITLE, v.FROM, COURSE).any()


def test_with_a_table_its_columns_are_forbidden(task: Task) -> None:
    found = barred(task, "student")
    assert {STUDENT, NAME} < found
    assert not {COURSE, TITLE} & found


@pytest.mark.parametrize("forbid", [{"student", "order"}, {"ASC", "DESC"}, {"course.title", "20"}])
def test_what_is_forbidden_leaves_no_dead_end(forbid: set[str], task: Task) -> None:
    """At random through the masks, every statement can still be ended."""
    adjust = adjustment(Constraint(forbid=frozenset(forbid)), task)
    chance = np.random.default_rng(0)
    ended = 0
    for _ in range(60):
        state = State.start(GRAPH)
        tokens: list[int] = []
        while len(tokens) < 60 and (not tokens or tokens[-1] != v.END):
            options = np.flatnonzero(state.allowed() & np.isfinite(scores(adjust, *tokens)))
            assert len(options), [v.TOKENS[t] if t < v.SIZE else t for t in tokens]
            closing = [token for token in (v.END, v.CLOSE, v.FROM) if token in options]
            ends = bool(closing) and chance.random() < 0.5
            tokens.append(int(closing[0] if ends else chance.choice(options)))
            state = state.advance(tokens[-1])
        ended += tokens[-1] == v.END
    assert ended > 20
