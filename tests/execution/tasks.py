"""Functions that the tests of the pool run in its workers."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any, cast

from t2s_bench.execution.session import Session
from t2s_bench.types import Budget

Request = tuple[str, str, Budget]


def double(session: Session, payload: object) -> object:
    return 2 * cast(int, payload)


def modules(session: Session, payload: object) -> object:
    return sorted(sys.modules), sorted(os.listdir("/proc/self/fd"))


def pid(session: Session, payload: object) -> object:
    return os.getpid()


def fail(session: Session, payload: object) -> object:
    raise KeyError(f"a bug at {payload}")


def unpicklable(session: Session, payload: object) -> object:
    return lambda: payload


def sleep(session: Session, payload: object) -> object:
    time.sleep(cast(float, payload))
    return payload


def watched_sleep(session: Session, payload: object) -> object:
    """Payload: seconds, the limit of the phase `compare`."""
    seconds, limit = cast(tuple[float, float], payload)
    session.watch(limit, "compare")
    time.sleep(seconds)
    return seconds


def die(session: Session, payload: object) -> object:
    """Payload: a file, created at the first death; None to die each time; or not to die."""
    if payload == "live":
        return payload
    if payload is None or not os.path.exists(cast(str, payload)):
        if payload is not None:
            # the worker itself may write to no file, but an empty one needs no writing
            Path(cast(str, payload)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return payload


def hoard(session: Session, payload: object) -> object:
    """Needs more memory than a worker has."""
    session.watch(60.0, "compare")
    return len([bytes(10_000_000) for _ in range(cast(int, payload))])


def write_file(session: Session, payload: object) -> object:
    try:
        Path(cast(str, payload)).write_text("x" * 100)
    except OSError as error:
        return type(error).__name__
    return "written"


def execute_and_weigh(session: Session, payload: object) -> object:
    """The execution, and the worker's largest resident memory so far in bytes."""
    path, sql, budget = cast(Request, payload)
    execution = session.execute(path, sql, budget)
    return execution, _peak()


def _peak() -> int:
    """Bytes. Linux's ru_maxrss begins at the size of the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def execute_gold(session: Session, payload: object) -> object:
    path, sql, budget = cast(Request, payload)
    return session.execute(path, sql, budget, cached="digest")


def echo(session: Session, payload: Any) -> Any:
    return payload
