"""What one worker holds: open databases, gold results, and the stamp its parent watches.

A `Session` works the same in a worker process and in a script or notebook; there it has no parent
that could kill it, so one endless instruction is then bounded by nothing.
"""

from __future__ import annotations

import marshal
import os
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, cast

from t2s_bench.execution.sqlite import PERIOD, CannotOpen, Reader
from t2s_bench.types import Budget, Execution, Status

if TYPE_CHECKING:
    from t2s_bench.execution.server import ServerReader

# Open databases; each may keep `sqlite.CACHE_KIB` of pages, which count as SQLite's heap.
CONNECTIONS = 64
# An open database's file is looked at again after this many seconds.
RECHECK_SECONDS = 0.02
# Gold results kept in memory, in bytes as estimated from their cells.
MEMO_BYTES = 64_000_000
# Things noted of one open database, executions among them: how many, their bytes as estimated and
# the largest execution. Room for what several systems answered to a benchmark's questions.
NOTES = 4096
NOTES_BYTES = 4_000_000
SHARED_BYTES = 8_000

# phase, start on the monotonic clock, seconds allowed
Stamp = Callable[[str, float, float], None]


class ExecutionCache(Protocol):
    """Executions that outlive the process; see `execution.cache`."""

    def get(self, digest: str, sql: str, budget: Budget) -> Execution | None:
        """The stored execution, or None."""

    def put(self, digest: str, sql: str, budget: Budget, execution: Execution) -> None:
        """Store one repeatable execution."""


