"""The worker process: takes batches of tasks from its parent, one after another.

Imports nothing heavy and never the user's `__main__`. Messages in both directions are pickles with
their length before them. The parent watches a shared page (`Stamp`) to see which task and which
phase is running since when, and kills the process when a limit has passed.
"""

from __future__ import annotations

import fcntl
import importlib
import mmap
import os
import pickle
import resource
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from time import monotonic
from typing import Any, cast

from t2s_bench.execution.cache import Cache, Entry
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
        self._version = int(_VERSION.unpack_from(self._page, _VERSION_AT)[0])
        self.task = IDLE

    def write(self, phase: str, start: float, seconds: float) -> None:
        """Called by the worker when a phase begins."""
        _VERSION.pack_into(self._page, _VERSION_AT, self._version + 1)
        _STATE.pack_into(self._page, _STATE_AT, self.task, start, seconds, phase.encode())
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


def main(inbox: int, outbox: int, page: int, lifeline: int, memory: int, cache: str) -> None:
    """Serve the parent until it closes the pipe.

    Four file descriptors, the limit of the address space in bytes, and the folder of the disk
    cache (empty for none).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent(lifeline)
    stamp = Stamp(page)
    os.close(page)
    _limit(memory)
    stored = Cache(cache, writable=False) if cache else None
    session = Session(cache=stored, stamp=stamp.write)
    fresh = True
    done: list[Done] = []
    with open(inbox, "rb") as source, open(outbox, "wb") as sink:

        def send(kind: str, seconds: float = 0.0, last: bool = False) -> None:
            _send(sink.write, (kind, done, seconds, last, stored.take() if stored else []))
            sink.flush()
            done.clear()

        send("ready")
        while header := source.read(HEADER.size):
            try:
                name, batch = pickle.loads(source.read(HEADER.unpack(header)[0]))
            except Exception as error:
                done.append((IDLE, "bug", _described(error)))
                send("done", last=True)
                continue
            flushed = monotonic()
            for number, payload in batch:
                if number >= stamp.withdrawn_from:
                    continue
                stamp.task = number
                session.watch(TASK_SECONDS, "task")
                done.append((number, *_perform(session, name, payload, fresh)))
                fresh = False
                now = monotonic()
                if session.out_of_memory:
                    send("done", now - flushed)
                    return
                if now - flushed > FLUSH_SECONDS:
                    send("done", now - flushed)
                    flushed = now
            now = monotonic()
            stamp.task = IDLE
            stamp.write("", now, TASK_SECONDS)
            send("done", now - flushed, last=True)


def _perform(session: Session, name: str, payload: object, fresh: bool) -> tuple[str, Any]:
    outcome, value = "value", None
    try:
        value = _function(name)(session, payload)
    except MemoryError:
        session.out_of_memory = True
        outcome, value = "memory", session.phase
    except Exception as error:
        return "bug", _described(error)
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


def _described(error: Exception) -> tuple[str, str]:
    return f"{type(error).__name__}: {error}", traceback.format_exc()


def _send(write: Callable[[bytes], object], message: Message) -> None:
    try:
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    except Exception:
        kind, done, *rest = message
        data = pickle.dumps((kind, [_portable(item) for item in done], *rest))
    write(HEADER.pack(len(data)))
    write(data)


def _portable(item: Done) -> Done:
    try:
        pickle.dumps(item)
    except MemoryError:
        return item[0], "memory", "result"
    except Exception as error:
        summary, trace = _described(error)
        return item[0], "bug", (f"the value cannot be pickled: {summary}", trace)
    return item


def _die_with_parent(lifeline: int) -> None:
    """End this process, whatever it is at, when the other end of the pipe is closed.

    The end of a pipe raises SIGIO where it is asked for, and nothing handles that signal here.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGIO})
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)


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
