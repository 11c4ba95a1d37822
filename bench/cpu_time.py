"""Wall-clock and processor time of a piece of work, that of its worker processes included.

On a shared machine seconds of the wall clock say little; processor time says what the work cost.
Linux only: the time of running workers is read from /proc.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple


class Spent(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float


def spent(work: Callable[[], object]) -> Spent:
    """What one call takes; workers that end meanwhile count as well."""
    started, before = perf_counter(), _tree()
    work()
    return Spent(perf_counter() - started, _tree() - before)


def _tree() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + ended.ru_utime + ended.ru_stime + sum(map(_of_process, _children()))


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


def _of_process(pid: str) -> float:
    """All its threads' time: schedstat of the process is its first thread's alone."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(path.read_text().split()[0]) for path in threads) / 1e9
