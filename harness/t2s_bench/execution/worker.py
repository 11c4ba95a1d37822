"""The worker process: takes batches of tasks from its parent, one after another.

Imports nothing heavy and never the user's `__main__`. Messages in both directions are pickles with
their length before them. The parent watches a shared page (`Stamp`) to see which task and which
phase is running since when, and kills the process when a limit has passed.
"""

from __future__ import annotations

import gc
import importlib
import mmap
import os
import pickle
import resource
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, BinaryIO, cast

from t2s_bench.execution.cache import Cache, Entry
from t2s_bench.execution.session import Session
from t2s_bench.types import Budget, Execution

# Seconds of a task's own work outside any watch of its own.
TASK_SECONDS = 300.0
# Finished tasks wait for their batch at most this long, in seconds.
FLUSH_SECONDS = 0.02
# Objects made between two collections of the youngest, and how many of one age make an older one.
_COLLECT = (10_000, 50, 10)
_STACK_BYTES = 262_144
HEADER = struct.Struct("<Q")

# count of writes, task, start, limit, phase, count of writes
_STATE = struct.Struct("<Qqdd24sQ")
_COUNT = struct.Struct("<Q")
_FROM = struct.Struct("<q")
_STATE_AT, _SECOND_COUNT_AT, _FROM_AT = 0, _STATE.size - _COUNT.size, 64
PAGE_BYTES = 4096
IDLE = -1
NEVER = 2**62


# number, outcome, value
Done = tuple[int, str, Any]
# kind, what became of each task, seconds, whether the batch is finished, executions to be stored
Message = tuple[str, list[Done], float, bool, list[Entry]]


class Stamp:
    """A page shared by a worker and its parent.

    The worker writes task, phase, start and limit; the parent writes the number from which on the
    worker leaves tasks alone because somebody else does them.
    """

    def __init__(self, descriptor: int) -> None:
        self._page = mmap.mmap(descriptor, PAGE_BYTES)
        self._count = 0
        self.task = IDLE

    def write(self, phase: str, start: float, seconds: float) -> None:
        """Called by the worker when a phase begins."""
        self._count = count = self._count + 1
        _STATE.pack_into(
            self._page, _STATE_AT, count, self.task, start, seconds, phase.encode(), count
        )

    def read(self) -> tuple[int, str, float, float]:
        """Task number, phase, start on the monotonic clock, seconds allowed.

        While the worker is writing a new state, or was killed at it, there is no state to read:
        then the task is IDLE.
        """
        # The counts are read in the opposite order of writing: equal, they enclose one whole state.
        (after,) = _COUNT.unpack_from(self._page, _SECOND_COUNT_AT)
        _, task, start, seconds, phase, _ = _STATE.unpack_from(self._page, _STATE_AT)
        (before,) = _COUNT.unpack_from(self._page, _STATE_AT)
        if before != after:
            return IDLE, "", monotonic(), NEVER
        return task, phase.rstrip(b"\0").decode(errors="ignore"), start, seconds

    @property
    def withdrawn_from(self) -> int:
        """The first task number the worker must not start."""
        return int(_FROM.unpack_from(self._page, _FROM_AT)[0])

    @withdrawn_from.setter
    def withdrawn_from(self, task: int) -> None:
        _FROM.pack_into(self._page, _FROM_AT, task)

    def close(self) -> None:
        """Give the page back."""
        self._page.close()


