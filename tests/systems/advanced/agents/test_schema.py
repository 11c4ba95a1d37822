"""The schema agent ranks, connects through foreign keys, and prunes only what the guard allows."""

from __future__ import annotations

from pathlib import Path

import pytest
from systems.advanced.agents.recall_guard import LEAST_QUESTIONS, RecallGuard
from systems.advanced.agents.schema import CHOSEN, SchemaAgent, connect
from systems.advanced.task import Linking
from tests.systems.advanced.stage import StagePolicy, make_task

from t2s_bench.databases.schema import Column, ForeignKey, Schema, Table


def chain(*names: str, extra: tuple[ForeignKey, ...] = ()) -> Schema:
    """Tables, each of which refers to the one before."""
    tables = tuple(Table(name, (Column("id"), Column("up"))) for name in names)
    pairs = zip(names[1:], names, strict=False)
    keys = tuple(ForeignKey(child, ("up",), parent, ("id",)) for child, parent in pairs)
    return Schema(tables, keys + extra)


def linking(tables: tuple[float, ...], columns: int = 2) -> Linking:
    return Linking(tables, tuple((share,) * columns for share in tables))


def test_chosen_tables_are_joined_by_the_shortest_path() -> None:
    schema = chain("a", "b", "c", "d", extra=(ForeignKey("d", ("id",), "a", ("id",)),))
    keys = connect(schema, [0, 3], [0.9, 0.1, 0.1, 0.9])
    assert [(key.table, key.parent) for key in keys] == [("d", "a")]
    keys = connect(schema, [0, 2], [0.9, 0.8, 0.9, 0.1])
    assert {(key.table, key.parent) for key in keys} == {("b", "a"), ("c", "b")}


def test_of_equally_long_paths_the_more_relevant_one_is_taken() -> None:
    schema = chain("a", "b", "c", extra=(ForeignKey("x", ("up",), "a", ("id",)),))
    schema = Schema(
        (*schema.tables, Table("x", (Column("id"), Column("up")))),
        (*schema.foreign_keys, ForeignKey("c", ("id",), "x", ("id",))),
    )
    keys = connect(schema, [0, 2], [0.9, 0.1, 0.9, 0.4])
    assert {key.table for key in keys} == {"x", "c"} and {key.parent for key in keys} == {"a", "x"}


def test_two_keys_between_the_same_tables_are_no_trouble() -> None:
    schema = chain("a", "b", extra=(ForeignKey("b", ("id",), "a", ("id",)),))
    assert len(connect(schema, [0, 1], [0.5, 0.5])) == 1


def test_tables_that_nothing_connects_stay_apart() -> None:
    schema = Schema((Table("a", (Column("id"),)), Table("b", (Column("id"),))))
    assert connect(schema, [0, 1], [0.9, 0.9]) == []


def test_connecting_tables_and_key_columns_are_raised(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    columns = ((0.9, 0.9, 0.1, 0.1, 0.1), (0.1, 0.9, 0.1), (0.1, 0.1))
    policy = StagePolicy([], linking=Linking((0.9, 0.8, 0.1), columns))
    proposal = SchemaAgent(policy).propose(task)
    assert proposal.tables == ("singer", "concert")
    assert proposal.connectors == ("plays",)
    assert {key.parent for key in proposal.joins} == {"singer", "concert"}
    assert proposal.linking.tables[2] == CHOSEN
    assert proposal.linking.columns[2] == (CHOSEN, CHOSEN)
    assert proposal.linking.columns[1][0] == CHOSEN
    assert proposal.pruned == ()


def test_the_most_relevant_table_is_chosen_when_none_is_relevant(tmp_path: Path) -> None:
    policy = StagePolicy([], linking=Linking((0.1, 0.3, 0.2), ((0.1,) * 5, (0.1,) * 3, (0.1,) * 2)))
    assert SchemaAgent(policy).propose(make_task(tmp_path)).tables == ("concert",)


def test_only_a_guard_lets_items_go_and_never_what_joins(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    columns = ((0.9, 0.9, 0.01, 0.3, 0.01), (0.01, 0.01, 0.01), (0.01, 0.01))
    policy = StagePolicy([], linking=Linking((0.9, 0.01, 0.01), columns))
    assert SchemaAgent(policy).propose(task).pruned == ()
    guard = RecallGuard(threshold=0.05)
    proposal = SchemaAgent(policy, guard).propose(task)
    assert proposal.pruned == ("singer.age", "singer.home", "concert", "plays")
    assert proposal.linking.columns[0] == (0.9, 0.9, 0.0, 0.3, 0.0)
    both = Linking((0.9, 0.9, 0.01), columns)
    joined = SchemaAgent(StagePolicy([], linking=both), guard).propose(task)
    assert "plays" not in joined.pruned and "plays.singer_id" not in joined.pruned


def test_the_guard_keeps_strict_recall_on_its_questions() -> None:
    cases = [(linking((0.9, n / 1000)), [0.9, n / 1000]) for n in range(1, 301)]
    guard = RecallGuard.fit(cases)
    assert guard.recall >= 0.99
    assert guard.threshold == pytest.approx(0.004)
    assert guard.kept < 1.0
    kept = [min(used) >= guard.threshold for _, used in cases]
    assert sum(kept) / len(kept) == pytest.approx(guard.recall)


def test_too_few_questions_let_nothing_go() -> None:
    cases = [(linking((0.9,)), [0.9])] * (LEAST_QUESTIONS - 1)
    assert RecallGuard.fit(cases).threshold == 0.0


def test_the_guard_is_kept_with_the_checkpoint(tmp_path: Path) -> None:
    assert RecallGuard.load(tmp_path) == RecallGuard()
    guard = RecallGuard(0.05, 0.992, 0.4, 300)
    guard.save(tmp_path)
    assert RecallGuard.load(tmp_path) == guard


def test_an_empty_schema_has_nothing_to_propose(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    bare = type(task)(task.question, task.database, Schema(()), task.graph)
    assert SchemaAgent(StagePolicy([])).propose(bare).tables == ()
