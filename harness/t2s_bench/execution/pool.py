"""A pool of worker processes that execute SQL and score, where nothing can hang the parent.

Every task runs in one of a few persistent processes. A task that passes the limit of its current
phase is killed with its process and comes back as a `JobFailure`; the others are not touched. A
worker killed from outside (the kernel's memory killer, an operator) costs one retry of the task it
was at. POSIX only.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Any

from t2s_bench.execution.cache import Cache
from t2s_bench.execution.child import Child, Task
from t2s_bench.execution.worker import NEVER
from t2s_bench.types import Budget, Execution, Status

# Seconds past its limit after which a worker is killed.
GRACE_SECONDS = 0.5
# Seconds of work sent in one batch, and the most tasks in one. At the end one worker may be at its
# batch while the others have nothing left.
BATCH_SECONDS = 0.006
BATCH_TASKS = 128
# The same for a pool of one worker, for which nobody waits.
ALONE_SECONDS = 0.02
# A task running longer than this no longer holds up those sent with it, where a worker is free.
SLOW_SECONDS = 0.02
# So many workers in a row may end without a single result.
FRUITLESS_STARTS = 3


@dataclass(frozen=True)
class JobFailure:
    """A task that gave no value, in place of its value.

    `kind` is `deadline` (its phase took longer than allowed), `killed` (its worker was killed from
    outside, twice) or `memory` (it ran out of memory in a fresh worker).
    """

    kind: str
    phase: str
    message: str


class TaskError(RuntimeError):
    """The function raised: a bug in it. The text ends with the worker's traceback."""


class WorkerStartError(RuntimeError):
    """A worker process ended before it could take a task."""


class Pool:
    """Worker processes for `map` and `execute`; a context manager.

    Workers start when the first task needs them and stay until `close`. `memory_bytes` limits the
    address space of each. `cache` is the folder of the disk cache for golds (see
    `execution.cache`), True for its usual place, False for none. Not for two `map` at a time.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        memory_bytes: int = 2**30,
        cache: str | os.PathLike[str] | bool = True,
    ) -> None:
        if workers < 1:
            raise ValueError(f"a pool needs at least one worker, not {workers}")
        self._memory_bytes = memory_bytes
        self._cache_folder = cache
        self._cache: Cache | None = None
        self._closed = False
        self._workers: list[Child | None] = [None] * workers
        weakref.finalize(self, _end, self._workers)
        self._numbers = 0
        self._seconds_a_task = 0.001
        self._mapping = False

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every worker and wait for it; harmless when repeated."""
        self._closed = True
        _end(self._workers)
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    def map(self, function: str, payloads: Iterable[object]) -> Iterator[tuple[int, object]]:
        """Call `function` ("module:name") as `name(session, payload)` for every payload.

        Yields (index, value) as they complete, a `JobFailure` in place of the value where the task
        was ended. Payloads are pulled as workers come free. Raises `TaskError` when the function
        raises. Leaving the iteration early ends the workers that are still at it.
        """
        if self._closed:
            raise RuntimeError("the pool is closed")
        if self._mapping:
            raise RuntimeError("the pool is at another map: finish or close that one first")
        self._mapping = True
        run = _Run(self, function, payloads)
        try:
            yield from run.results()
        finally:
            self._mapping = False
            run.stop()
            if self._cache is not None:
                self._cache.flush()

    def execute(
        self, requests: Iterable[tuple[str | os.PathLike[str], str]], budget: Budget
    ) -> Iterator[Execution]:
        """Run one statement a request (file, SQL); executions come in the order of the requests."""
        payloads = ((os.fspath(path), sql, budget) for path, sql in requests)
        waiting: dict[int, Execution] = {}
        following = 0
        for index, value in self.map("t2s_bench.execution.worker:run_request", payloads):
            waiting[index] = _execution(value)
            while following in waiting:
                yield waiting.pop(following)
                following += 1

    def _start(self, slot: int) -> Child:
        if self._cache is None and self._cache_folder is not False:
            folder = None if self._cache_folder is True else self._cache_folder
            self._cache = Cache(folder)
        folder = str(self._cache.folder) if self._cache else ""
        # Ctrl-C goes to the whole foreground group: it must not reach the worker before the worker
        # can ignore it, nor this process before the worker is on the list. A blocked signal stays
        # blocked in a process started meanwhile.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            worker = self._workers[slot] = Child(self._memory_bytes, folder)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return worker


