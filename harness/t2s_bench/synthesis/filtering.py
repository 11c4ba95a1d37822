"""Which sampled pairs are kept: those that run cheaply, say something, and are new."""

from __future__ import annotations

from pathlib import Path

from t2s_bench.databases.connection import open_read_only
from t2s_bench.execution.session import Session
from t2s_bench.metrics.hardness import hardness
from t2s_bench.metrics.spider_schema import SpiderSchema, read_tables
from t2s_bench.metrics.spider_sql import parse
from t2s_bench.metrics.spider_tokens import SpiderSyntaxError
from t2s_bench.types import Budget

# About a tenth of a second; what takes more teaches nothing that less does not.
BUDGET = Budget(steps=5_000_000, seconds=5.0, rows=20_000, bytes=20_000_000)


class Filter:
    """Judges the pairs of one database; remembers what it kept."""

    def __init__(self, path: Path, session: Session) -> None:
        self._path, self._session = path, session
        self._seen: set[str] = set()
        connection = open_read_only(path)
        try:
            self._schema = SpiderSchema(read_tables(connection))
        finally:
            connection.close()

    def keeps(self, question: str, sql: str) -> bool:
        """Whether it is new, runs within the budget and gives something that is not NULL."""
        keys = {sql.lower(), question.lower()}
        if keys & self._seen:
            return False
        execution = self._session.execute(self._path, sql, BUDGET)
        if not execution.ok or all(cell is None for row in execution.rows for cell in row):
            return False
        if sql.lower().startswith("select count(") and execution.rows[0][0] == 0:
            return False
        self._seen |= keys
        return True

    def difficulty(self, sql: str) -> str:
        """Spider's hardness; empty for names that its grammar cannot read."""
        try:
            return hardness(parse(sql, self._schema))
        except SpiderSyntaxError:
            return ""
