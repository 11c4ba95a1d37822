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
import signal
import struct
import traceback
from collections.abc import Callable
from time import monotonic
from typing import Any, cast

from t2s_bench.execution.session import Session
from t2s_bench.types import Budget, Execution

# Seconds of a task's own work outside any watch of its own.
TASK_SECONDS = 300.0
# Finished tasks wait for their batch at most this long, in seconds.
FLUSH_SECONDS = 0.02
HEADER = struct.Struct("<Q")

_STATE = struct.Struct("<qdd24s")
_FROM = struct.Struct("<q")
# Counts the writes: odd while one is under way, so that a half-written state is never believed.
_VERSION = struct.Struct("<Q")
_STATE_AT, _VERSION_AT, _FROM_AT = 0, 56, 64
PAGE_BYTES = 4096
IDLE = -1
NEVER = 2**62


# kind, what became of each task (number, outcome, value), seconds, whether the batch is finished
Message = tuple[str, list[tuple[int, str, Any]], float, bool]


class Stamp:
    """A page shared by a worker and its parent.

    The worker writes task, phase, start and limit; the parent writes the number from which on the
    worker leaves tasks alone because somebody else does them.
    """

    def __init__(self, descriptor: int) -> None:
        self._page = mmap.mmap(descriptor, PAGE_BYTES)
        self._version = int(_VERSION.unpack_from(self._page, _VERSION_AT)[0])
        self.task = IDLE

    def write(self, phase: str, start: float, seconds: float) -> None:
        """Called by the worker when a phase begins."""
        _VERSION.pack_into(self._page, _VERSION_AT, self._version + 1)
        _STATE.pack_into(self._page, _STATE_AT, self.task, start, seconds, phase.encode()[:24])
        self._version += 2
        _VERSION.pack_into(self._page, _VERSION_AT, self._version)

    def read(self) -> tuple[int, str, float, float]:
        """Task number, phase, start on the monotonic clock, seconds allowed.

        While the worker is writing a new state, or was killed at it, there is no state to read:
        then the task is IDLE.
        """
        (before,) = _VERSION.unpack_from(self._page, _VERSION_AT)
        task, start, seconds, phase = _STATE.unpack_from(self._page, _STATE_AT)
        (after,) = _VERSION.unpack_from(self._page, _VERSION_AT)
        if before % 2 or before != after:
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


def main(tasks: int, results: int, page: int, memory_bytes: int, cache_folder: str) -> None:
    """Serve the parent until it closes the pipe; arguments are file descriptors and limits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit(memory_bytes)
    gc.freeze()
    stamp = Stamp(page)
    os.close(page)
    session = Session(stamp=stamp.write)
    fresh = True
    with open(tasks, "rb", closefd=False) as source, open(results, "wb", closefd=False) as sink:
        _send(sink.write, ("ready", [], 0.0, False))
        sink.flush()
        while True:
            header = source.read(HEADER.size)
            if len(header) < HEADER.size:
                return
            name, batch = pickle.loads(source.read(HEADER.unpack(header)[0]))
            done: list[tuple[int, str, Any]] = []
            flushed = monotonic()
            for number, payload in batch:
                if number >= stamp.withdrawn_from:
                    continue
                stamp.task = number
                stamp.write("task", monotonic(), TASK_SECONDS)
                done.append((number, *_perform(session, name, payload, fresh)))
                fresh = False
                now = monotonic()
                stamp.task = IDLE
                stamp.write("", now, TASK_SECONDS)
                if now - flushed > FLUSH_SECONDS or session.out_of_memory:
                    _send(sink.write, ("done", done, now - flushed, False))
                    sink.flush()
                    done, flushed = [], now
                if session.out_of_memory:
                    return
            _send(sink.write, ("done", done, monotonic() - flushed, True))
            sink.flush()


def _perform(session: Session, name: str, payload: object, fresh: bool) -> tuple[str, Any]:
    outcome, value = "value", None
    try:
        value = _function(name)(session, payload)
    except MemoryError:
        session.out_of_memory = True
        outcome = "memory"
    except Exception as error:
        return "bug", (f"{type(error).__name__}: {error}", traceback.format_exc())
    if session.out_of_memory and not fresh:
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


def _send(write: Callable[[bytes], object], message: Message) -> None:
    try:
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    except Exception:
        kind, done, seconds, last = message
        data = pickle.dumps((kind, [_portable(item) for item in done], seconds, last))
    write(HEADER.pack(len(data)))
    write(data)


def _portable(item: tuple[int, str, Any]) -> tuple[int, str, Any]:
    try:
        pickle.dumps(item)
    except MemoryError:
        return item[0], "memory", None
    except Exception as error:
        text = f"the result cannot be pickled: {type(error).__name__}: {error}"
        return item[0], "bug", (text, text)
    return item


def _limit(memory_bytes: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