class _Run:
    """One `map`: what is queued, what is where, what came back."""

    def __init__(self, pool: Pool, function: str, payloads: Iterable[object]) -> None:
        self._pool = pool
        self._function = function
        self._source = enumerate(payloads)
        self._exhausted = False
        self._queue: deque[Task] = deque()
        self._needs_fresh: deque[Task] = deque()
        self._out: deque[tuple[int, object]] = deque()
        self._selector = selectors.DefaultSelector()
        self._fruitless = 0
        self._batch_seconds = ALONE_SECONDS if len(pool._workers) == 1 else BATCH_SECONDS
        for worker in pool._workers:
            if worker is not None:
                self._selector.register(worker.results, selectors.EVENT_READ, worker)

    def results(self) -> Iterator[tuple[int, object]]:
        while True:
            self._hand_out()
            while self._out:
                yield self._out.popleft()
            busy = [worker for worker in self._pool._workers if worker and worker.batches]
            if not busy:
                if self._exhausted and not self._queue and not self._needs_fresh:
                    return
                continue
            idle = len(busy) < len(self._pool._workers)
            for key, _ in self._selector.select(SLOW_SECONDS if idle else 5 * SLOW_SECONDS):
                worker = key.data
                worker.send()
                self._receive(worker)
            now = monotonic()
            for worker in busy:
                self._enforce(worker, now)
            if idle and self._exhausted and not self._queue:
                self._relieve(busy, now)

    def stop(self) -> None:
        """End the workers that still have tasks."""
        for slot, worker in enumerate(self._pool._workers):
            if worker is not None and worker.batches:
                self._pool._workers[slot] = None
                worker.end()
        self._selector.close()

    def _hand_out(self) -> None:
        pool = self._pool
        size = max(1, min(BATCH_TASKS, int(self._batch_seconds / pool._seconds_a_task)))
        for slot in range(len(pool._workers)):
            worker = pool._workers[slot]
            if worker is not None and (worker.withdrawn or len(worker.tasks) > size):
                continue
            if worker is None and self._needs_fresh:
                batch = [self._needs_fresh.popleft()]
            else:
                batch = self._take(size)
            if not batch:
                continue
            if worker is None:
                worker = pool._start(slot)
                self._selector.register(worker.results, selectors.EVENT_READ, worker)
            numbered = dict(enumerate(batch, start=pool._numbers))
            pool._numbers += len(batch)
            message = [(number, task.payload) for number, task in numbered.items()]
            worker.queue_message((self._function, message))
            worker.tasks.update(numbered)
            worker.batches += 1
            if worker.send() and not worker.waiting_to_write:
                self._selector.register(worker.inbox, selectors.EVENT_WRITE, worker)
                worker.waiting_to_write = True

    def _take(self, count: int) -> list[Task]:
        """The next tasks, fewer where the payloads come slowly."""
        batch: list[Task] = []
        enough = monotonic() + self._batch_seconds
        while len(batch) < count and (not batch or monotonic() < enough):
            if self._queue:
                batch.append(self._queue.popleft())
                continue
            if self._exhausted:
                break
            try:
                index, payload = next(self._source)
            except StopIteration:
                self._exhausted = True
                break
            batch.append(Task(index, payload))
        return batch

    def _receive(self, worker: Child) -> None:
        if worker.waiting_to_write and not worker.unsent:
            self._selector.unregister(worker.inbox)
            worker.waiting_to_write = False
        if worker.gone:
            return
        messages, ended = worker.receive()
        pool = self._pool
        for kind, done, seconds, last, entries in messages:
            if kind == "ready":
                continue
            if pool._cache is not None:
                pool._cache.store(entries)
            if done:
                self._fruitless = 0
                share = min(1.0, len(done) / 32)
                measured = max(seconds / len(done), 1e-6)
                pool._seconds_a_task += share * (measured - pool._seconds_a_task)
            for number, outcome, value in done:
                self._settle(worker, number, outcome, value)
            if last:
                worker.batches -= 1
                if not worker.batches and worker.withdrawn:
                    worker.stamp.withdrawn_from = NEVER
                    worker.withdrawn = False
        if ended:
            self._bury(worker, "killed")

    def _settle(self, worker: Child, number: int, outcome: str, value: Any) -> None:
        if outcome == "bug":
            summary, trace = value
            raise TaskError(f"{self._function}: {summary}\n\nIn the worker:\n{trace}")
        task = worker.tasks.pop(number, None)
        if task is None:  # withdrawn when it had begun; another worker has it
            return
        if outcome == "value":
            self._out.append((task.index, value))
        elif outcome == "again":
            self._needs_fresh.append(task)
        else:
            self._out.append((task.index, JobFailure(outcome, str(value), "out of memory")))

    def _enforce(self, worker: Child, now: float) -> None:
        if worker.gone:
            return
        state = worker.stamp.read()
        number, _, start, seconds = state
        if number not in worker.tasks:
            return
        if now > start + SLOW_SECONDS and next(iter(worker.tasks)) != number:
            worker.ask_for_results(number)
        if now <= start + seconds + GRACE_SECONDS:
            return
        self._receive(worker)  # it may have ended while the consumer of the results was slow
        if not worker.gone and worker.stamp.read() == state and number in worker.tasks:
            self._bury(worker, "deadline")

    def _bury(self, worker: Child, kind: str) -> None:
        for descriptor in (worker.results, worker.inbox):
            with contextlib.suppress(KeyError):
                self._selector.unregister(descriptor)
        number, phase, _, seconds = worker.stamp.read()
        self._pool._workers[self._pool._workers.index(worker)] = None
        worker.end()
        current = worker.tasks.pop(number, None)
        self._queue.extendleft(reversed(worker.tasks.values()))
        if current is None:
            self._fruitless += 1
            if self._fruitless > FRUITLESS_STARTS:
                raise WorkerStartError("worker processes end before they begin a task")
            return
        current.deaths += 1
        if kind == "deadline":
            message = f"more than {seconds:g} s of wall-clock time"
            self._out.append((current.index, JobFailure(kind, phase, message)))
        elif current.deaths > 1:
            message = f"its worker was killed from outside {current.deaths} times"
            self._out.append((current.index, JobFailure(kind, phase, message)))
        else:
            self._queue.appendleft(current)

    def _relieve(self, busy: list[Child], now: float) -> None:
        """Take back what waits behind a slow task, for the workers that have nothing to do."""
        for worker in busy:
            if worker.gone or worker.withdrawn or len(worker.tasks) < 2:
                continue
            number, _, start, _ = worker.stamp.read()
            later = [other for other in worker.tasks if other > number]
            if number in worker.tasks and later and now > start + SLOW_SECONDS:
                worker.stamp.withdrawn_from = later[0]
                worker.withdrawn = True
                self._queue.extend(worker.tasks.pop(other) for other in later)


def _end(workers: list[Child | None]) -> None:
    for slot, worker in enumerate(workers):
        workers[slot] = None
        if worker is not None:
            worker.end()


def _execution(value: object) -> Execution:
    if isinstance(value, Execution):
        return value
    assert isinstance(value, JobFailure)
    statuses = {"deadline": Status.TIMEOUT, "memory": Status.TOO_LARGE}
    return Execution(statuses.get(value.kind, Status.INFRA), error=value.message)
