"""What the parts of the system hand each other: a question with its schema graph, and evidence.

No part below `system.py` sees a gold SQL: it stays in `training/lessons.py`.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum

from t2s_bench.databases.schema import Schema
from t2s_bench.types import Database, Question

from .schema_graph.graph import SchemaGraph


@dataclass(frozen=True)
class Task:
    """One question on one database, with the typed graph of its words, schema and values."""

    question: Question
    database: Database
    schema: Schema
    graph: SchemaGraph


@dataclass(frozen=True)
class Linking:
    """How relevant each schema item is for a question, as probabilities.

    `tables` is parallel to `schema.tables`; `columns` holds a tuple for each table, parallel to its
    columns.
    """

    tables: tuple[float, ...]
    columns: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Evidence:
    """What executing one SQL showed.

    `result` is equal for two SQLs with the same bag of rows (rows as a multiset, columns in order)
    and None where it did not run. `shown` is the first rows, for a critique or a person.
    """

    sql: str
    result: Hashable | None
    rows: int = 0
    columns: int = 0
    all_null: bool = False
    steps: int = 0
    error: str = ""
    shown: tuple[tuple[object, ...], ...] = ()

    @property
    def runs(self) -> bool:
        """Whether there is a complete result."""
        return self.result is not None

    @property
    def empty(self) -> bool:
        """Whether it ran and found nothing (no rows, or nothing but NULL)."""
        return self.runs and (self.rows == 0 or self.all_null)


class Role(str, Enum):
    """The agents' roles over one base model: own heads in the small model, own adapters else."""

    SCHEMA = "schema"
    SQL = "sql"
    VALIDATION = "validation"

    def __str__(self) -> str:
        return self.value
