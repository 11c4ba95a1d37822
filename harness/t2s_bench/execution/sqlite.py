"""Running untrusted SQL on an SQLite file: read-only, bounded, with a typed result.

The in-process locks. The file is opened with `mode=ro`; an authorizer allows reading and nothing
else; limits on value length, SQL length and SQLite's heap bound memory; a progress handler counts
virtual-machine steps and watches the clock. What they cannot stop (one endless instruction, the
planner at work on a monstrous statement) is ended by killing the worker: see `execution.pool`.

Steps are counted in multiples of `PERIOD`. They depend on the statement, the database and the
SQLite version alone, so a step time-out is the same verdict on an idle and on a busy machine.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import re
import sqlite3
from dataclasses import replace
from itertools import repeat, starmap
from operator import length_hint
from time import monotonic
from types import TracebackType
from urllib.parse import quote

from t2s_bench.types import Budget, Execution, Row, Status

# Virtual-machine steps between two calls of the progress handler.
PERIOD = 1_000
# Longest text or blob a statement may make or read, in bytes.
VALUE_LENGTH = 10_000_000
# Longest SQL text, in characters and in bytes.
SQL_LENGTH = 1_000_000
# SQLite's memory in this process over all connections, in bytes: pages, sorters, temporary tables.
HEAP_BYTES = 400_000_000
# Pages kept by one connection, in KiB.
CACHE_KIB = 2_000
# Rows fetched between two checks of the row and byte caps: at first, and at most. In between a
# chunk is as many rows as take about CHUNK_BYTES at the size of the last ones.
FIRST_ROWS = 16
CHUNK_ROWS = 256
CHUNK_BYTES = 1_000_000

_FORBIDDEN_FUNCTIONS = frozenset(
    {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "fsdir", "lsmode"}
    | {"sqlite_log", "sqlite_rename_column", "sqlite_rename_table", "sqlite_drop_column"}
)
_DATE_FUNCTIONS = frozenset(
    {"date", "time", "datetime", "julianday", "strftime", "unixepoch", "timediff"}
)
_CHANGING_FUNCTIONS = frozenset(
    {"random", "randomblob", "current_date", "current_time", "current_timestamp"}
    | {"changes", "total_changes", "last_insert_rowid"}
)
# What makes a date function read the clock or the machine's time zone.
_CLOCK = re.compile(r"now|localtime|utc|\(\s*\)", re.IGNORECASE)
# SQLITE_LIMIT_…, where the default is more than any honest query needs.
_LIMITS = {
    "LENGTH": VALUE_LENGTH,
    "SQL_LENGTH": SQL_LENGTH,
    "VDBE_OP": 5_000_000,
    "ATTACHED": 0,
    "LIKE_PATTERN_LENGTH": 10_000,
    "TRIGGER_DEPTH": 10,
    "WORKER_THREADS": 0,
}
# sqlite3.h; the module names only some of them.
_SELECT, _READ, _FUNCTION, _RECURSIVE, _PRAGMA, _UPDATE = 21, 20, 31, 33, 19, 23
# Read inside a SELECT: by `FROM pragma_table_info('t')` and its like, and (the last two) by the
# full-text modules.
_READING_PRAGMAS = frozenset(
    {"table_info", "table_xinfo", "table_list", "foreign_key_list"}
    | {"index_list", "index_info", "index_xinfo", "data_version", "page_size"}
)
# Longest message of a failure; SQLite quotes the SQL in some.
_MESSAGE_LENGTH = 300
_ACTIONS = {
    1: "CREATE INDEX",
    2: "CREATE TABLE",
    7: "CREATE TRIGGER",
    8: "CREATE VIEW",
    9: "DELETE",
    11: "DROP TABLE",
    18: "INSERT",
    19: "PRAGMA",
    22: "TRANSACTION",
    23: "UPDATE",
    24: "ATTACH",
    25: "DETACH",
    26: "ALTER TABLE",
    27: "REINDEX",
    28: "ANALYZE",
    32: "SAVEPOINT",
}
# What SQLite says of attempts at writing that never reach the authorizer.
_WRITES = ("attempt to write a readonly database", "may not be modified")
# The database itself cannot be read; nobody's SQL is at fault.
_INFRA = ("unable to open database file", "database is locked", "disk I/O error")


class CannotOpen(Exception):
    """The file cannot be opened for reading; the text says why and what helps."""


class _OverBudget(ValueError):
    """The rows fetched pass a cap; the text says which."""


class Reader:
    """One open database with all in-process locks; not for two threads at a time.

    `repeatable` says whether the last execution would give the same again anywhere: it used
    neither the clock nor a random number and was not ended by the wall clock or for want of
    memory. `out_of_memory` says that it was.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open `path`; raises `CannotOpen` where that is impossible."""
        self.path = os.fspath(path)
        self.repeatable = False
        self.out_of_memory = False
        self._refused = ""
        self._selecting = False
        self._functions: set[str] = set()
        self._view_reads_clock = False
        self._connection = self._connect()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; harmless when repeated."""
        self._connection.close()

    def execute(self, sql: str, budget: Budget) -> Execution:
        """Run one statement; failures come back typed, never raised.

        Raises `CannotOpen` only where the file vanished after a refused statement.
        """
        if self._refused:
            # A refused VACUUM, for one, makes SQLite forget the schema it has read.
            self._connection.close()
            self._connection = self._connect()
        started = monotonic()
        execution = self._run(sql, budget, started)
        if execution.error.startswith("Could not decode to UTF-8"):
            self._connection.text_factory = _decode_what_is_valid
            try:
                execution = replace(self._run(sql, budget, started), undecodable=True)
            finally:
                self._connection.text_factory = str
        if self._functions and self.repeatable:
            self.repeatable = not self._reads_clock_or_chance(sql)
        return execution

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = _open(self.path)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise CannotOpen(_why(self.path, error)) from error
        connection.set_authorizer(self._authorize)
        return connection

    def _run(self, sql: str, budget: Budget, started: float) -> Execution:
        self.repeatable, self.out_of_memory = True, False
        self._refused, self._selecting, self._view_reads_clock = "", False, False
        self._functions.clear()
        # The handler runs without a Python frame: `countdown` running out raises StopIteration
        # and the clock passing the deadline gives True; SQLite is interrupted by either.
        deadline = started + budget.seconds
        calls = max(1, budget.steps // PERIOD) - 1
        countdown = repeat((), calls)
        late = map(deadline.__lt__, starmap(monotonic, countdown))
        connection = self._connection
        connection.set_progress_handler(late.__next__, PERIOD)
        columns: tuple[str, ...] = ()
        rows: list[Row] = []
        cursor = connection.cursor()
        try:
            if len(sql) > SQL_LENGTH:
                raise sqlite3.DataError("query string is too large")
            description = cursor.execute(sql).description
            if description is not None:
                columns = tuple([column[0] for column in description])
                _fetch(cursor, rows, len(columns), budget)
        except (sqlite3.Error, sqlite3.Warning, MemoryError, ValueError, OverflowError) as error:
            status, message = self._classify(error)
            left = length_hint(countdown)
            steps = (calls - left) * PERIOD
            if status is Status.TIMEOUT:
                if left or monotonic() > deadline:
                    message = f"more than {budget.seconds:g} s of wall-clock time"
                    self.repeatable = False
                else:
                    message = f"more than {budget.steps:,} virtual-machine steps"
                    steps += PERIOD
            return Execution(status, (), (), message, steps, monotonic() - started)
        finally:
            cursor.close()
        steps = (calls - length_hint(countdown)) * PERIOD
        return Execution(Status.OK, columns, rows, "", steps, monotonic() - started)

    def _classify(self, error: Exception) -> tuple[Status, str]:
        if isinstance(error, MemoryError):
            self.repeatable, self.out_of_memory = False, True
            return Status.TOO_LARGE, "out of memory"
        message = " ".join(str(error)[:_MESSAGE_LENGTH].split())
        if isinstance(error, _OverBudget):
            return Status.TOO_LARGE, message
        if self._refused:
            return Status.REFUSED, f"only reading is allowed: {self._refused} refused"
        if message == "interrupted":
            return Status.TIMEOUT, message
        if message.endswith(_WRITES):
            return Status.REFUSED, f"only reading is allowed: {message}"
        if message == "query string is too large":
            return Status.TOO_LARGE, f"SQL longer than {SQL_LENGTH:,} bytes"
        if message == "string or blob too big":
            return Status.TOO_LARGE, f"{message} (over {VALUE_LENGTH:,} bytes)"
        if message in _INFRA:
            self.repeatable = False
            return Status.INFRA, f"{self.path}: {message}"
        return Status.ERROR, message or type(error).__name__

    def _authorize(
        self,
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        source: str | None,
    ) -> int:
        if action == _READ:
            return sqlite3.SQLITE_OK
        if action == _SELECT:
            self._selecting = True
            return sqlite3.SQLITE_OK
        if action == _RECURSIVE:
            return sqlite3.SQLITE_OK
        if action == _FUNCTION:
            name = (second or "").lower()
            if name not in _FORBIDDEN_FUNCTIONS:
                self._functions.add(name)
                if source and name in _DATE_FUNCTIONS:
                    self._view_reads_clock = True
                return sqlite3.SQLITE_OK
            self._refused = f"{name}()"
        elif action == _PRAGMA and self._selecting and first in _READING_PRAGMAS:
            return sqlite3.SQLITE_OK
        elif action == _UPDATE and first == "sqlite_master":
            # Declaring a virtual table, json_each too, asks for it and writes nothing; a statement
            # that asks for it is an error in any case.
            return sqlite3.SQLITE_OK
        elif not self._refused:
            what = _ACTIONS.get(action, "a change of the schema")
            self._refused = f"{what} {first}" if first else what
        return sqlite3.SQLITE_DENY

    def _reads_clock_or_chance(self, sql: str) -> bool:
        used = self._functions
        if self._view_reads_clock or used & _CHANGING_FUNCTIONS:
            return True
        return bool(used & _DATE_FUNCTIONS) and _CLOCK.search(sql) is not None


def execute(
    database: Reader | str | os.PathLike[str], sql: str, budget: Budget | None = None
) -> Execution:
    """Run one statement on an open `Reader` or on a file opened for the purpose.

    A file that cannot be opened gives `Status.INFRA`. Empty SQL or SQL of comments alone gives no
    rows and no columns, as Python's `sqlite3` does; a second statement is an error, as there.
    """
    budget = budget or Budget()
    if isinstance(database, Reader):
        return database.execute(sql, budget)
    try:
        with Reader(database) as reader:
            return reader.execute(sql, budget)
    except CannotOpen as error:
        return Execution(Status.INFRA, error=str(error))


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(os.path.abspath(path))}?{_mode(path)}",
        uri=True,
        isolation_level=None,
        cached_statements=0,  # a statement used again would go on counting steps where it stopped
        check_same_thread=False,
    )
    # Some builds of Python have no extensions to load, nor this method.
    with contextlib.suppress(AttributeError, sqlite3.NotSupportedError):
        connection.enable_load_extension(False)
    try:
        for pragma in (
            "trusted_schema=OFF",
            f"hard_heap_limit={HEAP_BYTES}",
            f"cache_size=-{CACHE_KIB}",
            "temp_store=MEMORY",
            "query_only=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage = 0"
        ).fetchall()
        for (name,) in tables:
            # An R-tree prepares its writing statements when it is first touched: before the
            # authorizer would refuse them.
            with contextlib.suppress(sqlite3.Error):
                quoted = name.replace('"', '""')
                connection.execute(f'SELECT 1 FROM "{quoted}" LIMIT 0')
        if hasattr(connection, "setlimit"):  # Python 3.11
            for name, value in _LIMITS.items():
                connection.setlimit(getattr(sqlite3, f"SQLITE_LIMIT_{name}"), value)
    except BaseException:
        connection.close()
        raise
    return connection


