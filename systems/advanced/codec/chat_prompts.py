r"""What the roles are asked, as chat prompts, and how their answers begin.

All that differs between candidates stands in the answer, after the prompt: the validation role goes
on from a statement and its result (`verdict_prefix`), so one reading of its prompt serves them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from t2s_bench.databases.schema import Schema

from ..language_model.model import Prompt
from ..reading import names, resolved
from ..task import Evidence, Linking, Role, Task
from .chat_schema import SchemaText, schema_text
from .clauses import FENCE
from .codec import Constraint

ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL", "duckdb": "DuckDB"}
# Characters of one value that a prompt shows of a result.
LONGEST_VALUE = 60
YES, NO = "Yes", "No"
NOTHING = "nothing"
# What stands between the verdict and what has to change.
CRITIQUE_OPENING = f"\n{FENCE}\n"


@dataclass(frozen=True)
class ChatSettings:
    """How tasks become prompts, and how much may be written.

    `schema_characters` is the longest schema text; `max_sql_tokens` the longest statement, one
    that is cut off there counts as finished (and most likely does not run).
    """

    schema_characters: int = 20_000
    examples: int = 3
    max_sql_tokens: int = 256


@dataclass(frozen=True)
class View:
    """What the prompts of one task show: its schema text, and vectors for the graph's items."""

    task: Task
    schema: SchemaText
    vectors: npt.NDArray[np.float32] | None = None

    def prompt(self, role: Role, constraint: Constraint | None = None) -> Prompt:
        """The prompt of a role; a constraint is told in its sentence."""
        start = {Role.SQL: f"{FENCE}sql\n", Role.SCHEMA: f"{FENCE}\n", Role.VALIDATION: ""}[role]
        told = said(constraint) if constraint is not None else ""
        message = _message(role, self.task, self.schema.text, told)
        marks = self.schema.marks if self.vectors is not None else ()
        return Prompt((("user", message),), start, self.schema.text, marks, self.vectors)


def view(
    task: Task,
    linking: Linking | None,
    settings: ChatSettings,
    *,
    shown: Schema | None = None,
    vectors: npt.NDArray[np.float32] | None = None,
) -> View:
    """A task as prompts show it; `shown` is the part of the schema that is shown."""
    text = schema_text(
        task,
        linking,
        shown=shown,
        examples=settings.examples,
        max_characters=settings.schema_characters,
    )
    return View(task, text, vectors)


def _message(role: Role, task: Task, schema: str, told: str) -> str:
    question = task.question
    engine = ENGINES.get(question.dialect, question.dialect)
    parts = [f"A {engine} database:\n\n{schema}\n"]
    if question.evidence:
        parts.append(f"Hint: {question.evidence}\n")
    parts.append(f"Question: {question.question}\n")
    if told:
        parts.append(f"This is settled: {told}\n")
    if role is Role.SQL:
        parts.append(
            f"Write one {engine} query that answers the question. Select exactly what it asks for, "
            "in the order it is asked, and nothing else. Spell values as they stand in the "
            f"database. Answer with the query alone, in a block that starts with {FENCE}sql and "
            f"ends with {FENCE}."
        )
    elif role is Role.SCHEMA:
        parts.append(
            "Which tables and columns does a query need that answers the question? Answer with "
            f"table.column, one a line, in a block between {FENCE} and {FENCE}."
        )
    else:
        parts.append(
            "Check queries that were written for this question. For each, see the query and what "
            f"it returned; then say whether it is right: {YES} or {NO}. If it is not, say what has "
            f"to change, one a line, in a block between {FENCE} and {FENCE}: 'require NAME' or "
            "'forbid NAME', where NAME is table, table.column, a literal or a keyword; "
            f"'{NOTHING}' if there is nothing to say."
        )
    return "\n".join(parts)


def said(constraint: Constraint) -> str:
    """A constraint in words: its own, or its names."""
    if constraint.sentence:
        return constraint.sentence
    parts = [f"the query uses {name}" for name in sorted(constraint.require)]
    parts += [f"the query does not use {name}" for name in sorted(constraint.forbid)]
    return "; ".join(parts)


def verdict_prefix(evidence: Evidence) -> str:
    """How the validation role's answer on an executed statement begins, up to Yes or No."""
    if not evidence.runs:
        result = f"Error: {' '.join(evidence.error.split())[:300]}"
    else:
        lines = [f"{evidence.rows} row{'s' * (evidence.rows != 1)}, {evidence.columns} columns"]
        lines += [" | ".join(map(_value, row)) for row in evidence.shown]
        result = "Result: " + "\n".join(lines)
    return f"{FENCE}sql\n{evidence.sql}\n{FENCE}\n{result}\nRight:"


def hope_prefix(text: str) -> str:
    """The same for a statement that is still being written: can it become right?"""
    return f"The beginning of a query:\n{FENCE}sql\n{text}\n{FENCE}\nCan become right:"


def critique_text(sql: str, gold: str, schema: Schema, dialect: str) -> str:
    """What has to change in a wrong statement, by what the gold uses; for lessons."""
    wrong, right = resolved(sql, schema, dialect), resolved(gold, schema, dialect)
    if wrong is None or right is None:
        return NOTHING
    has, needs = names(wrong, schema), names(right, schema)
    lines = [f"require {name}" for name in sorted(needs - has)]
    lines += [f"forbid {name}" for name in sorted(has - needs)]
    return "\n".join(lines) or NOTHING


def schema_answer(sql: str, schema: Schema, dialect: str) -> str:
    """The tables and columns that a statement uses, as the schema role lists them; for lessons."""
    tree = resolved(sql, schema, dialect)
    used = names(tree, schema) if tree is not None else frozenset()
    return "\n".join(name for name in item_names(schema) if name in used)


def item_names(schema: Schema) -> Sequence[str]:
    """'table' and 'table.column' for everything in a schema, in its order."""
    found = []
    for table in schema.tables:
        found.append(table.name)
        found += [f"{table.name}.{column.name}" for column in table.columns]
    return found


def _value(value: object) -> str:
    text = "NULL" if value is None else " ".join(str(value).split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
