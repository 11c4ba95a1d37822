"""Executions kept on disk, so that the gold SQLs of a benchmark run once on a machine.

One SQLite file, safe with several processes, bounded in size. The key covers everything a result
depends on: the database's content, the SQL, the budget, the executor's limits, SQLite and Python.
Values are marshal and zlib with a checksum; reading a damaged or foreign file runs no code.

The cache is never needed: where its folder cannot be written there is one warning and no cache.
"""

from __future__ import annotations

import marshal
import os
import sqlite3
import sys
import warnings
import zlib
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b, sha256
from pathlib import Path
from time import time
from types import TracebackType
from typing import Any
from urllib.parse import quote

from t2s_bench.execution import sqlite
from t2s_bench.settings import cache_folder
from t2s_bench.types import Budget, Execution, Status

FORMAT = 1
FILE_NAME = "executions.sqlite"
# Size of the file from which the executions not used for longest are dropped, and what is kept.
MAX_BYTES = 1_000_000_000
KEPT_SHARE = 0.75
# The largest single value worth keeping, compressed.
ENTRY_BYTES = 16_000_000
# Unwritten executions: at most so many and so large.
PENDING = 256
PENDING_BYTES = 8_000_000
# `used` is counted in these, so that reading seldom writes.
SECONDS_PER_USE = 86_400
# Seconds to wait for another process that is writing.
BUSY_SECONDS = 2.0

_CHECKSUM_BYTES = 16
_SCHEMA = """
CREATE TABLE IF NOT EXISTS execution (key BLOB PRIMARY KEY, used INTEGER NOT NULL, value BLOB);
CREATE INDEX IF NOT EXISTS execution_used ON execution (used, length(value));
"""

# key, value; a value of None marks a use of what is stored
Entry = tuple[bytes, bytes | None]


class Cache:
    """The executions in one folder (by default `settings.cache_folder()`); a context manager.

    Not for two threads at a time.

    With `writable=False` nothing is written, not even lock files made: what is put waits in
    `take()` for somebody who writes it with `store()` (a worker hands it to its parent).
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, *, writable: bool = True):
        self.folder = Path(folder) if folder is not None else cache_folder()
        self.path = self.folder / FILE_NAME
        self._writable = writable
        self._pending: dict[bytes, bytes | None] = {}
        self._pending_bytes = 0
        self._connection: sqlite3.Connection | None = None
        self._connect()

    def __enter__(self) -> Cache:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what waits and close the file; harmless when repeated."""
        self.flush()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, digest: str, sql: str, budget: Budget) -> Execution | None:
        """The stored execution, or None."""
        key = _key(digest, sql, budget)
        waiting = self._pending.get(key)
        if waiting is not None:
            return _decode(key, waiting)
        if self._connection is None:
            return None
        try:
            row = self._connection.execute(
                "SELECT used, value FROM execution WHERE key = ?", (key,)
            ).fetchone()
        except sqlite3.Error as error:
            self._give_up_or_rebuild(error)
            return None
        if row is None:
            return None
        if row[0] != _today():
            self._wait(key, None)
        return _decode(key, row[1])

    def put(self, digest: str, sql: str, budget: Budget, execution: Execution) -> None:
        """Store one execution; only what would come out the same again (`Reader.repeatable`)."""
        key = _key(digest, sql, budget)
        value = _encode(key, execution)
        if len(value) <= ENTRY_BYTES:
            self._wait(key, value)

    def take(self) -> list[Entry]:
        """What waits to be written, which then waits no longer."""
        entries = list(self._pending.items())
        self._pending.clear()
        self._pending_bytes = 0
        return entries

    def store(self, entries: Iterable[Entry]) -> None:
        """Take over what another cache's `take` gave."""
        for key, value in entries:
            self._wait(key, value)

    def flush(self) -> None:
        """Write what waits, in one transaction."""
        if not self._writable or not self._pending:
            return
        entries, today = self.take(), _today()
        if self._connection is None:
            return
        new = [(key, today, value) for key, value in entries if value is not None]
        used = [(today, key) for key, value in entries if value is None]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("REPLACE INTO execution VALUES (?, ?, ?)", new)
            self._connection.executemany("UPDATE execution SET used = ? WHERE key = ?", used)
            self._drop_oldest(self._connection)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if "locked" in str(error):  # another process writes for long: these are not kept
                return
            self._give_up_or_rebuild(error)

    def _wait(self, key: bytes, value: bytes | None) -> None:
        if self._connection is None:
            return
        self._pending[key] = value or self._pending.get(key)
        self._pending_bytes += len(value or b"")
        if self._writable and (
            len(self._pending) >= PENDING or self._pending_bytes >= PENDING_BYTES
        ):
            self.flush()

    def _drop_oldest(self, connection: sqlite3.Connection) -> None:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * size <= MAX_BYTES:
            return
        connection.execute(
            "DELETE FROM execution WHERE key IN (SELECT key FROM ("
            "SELECT key, sum(length(value) + 200) OVER (ORDER BY used DESC, rowid DESC) AS size "
            "FROM execution) WHERE size > ?)",
            (int(MAX_BYTES * KEPT_SHARE),),
        )

    def _connect(self) -> None:
        mode = "rwc" if self._writable else "ro"
        try:
            if self._writable:
                self.folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                f"file:{quote(os.path.abspath(self.path))}?mode={mode}",
                uri=True,
                isolation_level=None,
                timeout=BUSY_SECONDS,
                check_same_thread=False,
            )
            if self._writable:
                self._connection.execute("PRAGMA journal_mode=WAL").fetchall()
                self._connection.execute("PRAGMA synchronous=NORMAL")
                self._connection.executescript(_SCHEMA)
            self._connection.execute("SELECT key, used, value FROM execution LIMIT 1").fetchall()
        except (OSError, sqlite3.Error) as error:
            self._give_up_or_rebuild(error)

    def _give_up_or_rebuild(self, error: Exception) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if not self._writable:
            return
        damaged = isinstance(error, sqlite3.DatabaseError) and (
            "malformed" in str(error) or "not a database" in str(error)
        )
        if damaged and not self._rebuilt:
            self._rebuilt = True
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.unlink(f"{self.path}{suffix}")
            self._connect()
            return
        self._pending.clear()
        warnings.warn(
            f"no cache of executions in {self.folder} ({error}); everything else works",
            RuntimeWarning,
            stacklevel=2,
        )

    _rebuilt = False