class Session:
    """Executes SQL on many databases; connections stay open between executions.

    A file whose size, time of change or identity differs is opened anew. Not for two threads at a
    time. `out_of_memory` stays true once an execution ran out of memory; `worth_repeating` says
    whether another try would still end within the budget's time. `chances` counts the executions
    that another time could end otherwise.
    """

    def __init__(self, *, cache: ExecutionCache | None = None, stamp: Stamp | None = None) -> None:
        self._cache = cache
        self._stamp = stamp or _no_stamp
        self._readers: OrderedDict[str, _Open] = OrderedDict()
        self._memo: OrderedDict[tuple[str, str, Budget], tuple[Execution, int]] = OrderedDict()
        self._memo_bytes = 0
        self._watch = ("", 0.0, float("inf"))
        self.out_of_memory = False
        self.worth_repeating = True
        self.chances = 0

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection; harmless when repeated."""
        while self._readers:
            self._readers.popitem()[1].reader.close()

    def execute(
        self,
        path: str | os.PathLike[str],
        sql: str,
        budget: Budget,
        *,
        cached: str | None = None,
        shared: str | None = None,
    ) -> Execution:
        """Run one statement on one SQLite file, or on a server where `path` is its URL.

        `cached` is the digest of the file's content, for statements that come again and again
        (golds): their executions are kept in memory and, those of files, in the disk cache.
        `shared` is what all statements have in common that SQLite cannot tell apart (see
        `one_spelling`): one of the last such executions is given, whose seconds and names of
        columns are its own. Everybody who asks gets the same row list: do not change it.
        """
        if cached is None:
            if shared is None or _is_server(path):
                return self._run(path, sql, budget)[0]
            return self._run_shared(os.fspath(path), sql, budget, shared)
        key = (cached, sql, budget)
        known = self._memo.get(key)
        if known is not None:
            self._memo.move_to_end(key)
            execution = known[0]
        else:
            execution = self._cached(path, key)
        if shared is not None and key in self._memo and not _is_server(path):
            self._share(os.fspath(path), shared, execution)
        return execution

    def _cached(self, path: str | os.PathLike[str], key: tuple[str, str, Budget]) -> Execution:
        cache = None if _is_server(path) else self._cache
        stored = cache.get(*key) if cache else None
        if stored is not None:
            self._remember(key, stored)
            return stored
        execution, repeatable = self._run(path, *key[1:], phase="gold")
        if repeatable:
            self._remember(key, execution)
            if cache:
                cache.put(*key, execution)
        return execution

    def watch(self, seconds: float, phase: str) -> None:
        """From now on this is `phase`; the parent kills this worker when it takes `seconds`.

        Until the next call. Executions have a watch of their own, `gold` or `prediction` with the
        budget's seconds, and do not count against the phase around them.
        """
        self._watch = (phase, monotonic(), seconds)
        self._stamp(*self._watch)

    @property
    def phase(self) -> str:
        """The phase named last."""
        return self._watch[0]

    def noted(self, path: str, key: object) -> object | None:
        """What `note` kept of this file under `key`; None, too, once the file has changed."""
        try:
            return self._open(path, monotonic()).notes.get(key)
        except CannotOpen:
            return None

    def note(self, path: str, key: object, value: object, size: int) -> None:
        """Keep something of so many bytes that is true of the file as it is now; nothing large."""
        if size > NOTES_BYTES // 16:
            return
        with suppress(CannotOpen):
            opened = self._open(path, monotonic())
            if len(opened.notes) == NOTES or opened.noted_bytes + size > NOTES_BYTES:
                opened.notes.clear()
                opened.noted_bytes = 0
            opened.notes[key] = value
            opened.noted_bytes += size

    def _run_shared(self, path: str, sql: str, budget: Budget, spelling: str) -> Execution:
        known = self.noted(path, spelling)
        if isinstance(known, Execution) and _fits(known, budget):
            return known
        execution, repeatable = self._run(path, sql, budget)
        if repeatable:
            self._share(path, spelling, execution)
        return execution

    def _share(self, path: str, spelling: str, execution: Execution) -> None:
        """For statements of this spelling: no failure, as messages quote the text, and no bulk."""
        rows = execution.rows
        if (
            execution.ok
            and len(rows) <= SHARED_BYTES // 64
            and self.noted(path, spelling) is not execution
        ):
            size = len(marshal.dumps(cast(Any, rows), 2))
            if size <= SHARED_BYTES:
                # A cell and a row take more in memory than marshal writes.
                self.note(path, spelling, execution, 1_000 + len(spelling) + 4 * size)

    def _run(
        self, path: str | os.PathLike[str], sql: str, budget: Budget, *, phase: str = "prediction"
    ) -> tuple[Execution, bool]:
        around, start, seconds = self._watch
        begun = monotonic()
        limit = _server_limit(budget) if _is_server(path) else budget.seconds
        self._watch = (phase, begun, limit)
        self._stamp(phase, begun, limit)
        try:
            reader = self._open(os.fspath(path), begun).reader
            execution = reader.execute(sql, budget)
            repeatable = reader.repeatable
            if reader.out_of_memory:
                self.out_of_memory = True
                self.worth_repeating = execution.seconds < budget.seconds / 3
        except CannotOpen as error:
            execution, repeatable = Execution(Status.INFRA, error=str(error)), False
        self.chances += not repeatable
        start += monotonic() - begun
        self._watch = (around, start, seconds)
        self._stamp(around, start, seconds)
        return execution, repeatable

    def _open(self, path: str, now: float) -> _Open:
        known = self._readers.get(path)
        if known is not None:
            if now < known.checked + RECHECK_SECONDS:
                return known
            if known.signature == _signature(path):
                known.checked = now
                self._readers.move_to_end(path)
                return known
            del self._readers[path]
            known.reader.close()
        if len(self._readers) >= CONNECTIONS:
            self._readers.popitem(last=False)[1].reader.close()
        signature = _signature(path)
        reader = _server(path) if _is_server(path) else Reader(path)
        opened = self._readers[path] = _Open(reader, signature, now)
        return opened

    def _remember(self, key: tuple[str, str, Budget], execution: Execution) -> None:
        size = _estimate(execution)
        if size > MEMO_BYTES // 4:
            return
        self._memo[key] = (execution, size)
        self._memo_bytes += size
        while self._memo_bytes > MEMO_BYTES:
            self._memo_bytes -= self._memo.popitem(last=False)[1][1]


@dataclass
class _Open:
    reader: Reader | ServerReader
    signature: tuple[int, ...]
    checked: float
    notes: dict[object, object] = field(default_factory=dict)
    noted_bytes: int = 0


def _fits(execution: Execution, budget: Budget) -> bool:
    """Whether a shared execution would have ended within this budget, too."""
    return (
        execution.steps + PERIOD <= budget.steps
        and len(execution.rows) <= budget.rows
        and execution.seconds < budget.seconds
        and budget.bytes >= 2 * SHARED_BYTES
    )


def _signature(path: str) -> tuple[int, ...]:
    """What changes when the file or its log does."""
    try:
        now = os.stat(path)
    except OSError as error:
        if _is_server(path):
            return ()
        raise CannotOpen(f"cannot read {path}: {error.strerror}") from error
    try:
        log = os.stat(f"{path}-wal")
    except OSError:
        return now.st_size, now.st_mtime_ns, now.st_ino
    return now.st_size, now.st_mtime_ns, now.st_ino, log.st_size, log.st_mtime_ns


def _is_server(path: str | os.PathLike[str]) -> bool:
    return isinstance(path, str) and "://" in path


# Servers are imported where one is used: a fifth of a worker's start-up that few need.
def _server(url: str) -> ServerReader:
    from t2s_bench.execution.server import ServerReader

    return ServerReader(url)


def _server_limit(budget: Budget) -> float:
    from t2s_bench.execution.server import EXTRA_SECONDS

    return budget.seconds + EXTRA_SECONDS


def _no_stamp(phase: str, start: float, seconds: float) -> None:
    """In-process: nobody watches."""


def _estimate(execution: Execution) -> int:
    """Bytes of the rows in memory, from every row's width and a sample of the texts."""
    rows = execution.rows
    if not rows:
        return 1_000
    sample = rows[:: max(1, len(rows) // 64)]
    cells = sum(len(cell) for row in sample for cell in row if isinstance(cell, str | bytes))
    return 1_000 + len(rows) * (56 + 40 * len(rows[0])) + cells * len(rows) // len(sample)
