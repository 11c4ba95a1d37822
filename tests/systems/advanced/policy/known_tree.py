"""A policy whose every statement, probability and value is known: a tree of choices."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from math import log
from pathlib import Path

import numpy as np
from systems.advanced.codec.codec import Constraint, Cost, Partial
from systems.advanced.evidence import Prober
from systems.advanced.schema_graph.graph import Item, SchemaGraph
from systems.advanced.task import Evidence, Task

from t2s_bench.databases.schema import Schema
from t2s_bench.types import Database, Question


@dataclass(frozen=True)
class Choice:
    """One clause that may come next; without `choices` the statement ends with it.

    `value` is what the value head says there; `sql` and `result` belong to an end (result None: it
    does not run). `beginning` is the executable SQL of an unfinished statement.
    """

    probability: float = 1.0
    choices: tuple[Choice, ...] = ()
    value: float = 0.5
    sql: str = ""
    result: Hashable | None = None
    beginning: str = ""


@dataclass
class KnownSession:
    """A `Session` on such a tree; a token is the place of a choice among its siblings."""

    root: Choice
    task: Task = field(default_factory=lambda: task())
    written: int = 0
    batches: list[list[Partial]] = field(default_factory=list)
    constraints: list[Constraint | None] = field(default_factory=list)

    @property
    def cost(self) -> Cost:
        return Cost(10, self.written)

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
        self.batches.append(list(partials))
        self.constraints.append(constraint)
        return [
            []
            if partial.finished
            else self._samples(partial, n, temperature, seed, to_end)
            if temperature > 0
            else self._beam(partial, n, to_end)
            for partial in partials
        ]

    def values(self, partials: Sequence[Partial]) -> list[float]:
        self.written += len(partials)
        return [self.at(partial).value for partial in partials]

    def logprobs(self, sqls: Sequence[str]) -> list[float]:
        raise AssertionError("the search does not ask for it")

    def judge(self, evidence: Sequence[Evidence]) -> list[float]:
        raise AssertionError("the search does not ask for it")

    def critique(self, evidence: Evidence) -> Constraint | None:
        raise AssertionError("the search does not ask for it")

    def at(self, partial: Partial) -> Choice:
        choice = self.root
        for token in partial.tokens:
            choice = choice.choices[token]
        return choice

    def _next(self, partial: Partial) -> list[Partial]:
        self.written += 1
        return [
            Partial(
                (*partial.tokens, place),
                choice.beginning if choice.choices else choice.sql,
                partial.logprob + log(choice.probability),
                not choice.choices,
            )
            for place, choice in enumerate(self.at(partial).choices)
        ]

    def _beam(self, start: Partial, n: int, to_end: bool) -> list[Partial]:
        beam = _best(self._next(start), n)
        while to_end and not all(one.finished for one in beam):
            grown = [m for one in beam for m in ([one] if one.finished else self._next(one))]
            beam = _best(grown, n)
        return beam

    def _samples(
        self, start: Partial, n: int, temperature: float, seed: int, to_end: bool
    ) -> list[Partial]:
        chance = np.random.default_rng([seed, *start.tokens])
        found: dict[tuple[int, ...], Partial] = {}
        for _ in range(n):
            one = start
            while one is start or (to_end and not one.finished):
                options = self._next(one)
                if not options:
                    return []
                odds = np.array([(o.logprob - one.logprob) / temperature for o in options])
                shares = np.exp(odds - odds.max())
                one = options[int(chance.choice(len(options), p=shares / shares.sum()))]
            found.setdefault(one.tokens, one)
        return list(found.values())


class KnownProber(Prober):
    """Knows the result of every statement of a tree, and that every beginning returns a row."""

    def __init__(self, root: Choice) -> None:
        self._results: dict[str, Hashable | None] = {}
        self._read(root)

    def run(self, database: Database, sqls: Sequence[str]) -> list[Evidence]:
        return [
            Evidence("", None, error="no SQL")
            if not sql
            else Evidence(sql, self._results[sql], 1, 1)
            if self._results[sql] is not None
            else Evidence(sql, None, error="no such column")
            for sql in sqls
        ]

    def close(self) -> None:
        pass

    def _read(self, choice: Choice) -> None:
        if choice.beginning:
            self._results[choice.beginning] = ("beginning", choice.beginning)
        if not choice.choices:
            self._results[choice.sql] = choice.result
        for one in choice.choices:
            self._read(one)


def task(values: Sequence[Item] = (), path: Path = Path("none.sqlite")) -> Task:
    """A task on a database that is not read, with value candidates in its graph."""
    size = len(values)
    empty = np.zeros((size, size), np.uint8)
    return Task(
        Question("q", "Which?", "db"),
        Database("db", (path,), str(path), ""),
        Schema(()),
        SchemaGraph(tuple(values), empty, np.zeros((size, 1), np.uint8)),
    )


def ends(choice: Choice) -> list[Choice]:
    """All whole statements of a tree."""
    if not choice.choices:
        return [choice]
    return [end for one in choice.choices for end in ends(one)]


def deep(best: Sequence[int], shares: Sequence[float] = (0.6, 0.3, 0.1)) -> Choice:
    """A tree of equal shares at every choice, whose end at `best` is right; others look wrong.

    The value head knows nothing before the end.
    """

    def grow(path: tuple[int, ...], share: float) -> Choice:
        if len(path) == len(best):
            right = path == tuple(best)
            name = "".join(map(str, path))
            value = 0.95 if right else 0.15
            return Choice(share, (), value, f"SELECT {name} FROM t", f"result {name}")
        ways = tuple(grow((*path, place), odds) for place, odds in enumerate(shares))
        return Choice(share, ways, 0.5)

    return grow((), 1.0)


def _best(partials: Sequence[Partial], n: int) -> list[Partial]:
    return sorted(partials, key=lambda one: (-one.logprob, one.tokens))[:n]
