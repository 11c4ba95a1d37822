"""One prediction under judgement: each distinct SQL runs at most once per filling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from t2s_bench.errors import UnknownName
from t2s_bench.execution.spelling import one_spelling
from t2s_bench.types import Budget, Database, Execution

if TYPE_CHECKING:
    from t2s_bench.execution.session import Session

PROFILES = ("safe", "official")


def find_profiles(text: str) -> tuple[str, ...]:
    """Profiles separated by commas; raises UnknownName for one that does not exist.

    >>> find_profiles("official, safe")
    ('official', 'safe')
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names or ("",):
        if name not in PROFILES:
            raise UnknownName("profile", name, PROFILES)
    return names


@dataclass(frozen=True)
class ScoreTask:
    """Everything a worker needs to score one prediction; no object of a plug-in travels.

    `profile` is `official` (each official verdict including its bugs) or `safe` (differs only
    where the official verdict is unsafe or absurd: docs/scoring.md lists each case). The first of
    `metrics` decides the outcome.
    """

    id: str
    golds: tuple[str, ...]
    sql: str
    database: Database
    metrics: tuple[str, ...]
    budget: Budget = Budget()
    profile: str = "safe"


class Case:
    """A task with the means to run SQL: what metrics see."""

    def __init__(self, task: ScoreTask, session: Session) -> None:
        self.task = task
        self.session = session
        self.official = task.profile == "official"
        # What metrics found out about this case and share.
        self.memo: dict[object, Any] = {}
        # Why a metric stopped short of trying everything; empty where none did.
        self.gave_up = ""
        self._predictions: dict[tuple[int, str], Execution] = {}
        self._golds: dict[tuple[int, str], Execution] = {}
        self._pairs: dict[str, tuple[Execution, Execution] | None] = {}

    @property
    def sql(self) -> str:
        """The predicted SQL as the system gave it."""
        return self.task.sql

    @property
    def fillings(self) -> range:
        """Numbers of the database's fillings: 0 is the main one, the rest are its test suite."""
        return range(len(self.task.database.files))

    def gold(self, sql: str, filling: int = 0) -> Execution:
        """Runs a gold SQL (or an official rewriting of it); cached on disk by database digest."""
        key = (filling, sql)
        if key not in self._golds:
            database = self.task.database
            self._golds[key] = self.session.execute(
                database.url or database.files[filling],
                sql,
                self.task.budget,
                cached=f"{database.suite_digest}/{database.url or filling}",
                shared=one_spelling(sql),
            )
        return self._golds[key]

    def prediction(self, sql: str | None = None, filling: int = 0) -> Execution:
        """Runs the predicted SQL, or an official rewriting of it."""
        key = (filling, self.task.sql if sql is None else sql)
        if key in self._golds:
            return self._golds[key]
        if key not in self._predictions:
            self._predictions[key] = self._run(key[1], filling, one_spelling(key[1]))
        return self._predictions[key]

    def results(self, gold: str) -> tuple[Execution, Execution] | None:
        """What prediction and gold gave on the main filling, the prediction's first.

        None where one of them fails or holds text that is not UTF-8, which fails officially, too.
        """
        if gold in self._pairs:
            return self._pairs[gold]
        expected = self.gold(gold)  # first, as many predictions are the gold in another spelling
        pair = self.prediction(), expected
        sound = all(found.ok and not found.undecodable for found in pair)
        self._pairs[gold] = pair if sound else None
        return self._pairs[gold]

    def run(self, sql: str, *, rows: int) -> Execution:
        """Runs a variant of the prediction, written by one rule, that is asked for only once.

        `rows` is how many a result may have to be of use: a larger one ends as too large.
        """
        return self._run(sql, 0, sql, rows)

    def _run(self, sql: str, filling: int, spelling: str, rows: int | None = None) -> Execution:
        database, budget = self.task.database, self.task.budget
        if rows is not None and rows < budget.rows:
            budget = _capped(budget, rows)
        where = database.url or database.files[filling]
        return self.session.execute(where, sql, budget, shared=spelling)


@lru_cache(maxsize=1024)
def _capped(budget: Budget, rows: int) -> Budget:
    return replace(budget, rows=rows)