def _key(digest: str, sql: str, budget: Budget) -> bytes:
    parts: tuple[Any, ...] = (digest, sql.encode("utf-8", "surrogatepass"), *_budget_parts(budget))
    return sha256(_surroundings() + marshal.dumps(parts, 2)).digest()


def _budget_parts(budget: Budget) -> tuple[float, ...]:
    return budget.steps, float(budget.seconds), budget.rows, budget.bytes


@lru_cache(maxsize=1)
def _surroundings() -> bytes:
    """What else a result depends on: versions, SQLite's build, the executor's limits."""
    with sqlite3.connect(":memory:") as connection:
        build = connection.execute("SELECT sqlite_source_id()").fetchall()
        options = sorted(connection.execute("PRAGMA compile_options").fetchall())
    connection.close()
    limits = sqlite.PERIOD, sqlite.VALUE_LENGTH, sqlite.SQL_LENGTH, sqlite.HEAP_BYTES
    return repr((FORMAT, sys.version_info[:3], build, options, limits)).encode()


def _encode(key: bytes, execution: Execution) -> bytes:
    fields: tuple[Any, ...] = (
        execution.status.value,
        execution.columns,
        execution.rows,
        execution.error,
        execution.steps,
        execution.seconds,
        execution.undecodable,
    )
    data = zlib.compress(marshal.dumps(fields, 2), 1)
    return _checksum(key, data) + data


def _decode(key: bytes, value: bytes) -> Execution | None:
    data = value[_CHECKSUM_BYTES:]
    if value[:_CHECKSUM_BYTES] != _checksum(key, data):
        return None
    status, *rest = marshal.loads(zlib.decompress(data))
    return Execution(Status(status), *rest)


def _checksum(key: bytes, data: bytes) -> bytes:
    return blake2b(data, key=key, digest_size=_CHECKSUM_BYTES).digest()


def _today() -> int:
    return int(time()) // SECONDS_PER_USE