class _Results:
    """What is done and not yet sent; two threads use it."""

    def __init__(self, sink: BinaryIO, stored: Cache | None) -> None:
        self._sink = sink
        self._stored = stored
        self._done: list[Done] = []
        self._since = monotonic()
        self._lock = threading.Lock()

    def restart(self) -> None:
        """A batch begins."""
        self._since = monotonic()

    def add(self, number: int, outcome: str, value: object) -> None:
        with self._lock:
            self._done.append((number, outcome, value))

    def send(self, kind: str = "done", *, last: bool = False) -> None:
        """Send what is done; called between tasks."""
        entries = self._stored.take() if self._stored else []
        with self._lock:
            self._write(kind, last, entries)

    def send_if_old(self, now: float) -> None:
        if now - self._since > FLUSH_SECONDS:
            self.send()

    def answer(self, lifeline: int) -> None:
        """Send what is done whenever the parent asks; end the process when the parent has ended.

        Runs beside the task at work, which can take long.
        """
        while os.read(lifeline, 1):
            with self._lock, suppress(MemoryError):
                self._write("done", False, [])
        os._exit(1)

    def _write(self, kind: str, last: bool, entries: list[Entry]) -> None:
        now = monotonic()
        message: Message = (kind, self._done, now - self._since, last, entries)
        try:
            data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        except Exception:
            message = (kind, [_portable(done) for done in self._done], *message[2:])
            data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        try:
            self._sink.write(HEADER.pack(len(data)))
            self._sink.write(data)
            self._sink.flush()
        except BrokenPipeError:  # the parent has ended
            os._exit(1)
        self._done = []
        self._since = now


def main(inbox: int, outbox: int, page: int, lifeline: int, memory: int, cache: str) -> None:
    """Serve the parent until it closes the pipe.

    Four file descriptors, the limit of the address space in bytes, and the folder of the disk
    cache (empty for none).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stamp = Stamp(page)
    os.close(page)
    _limit(memory)
    stored = Cache(cache, writable=False) if cache else None
    session = Session(cache=stored, stamp=stamp.write)
    fresh = True
    with open(inbox, "rb") as source, open(outbox, "wb") as sink:
        results = _Results(sink, stored)
        results.send("ready")
        threading.stack_size(_STACK_BYTES)
        threading.Thread(target=results.answer, args=(lifeline,), daemon=True).start()
        # Scoring makes many objects and few cycles (sqlparse's tokens): they can wait.
        gc.freeze()
        gc.set_threshold(*_COLLECT)
        while header := source.read(HEADER.size):
            results.restart()
            try:
                name, batch = pickle.loads(source.read(HEADER.unpack(header)[0]))
            except Exception as error:
                results.add(IDLE, "bug", _described(error))
                batch = []
            for number, payload in batch:
                if number >= stamp.withdrawn_from:
                    continue
                stamp.task = number
                session.watch(TASK_SECONDS, "task")
                results.add(number, *_perform(session, name, payload, fresh))
                fresh = False
                if session.out_of_memory:
                    results.send()
                    return
                results.send_if_old(monotonic())
            stamp.task = IDLE
            stamp.write("", monotonic(), TASK_SECONDS)
            results.send(last=True)


def _perform(session: Session, name: str, payload: object, fresh: bool) -> tuple[str, Any]:
    outcome, value = "value", None
    try:
        value = _function(name)(session, payload)
    except MemoryError:
        session.out_of_memory = True
        outcome, value = "memory", session.phase
    except Exception as error:
        return "bug", _described(error)
    if session.out_of_memory and session.worth_repeating and not fresh:
        # What earlier tasks left in memory must not decide a verdict.
        return "again", None
    return outcome, value


def run_request(session: Session, payload: object) -> Execution:
    """Run one request of `Pool.execute`: a file, an SQL, a budget."""
    path, sql, budget = cast("tuple[str, str, Budget]", payload)
    return session.execute(path, sql, budget)


_functions: dict[str, Callable[[Session, object], object]] = {}


def _function(name: str) -> Callable[[Session, object], object]:
    if name not in _functions:
        module, _, attribute = name.partition(":")
        _functions[name] = getattr(importlib.import_module(module), attribute)
    return _functions[name]


def _described(error: Exception) -> tuple[str, str]:
    return f"{type(error).__name__}: {error}", traceback.format_exc()


def _portable(item: Done) -> Done:
    try:
        pickle.dumps(item)
    except MemoryError:
        return item[0], "memory", "result"
    except Exception as error:
        summary, trace = _described(error)
        return item[0], "bug", (f"the value cannot be pickled: {summary}", trace)
    return item


def _limit(memory: int) -> None:
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    if sys.platform == "linux":  # elsewhere the address space says nothing about memory
        _lower(resource.RLIMIT_AS, memory)


def _lower(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))
