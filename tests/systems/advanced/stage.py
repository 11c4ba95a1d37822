"""A policy with a fixed repertoire on a small database, for tests of what stands above a codec."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from math import inf
from pathlib import Path

import numpy as np
from systems.advanced.codec.codec import Constraint, Cost, Partial
from systems.advanced.evidence import Prober
from systems.advanced.reading import names, resolved
from systems.advanced.schema_graph.graph import Item, Kind, SchemaGraph
from systems.advanced.task import Evidence, Linking, Task

from t2s_bench.databases.schema import read_schema
from t2s_bench.types import Database, Question

SCRIPT = """
CREATE TABLE singer (id INTEGER PRIMARY KEY, name TEXT, age INTEGER, country TEXT, home TEXT);
CREATE TABLE concert (id INTEGER PRIMARY KEY, title TEXT, year INTEGER);
CREATE TABLE plays (
    singer_id INTEGER REFERENCES singer (id), concert_id INTEGER REFERENCES concert (id)
);
INSERT INTO singer VALUES
    (1, 'Ann', 20, 'France', 'Spain'), (2, 'Bob', 30, 'France', 'Italy'),
    (3, 'Cem', 40, 'Spain', 'Spain'), (4, 'Dee', NULL, 'Italy', 'France');
INSERT INTO concert VALUES (1, 'Gala', 2014), (2, 'Ball', 2015), (3, 'Fair', 2015);
INSERT INTO plays VALUES (1, 1), (2, 1), (2, 2), (3, 3);
"""


def make_task(folder: Path, question: str = "Who?", evidence: str = "", values: str = "") -> Task:
    """A task on the database; `values` are (literal=table.column) pairs of its graph, by spaces."""
    path = folder / "stage.sqlite"
    if not path.exists():
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executescript(SCRIPT)
    database = Database("stage", (path,), "digest", "digest")
    schema = read_schema(database)
    items = []
    for pair in values.split():
        literal, _, home = pair.partition("=")
        table = [one.name for one in schema.tables].index(home.split(".")[0])
        column = [one.name for one in schema.tables[table].columns].index(home.split(".")[1])
        items.append(Item(Kind.VALUE, literal, (literal,), sources=((table, column),)))
    nothing = np.zeros((len(items), len(items)), np.uint8)
    graph = SchemaGraph(tuple(items), nothing, nothing)
    return Task(Question("q", question, "stage", evidence), database, schema, graph)


class StageSession:
    """Writes the statements of its repertoire that a constraint allows, the likeliest first.

    `judged` gives the logit of an executed statement, `criticism` the critique by SQL. Every
    written and judged statement costs one completion token; calls are counted.
    """

    def __init__(
        self,
        task: Task,
        repertoire: Sequence[tuple[str, float]],
        judged: Callable[[Evidence], float],
        criticism: dict[str, Constraint],
        hidden: Sequence[tuple[str, float]],
    ) -> None:
        self._task = task
        self._repertoire = list(repertoire)
        self._hidden = list(hidden)
        self._judged = judged
        self._criticism = criticism
        self._tokens = 0
        self.constraints: list[Constraint] = []
        self.judgements = 0

    @property
    def task(self) -> Task:
        return self._task

    @property
    def cost(self) -> Cost:
        return Cost(1, self._tokens)

    def extend(
        self,
        partials: Sequence[Partial],
        n: int,
        *,
        temperature: float,
        seed: int = 0,
        to_end: bool = False,
        constraint: Constraint | None = None,
    ) -> list[list[Partial]]:
        assert to_end and list(partials) == [Partial()]
        known = list(self._repertoire)
        if constraint is not None:
            self.constraints.append(constraint)
            known = [one for one in known + self._hidden if self._allows(one[0], constraint)]
        known.sort(key=lambda one: -one[1])
        self._tokens += len(known[:n])
        return [[Partial((1,) * 10, sql, logprob, True) for sql, logprob in known[:n]]]

    def logprobs(self, sqls: Sequence[str]) -> list[float]:
        known = dict(self._repertoire + self._hidden)
        return [known.get(sql, -inf) for sql in sqls]

    def values(self, partials: Sequence[Partial]) -> list[float]:
        return [0.5] * len(partials)

    def judge(self, evidence: Sequence[Evidence]) -> list[float]:
        self.judgements += len(evidence)
        self._tokens += len(evidence)
        return [self._judged(one) for one in evidence]

    def critique(self, evidence: Evidence) -> Constraint | None:
        return self._criticism.get(evidence.sql)

    def _allows(self, sql: str, constraint: Constraint) -> bool:
        tree = resolved(sql, self._task.schema)
        assert tree is not None
        used = names(tree, self._task.schema)
        return constraint.require <= used and not constraint.forbid & used


class StagePolicy:
    """Opens sessions with a repertoire; `hidden` is only written under a constraint."""

    def __init__(
        self,
        repertoire: Sequence[tuple[str, float]],
        judged: Callable[[Evidence], float] = lambda one: 0.0,
        criticism: dict[str, Constraint] | None = None,
        hidden: Sequence[tuple[str, float]] = (),
        linking: Linking | None = None,
    ) -> None:
        self._arguments = (repertoire, judged, criticism or {}, hidden)
        self._linking = linking
        self.sessions: list[StageSession] = []
        self.opened_with: list[Linking | None] = []
        self.linked = 0

    def open(self, task: Task, linking: Linking | None = None) -> StageSession:
        self.opened_with.append(linking)
        self.sessions.append(StageSession(task, *self._arguments))
        return self.sessions[-1]

    def link(self, task: Task) -> Linking:
        self.linked += 1
        if self._linking is not None:
            return self._linking
        tables = task.schema.tables
        return Linking((0.9,) * len(tables), tuple((0.9,) * len(one.columns) for one in tables))


def result_of(task: Task, sql: str) -> object:
    """The fingerprint of a statement's result."""
    with Prober() as prober:
        return prober.run(task.database, [sql])[0].result
