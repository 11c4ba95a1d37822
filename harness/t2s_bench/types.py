"""The values that travel along the line benchmark → system → execution → metrics → run.

Frozen dataclasses and enums only: no logic, no heavy import. Everything here can be pickled, so
that it can be handed to a worker process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

Row = tuple[object, ...]


@dataclass(frozen=True)
class Database:
    """One database of a benchmark.

    `files` are SQLite files: the main filling first, then further fillings of the same schema (a
    test suite). `digest` is the SHA-256 of the main filling's bytes, and `suite_digest` covers all
    fillings. A database on a server has a `url` (SQLAlchemy's form) and keeps its SQLite files for
    the schema.
    """

    id: str
    files: tuple[Path, ...]
    digest: str
    suite_digest: str
    dialect: str = "sqlite"
    url: str | None = None

    @property
    def path(self) -> Path:
        """The SQLite file of the main filling."""
        return self.files[0]


@dataclass(frozen=True)
class Question:
    """What a system may see: never the gold SQL, never the difficulty."""

    id: str
    question: str
    database: str
    evidence: str = ""
    dialect: str = "sqlite"


@dataclass(frozen=True)
class Example:
    """A question with its accepted gold SQLs (at least one; a prediction may equal any).

    `database` is where they run; a benchmark fills it in, so that an example can be scored alone.
    """

    question: Question
    golds: tuple[str, ...]
    difficulty: str = ""
    database: Database | None = None

    @property
    def id(self) -> str:
        """The question's id."""
        return self.question.id


@dataclass(frozen=True)
class Candidate:
    """One SQL that a system considered, with its score (higher is better; the scale is its own)."""

    sql: str
    score: float


@dataclass(frozen=True)
class Prediction:
    """A system's answer to one question.

    `sql` is empty where the system gave none. `confidence` is a probability of being right, or
    None where the system claims nothing. `seconds` is wall-clock time spent on this question and
    is kept out of everything that must be repeatable. `trace` is free-form JSON.
    """

    sql: str
    candidates: tuple[Candidate, ...] = ()
    confidence: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    trace: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Budget:
    """How much one execution may cost.

    `steps` counts SQLite virtual-machine instructions: the same on an idle and on a busy machine,
    so verdicts do not depend on the grader's hardware. `seconds` is the safety net for what steps
    cannot count (one long instruction, a server). `rows` and `bytes` bound the fetched result
    (bytes as estimated in Python's memory). Going over is a typed result, never a silent cut.
    """

    steps: int = 3_000_000_000
    seconds: float = 120.0
    rows: int = 10_000_000
    bytes: int = 400_000_000


class Status(str, Enum):
    """How one execution ended."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    REFUSED = "refused"
    INFRA = "infra"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Execution:
    """What running one SQL on one database gave: rows, or a typed failure with its message.

    `steps` is exact to the handler's period (see `execution.sqlite`). `undecodable` says that some
    text is not valid UTF-8; such text is decoded with the bad bytes left out.
    """

    status: Status
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] | list[Row] = ()
    error: str = ""
    steps: int = 0
    seconds: float = 0.0
    undecodable: bool = False

    @property
    def ok(self) -> bool:
        """Whether there is a complete result."""
        return self.status is Status.OK


class Outcome(str, Enum):
    """Why a question was won or lost; gold-side failures are kept apart from the system's own."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NO_SQL = "no_sql"
    PRED_ERROR = "pred_error"
    PRED_TIMEOUT = "pred_timeout"
    GOLD_ERROR = "gold_error"
    GOLD_TIMEOUT = "gold_timeout"
    REFUSED = "refused"
    INFRA = "infra"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Score:
    """One question's verdict: a typed outcome and every metric's value by name.

    A metric that does not apply to the question (or was not asked for) is absent or None; it then
    leaves that metric's denominator, in the open. `error` is the reason of a failure, one line.
    """

    id: str
    outcome: Outcome
    metrics: Mapping[str, float | None]
    error: str = ""
