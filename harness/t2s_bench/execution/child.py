"""One worker process as its parent sees it: its pipes, its stamp, and the tasks it has.

Which tasks it gets, and when it has to be killed, is the pool's business (`execution.pool`).
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from time import monotonic

from t2s_bench.execution.worker import HEADER, IDLE, NEVER, PAGE_BYTES, Message, Stamp

_BOOT = (
    "import sys; sys.path[:] = sys.argv[7:]; from t2s_bench.execution.worker import main; "
    "main(*map(int, sys.argv[1:6]), sys.argv[6])"
)


@dataclass(slots=True)
class Task:
    """One payload with its number in the `map`, and how often its worker was killed."""

    index: int
    payload: object
    deaths: int = 0


class Child:
    """One worker process with what was sent to it and has not come back.

    Starting it does not wait until it is ready. `send` and `receive` never block; `end` kills the
    process and waits for it, and is harmless when repeated.
    """

    def __init__(self, memory_bytes: int, cache_folder: str) -> None:
        self.tasks: dict[int, Task] = {}
        self.batches = 0
        self.withdrawn = False
        self.gone = False
        self.waiting_to_write = False
        self.unsent = bytearray()
        self._received = bytearray()
        self._asked_at = IDLE
        their_inbox, self.inbox = os.pipe()
        self.results, their_results = os.pipe()
        page = _shared_page()
        self.stamp = Stamp(page)
        self.stamp.write("", monotonic(), 0.0)
        self.stamp.withdrawn_from = NEVER
        their_lifeline, self._lifeline = os.pipe()
        passed = (their_inbox, their_results, page, their_lifeline)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-B", "-S", "-E", "-c", _BOOT]
                + [*map(str, passed), str(memory_bytes), cache_folder]
                + [os.path.abspath(entry) for entry in sys.path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=passed,
                # A second thread's arena would take 64 MiB of the address space.
                env={**os.environ, "MALLOC_ARENA_MAX": "1"},
            )
        finally:
            for descriptor in passed:
                os.close(descriptor)
        os.set_blocking(self.inbox, False)
        os.set_blocking(self.results, False)

    def queue_message(self, message: object) -> None:
        """Have a message sent when the pipe takes it."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self.unsent += HEADER.pack(len(data))
        self.unsent += data

    def send(self) -> bool:
        """Write what the pipe takes; whether something is left."""
        while self.unsent and not self.gone:
            try:
                written = os.write(self.inbox, self.unsent)
            except BlockingIOError:
                break
            except BrokenPipeError:  # its end is seen when its results are read
                break
            del self.unsent[:written]
        return bool(self.unsent)

    def ask_for_results(self, number: int) -> None:
        """Have what was finished before task `number` sent; once for each task."""
        if self._asked_at != number:
            self._asked_at = number
            with contextlib.suppress(BrokenPipeError):
                os.write(self._lifeline, b"r")

    def receive(self) -> tuple[list[Message], bool]:
        """Complete messages, and whether the process has ended."""
        ended = False
        while True:
            try:
                data = os.read(self.results, 1 << 20)
            except BlockingIOError:
                break
            if not data:
                ended = True
                break
            self._received += data
        messages: list[Message] = []
        while len(self._received) >= HEADER.size:
            size = HEADER.unpack_from(self._received)[0] + HEADER.size
            if len(self._received) < size:
                break
            with memoryview(self._received) as view:
                message = pickle.loads(view[HEADER.size : size])
            del self._received[:size]
            messages.append(message)
        return messages, ended

    def end(self) -> None:
        """Kill the process, wait for it, close everything."""
        if self.gone:
            return
        self.gone = True
        self._process.kill()
        self._process.wait()
        for descriptor in (self.inbox, self.results, self._lifeline):
            os.close(descriptor)
        self.stamp.close()


def _shared_page() -> int:
    """A descriptor of a page of memory without a name in any folder."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("t2s-bench")
    else:
        descriptor, name = tempfile.mkstemp()
        os.unlink(name)
    os.ftruncate(descriptor, PAGE_BYTES)
    return descriptor