def _mode(path: str) -> str:
    """How to open a file so that nothing beside it is made or changed.

    A connection to a database in WAL mode, read-only too, makes -wal and -shm files. Without a log
    the file is complete in itself and opens as immutable; with one, only an index (-shm) that is
    there already is read.
    """
    with open(path, "rb") as file:
        header = file.read(20)
    if header[18:20] != b"\x02\x02":
        return "mode=ro"
    return "mode=ro&readonly_shm=1" if _size(f"{path}-wal") else "immutable=1"


def _why(path: str, error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else str(error)
    if not isinstance(error, OSError):
        for suffix in ("-wal", "-journal"):
            if _size(path + suffix):
                text = (
                    f"unfinished changes are in {path}{suffix} ({text}); open the database once "
                    f"with a program that may write: sqlite3 '{path}' 'PRAGMA wal_checkpoint'"
                )
    return f"cannot read {path}: {text}"


def _fetch(cursor: sqlite3.Cursor, rows: list[Row], width: int, budget: Budget) -> None:
    """Append all rows to `rows`; raises `_OverBudget` where a cap is passed."""
    total, wanted = 0, min(FIRST_ROWS, budget.rows + 1)
    while True:
        chunk = cursor.fetchmany(wanted)
        rows += chunk
        if len(rows) > budget.rows:
            raise _OverBudget(f"more than {budget.rows:,} rows")
        # marshal writes a cell's own bytes; a tuple adds 56 and 8 a cell, a cell's object 32.
        size = len(marshal.dumps(chunk, 2)) + len(chunk) * (56 + 40 * width)
        total += size
        if total > budget.bytes:
            raise _OverBudget(f"more than {budget.bytes:,} bytes of rows")
        if len(chunk) < wanted:
            return
        wanted = max(1, min(CHUNK_ROWS, CHUNK_BYTES * len(chunk) // size))


def _decode_what_is_valid(text: bytes) -> str:
    return text.decode(errors="ignore")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
