"""One question on a database that the user brings: SQL, its result, and how sure the system is.

Whatever the database holds, there is an answer or a reason why there is none. The statement runs in
the read-only executor; a result of any size is cut to the first rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from t2s_bench.databases.digest import file_digest
from t2s_bench.databases.schema import read_schema
from t2s_bench.errors import BadInput, UserError
from t2s_bench.execution.pool import Pool
from t2s_bench.plugins import LoadedSystem, error_text, find_system, system_module
from t2s_bench.system import Ask, Interactive, System
from t2s_bench.types import Budget, Database, Execution, Prediction, Question, Row, Status

# A person waits: less time and fewer rows than a benchmark allows.
BUDGET = Budget(seconds=60.0, rows=200_000)
# Other readings named where the system does not say itself what it was unsure of.
READINGS = 2


@dataclass(frozen=True)
class Answer:
    """What came of one question.

    `sql` is empty where the system abstained, and `reason` then says why; it also says why a
    statement did not run. `rows` are the first ones: `more` says that there are others. `unsure`
    has a line for each thing that could be meant in another way.
    """

    sql: str
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    total: int | None = None
    more: bool = False
    confidence: float | None = None
    unsure: tuple[str, ...] = ()
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is a result."""
        return bool(self.sql) and not self.reason


def open_database(text: str, folder: Path) -> Database:
    """A SQLite file, or a database on a server by its SQLAlchemy URL.

    What systems read of a server (its schema and some values) is written as a SQLite file into
    `folder`; the user's database is only read. Raises BadInput for what is no database.
    """
    scheme, mark, rest = text.partition("://")
    if mark and not scheme.startswith("sqlite"):
        from t2s_bench.databases.outline import outlined

        return outlined(text, folder)
    # sqlite:///file is relative, sqlite:////file absolute
    path = Path(rest.partition("?")[0].removeprefix("/") if mark else text).expanduser()
    if not path.exists():
        raise BadInput(
            f"no database at {path}: give a SQLite file, or a URL such as duckdb:///FILE"
        )
    if not path.is_file():
        raise BadInput(f"{path} is no file: give the SQLite file in it")
    try:
        digest = file_digest(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    id = re.sub(r"\W+", "_", path.stem).strip("_") or "database"
    return Database(id, (path,), digest, digest)


def ask(
    loaded: LoadedSystem,
    database: Database,
    question: str,
    human: Ask | None = None,
    rows: int = 50,
) -> Answer:
    """Has a system answer and runs what it wrote; `human` is who it may ask back.

    Raises BadInput for an empty question, a file that is no database, and a system that fails.
    """
    if not question.strip():
        raise BadInput('the question is empty: t2s-bench ask DATABASE "How many …?"')
    if loaded.ceiling:
        raise BadInput(f"'{loaded.name}' needs the answer to every question: give another --system")
    if not any(table.columns for table in read_schema(database, samples=0).tables):
        return Answer("", reason="the database has no tables")
    prediction = _predicted(loaded, database, question, human)
    unsure = _unsure(prediction)
    if not prediction.sql.strip():
        reason = f"{loaded.name} is not sure enough of any answer, or found none"
        return Answer("", confidence=prediction.confidence, unsure=unsure, reason=reason)
    execution, cut = _executed(database, prediction.sql, rows)
    return Answer(
        sql=prediction.sql,
        columns=execution.columns,
        rows=tuple(execution.rows[:rows]),
        total=None if cut or not execution.ok else len(execution.rows),
        more=len(execution.rows) > rows,
        confidence=prediction.confidence,
        unsure=unsure,
        reason="" if execution.ok else f"{execution.status}: {execution.error}".rstrip(": "),
    )


def explain(sql: str, dialect: str = "sqlite") -> str:
    """What a statement does in plain English, one sentence a line, whoever wrote it."""
    words: str = system_module(find_system("advanced").folder, "explain").explain(sql, dialect)
    return words


def _predicted(
    loaded: LoadedSystem, database: Database, text: str, human: Ask | None
) -> Prediction:
    question = Question("ask", text, database.id, dialect=database.dialect)
    system = loaded.start()
    assert isinstance(system, System)  # a ceiling was refused
    try:
        if isinstance(system, Interactive):
            return system.answer(question, database, human)
        return system.predict(question, database)
    except UserError:
        raise
    except Exception as error:
        message = error_text(error, loaded.folder)
        raise BadInput(f"system '{loaded.name}' failed on this question: {message}") from error
    finally:
        system.close()


def _executed(database: Database, sql: str, rows: int) -> tuple[Execution, bool]:
    """The result, or its beginning (True) where it is too large to be had whole."""
    place = database.url or str(database.path)
    with Pool(1, cache=False) as pool:
        (execution,) = pool.execute([(place, sql)], BUDGET)
        if execution.status is Status.TOO_LARGE:
            first = f"SELECT * FROM ({sql.rstrip().rstrip(';')}) AS answer LIMIT {rows + 1}"
            (beginning,) = pool.execute([(place, first)], BUDGET)
            if beginning.ok:
                return beginning, True
    return execution, False


def _unsure(prediction: Prediction) -> tuple[str, ...]:
    """The differences that the system had to settle; else what else it considered."""
    rounds = prediction.trace.get("rounds")
    if isinstance(rounds, Sequence) and rounds:
        return tuple(_settled(one) for one in rounds if isinstance(one, Mapping))
    if prediction.confidence is not None and prediction.confidence >= 0.9:
        return ()
    others = [one.sql for one in prediction.candidates if one.sql and one.sql != prediction.sql]
    return tuple(f"it could also be: {sql}" for sql in list(dict.fromkeys(others))[:READINGS])


def _settled(one: Mapping[str, object]) -> str:
    source = one.get("settled_by")
    text = str(one.get("difference", "")).rstrip(".")
    return f"{text} (settled by {source}: {one.get('reason')})" if source else f"{text} (open)"
