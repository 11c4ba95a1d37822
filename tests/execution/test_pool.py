"""Whatever a task does, the others end, the parent goes on, and no process is left behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from t2s_bench.execution.cache import Cache
from t2s_bench.execution.pool import JobFailure, Pool, TaskError, WorkerStartError
from t2s_bench.types import Budget, Execution, Status

TASKS = "tests.execution.tasks"
ENDLESS = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r"
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture(scope="module")
def two() -> Iterator[Pool]:
    with Pool(2, cache=False) as pool:
        yield pool


def _pids(pool: Pool) -> set[int]:
    return {worker._process.pid for worker in pool._workers if worker is not None}


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("count", [0, 1, 2, 65, 1_000])
def test_every_payload_comes_back_once_with_its_index(count: int, two: Pool) -> None:
    results = list(two.map(f"{TASKS}:double", range(count)))
    assert sorted(results) == [(index, 2 * index) for index in range(count)]


def test_executions_come_in_the_order_of_the_requests(
    two: Pool, database: Path, budget: Budget
) -> None:
    requests = [(database, f"SELECT {number}") for number in range(300)]
    requests[7] = (database, ENDLESS)
    executions = list(two.execute(requests, budget))
    assert [execution.status for execution in executions].count(Status.TIMEOUT) == 1
    assert [e.rows for e in executions if e.ok] == [[(n,)] for n in range(300) if n != 7]
    assert executions[7].steps == budget.steps


def test_payloads_are_pulled_as_workers_come_free(two: Pool) -> None:
    pulled = []

    def payloads() -> Iterator[int]:
        for number in range(100_000):
            pulled.append(number)
            yield number

    results = two.map(f"{TASKS}:double", payloads())
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert 0 < len(pulled) < 1_000


def test_slow_payloads_do_not_wait_for_a_full_batch(two: Pool) -> None:
    seen: list[int] = []

    def payloads() -> Iterator[int]:
        for number in range(20):
            time.sleep(0.02)
            yield number
        assert len(seen) > 5

    seen.extend(index for index, _ in two.map(f"{TASKS}:double", payloads()))
    assert len(seen) == 20


def test_large_messages_pass_in_both_directions_at_once(two: Pool) -> None:
    payloads = [bytes([n]) * 3_000_000 for n in range(20)]
    for index, value in two.map(f"{TASKS}:echo", payloads):
        assert value == payloads[index]


def test_a_task_past_its_limit_ends_alone(two: Pool) -> None:
    payloads = [(0.0, 60.0)] * 40
    payloads[20] = (60.0, 0.0)
    results = dict(two.map(f"{TASKS}:watched_sleep", payloads))
    failure = results.pop(20)
    assert isinstance(failure, JobFailure)
    assert (failure.kind, failure.phase) == ("deadline", "compare")
    assert set(results.values()) == {0.0}
    assert len(results) == 39


def test_tasks_behind_a_slow_one_go_to_a_free_worker() -> None:
    with Pool(2, cache=False) as pool:
        # the measured cost of these makes the next batches as large as they get
        assert len(list(pool.map(f"{TASKS}:echo", range(500)))) == 500
        results = pool.map(f"{TASKS}:sleep", [3.0, *[0.0] * 50])
        for _ in range(50):
            assert next(results)[0] != 0
        assert next(results) == (0, 3.0)


def test_a_worker_killed_once_costs_one_retry(two: Pool, tmp_path: Path) -> None:
    payloads: list[object] = ["live"] * 100
    payloads[50] = str(tmp_path / "died once")
    results = dict(two.map(f"{TASKS}:die", payloads))
    assert results == dict(enumerate(payloads))


def test_a_task_whose_worker_dies_twice_is_given_up_alone(two: Pool) -> None:
    payloads: list[object] = ["live"] * 100
    payloads[50] = None
    results = dict(two.map(f"{TASKS}:die", payloads))
    failure = results.pop(50)
    assert isinstance(failure, JobFailure)
    assert failure.kind == "killed"
    assert len(results) == 99


def test_workers_killed_from_outside_lose_no_task(database: Path, budget: Budget) -> None:
    with Pool(2, cache=False) as pool:
        requests = [
            (database, f"SELECT {number} + count(*) FROM person") for number in range(3_000)
        ]
        executions = []
        for number, execution in enumerate(pool.execute(requests, budget)):
            executions.append(execution)
            if number in (100, 1_000, 2_000):
                os.kill(min(_pids(pool)), signal.SIGKILL)
        assert [e.rows for e in executions] == [[(n + 3,)] for n in range(3_000)]


def test_idle_workers_killed_between_two_maps_are_replaced(two: Pool) -> None:
    list(two.map(f"{TASKS}:double", range(10)))
    for pid in _pids(two):
        os.kill(pid, signal.SIGKILL)
    assert dict(two.map(f"{TASKS}:double", range(10))) == {n: 2 * n for n in range(10)}


def test_a_bug_in_the_function_comes_up_with_its_traceback(two: Pool) -> None:
    with pytest.raises(TaskError, match=r"tasks:fail: KeyError: 'a bug at 3'") as raised:
        list(two.map(f"{TASKS}:fail", [3]))
    assert "in fail" in str(raised.value)
    assert dict(two.map(f"{TASKS}:double", [4])) == {0: 8}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("nowhere:double", "ModuleNotFoundError"),
        (f"{TASKS}:nothing", "AttributeError"),
        (f"{TASKS}:unpicklable", "cannot be pickled"),
    ],
)
def test_what_cannot_be_called_or_sent_back_is_a_bug(
    function: str, message: str, two: Pool
) -> None:
    with pytest.raises(TaskError, match=message):
        list(two.map(function, [1]))


def test_a_payload_that_cannot_be_pickled_raises_here(two: Pool) -> None:
    with pytest.raises(Exception, match="pickle"):
        list(two.map(f"{TASKS}:double", [1, lambda: 2]))
    assert dict(two.map(f"{TASKS}:double", [4])) == {0: 8}


def test_running_out_of_memory_ends_one_task_in_a_fresh_worker() -> None:
    with Pool(1, cache=False, memory_bytes=400_000_000) as pool:
        payloads = [1, 1, 1_000, 1, 20]
        results = dict(pool.map(f"{TASKS}:hoard", payloads))
    assert results.pop(2) == JobFailure("memory", "compare", "out of memory")
    assert results == {0: 1, 1: 1, 3: 1, 4: 20}


def test_memory_left_over_from_other_tasks_decides_no_verdict(database: Path) -> None:
    sql = (
        "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT 60) "
        "SELECT zeroblob(1000000) FROM r"
    )
    with Pool(1, cache=False, memory_bytes=400_000_000) as pool:
        tight = list(pool.execute([(database, sql)] * 4, Budget()))
        assert [len(execution.rows) for execution in tight] == [60] * 4
        over = list(pool.execute([(database, sql.replace("60", "390"))] * 2, Budget()))
        assert {execution.status for execution in over} == {Status.TOO_LARGE}


def test_a_worker_can_write_no_file(two: Pool, tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert dict(two.map(f"{TASKS}:write_file", [str(path)])) == {0: "OSError"}
    assert not path.exists() or path.stat().st_size == 0


@linux
def test_workers_import_little_and_inherit_no_open_file(two: Pool, tmp_path: Path) -> None:
    with open(tmp_path / "open", "w") as file:
        os.set_inheritable(file.fileno(), True)
        with Pool(1, cache=False) as pool:
            ((_, (modules, descriptors)),) = cast(
                "list[tuple[int, tuple[list[str], list[str]]]]",
                list(pool.map(f"{TASKS}:modules", [None])),
            )
    heavy = {"torch", "numpy", "pandas", "sqlglot", "sqlparse", "rich", "typer", "pytest"}
    assert not heavy & set(modules)
    assert "multiprocessing" not in modules
    # standard streams, two pipes, the lifeline, the shared page, the listing itself
    assert len(descriptors) <= 8


@linux
def test_close_ends_every_process_and_can_be_repeated() -> None:
    descriptors = len(os.listdir("/proc/self/fd"))
    pool = Pool(2, cache=False)
    pool.close()
    pool = Pool(2, cache=False)
    list(pool.map(f"{TASKS}:sleep", [0.05] * 4))
    pids = _pids(pool)
    assert len(pids) == 2
    pool.close()
    pool.close()
    assert all(not Path(f"/proc/{pid}").exists() for pid in pids)
    assert len(os.listdir("/proc/self/fd")) == descriptors
    with pytest.raises(RuntimeError, match="closed"):
        next(pool.map(f"{TASKS}:double", [1]))


@linux
def test_a_forgotten_pool_leaves_no_process() -> None:
    pool = Pool(1, cache=False)
    list(pool.map(f"{TASKS}:double", [1]))
    (pid,) = _pids(pool)
    del pool
    assert not Path(f"/proc/{pid}").exists()


@linux
def test_leaving_early_ends_the_workers_still_at_it(two: Pool) -> None:
    results = two.map(f"{TASKS}:sleep", [0.0, 60.0, 60.0])
    assert next(results) == (0, 0.0)
    results.close()  # type: ignore[attr-defined]
    assert dict(two.map(f"{TASKS}:double", [4])) == {0: 8}


def test_one_map_at_a_time(two: Pool) -> None:
    results = two.map(f"{TASKS}:double", [1, 2])
    next(results)
    with pytest.raises(RuntimeError, match="another map"):
        next(two.map(f"{TASKS}:double", [1]))
    results.close()  # type: ignore[attr-defined]


def test_a_pool_works_in_a_thread(database: Path, budget: Budget) -> None:
    rows: list[object] = []

    def work() -> None:
        with Pool(1, cache=False) as pool:
            rows.extend(e.rows for e in pool.execute([(database, "SELECT 1")], budget))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    assert rows == [[(1,)]]


def test_a_pool_works_without_standard_streams(
    database: Path, budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.StringIO())
    with Pool(1, cache=False) as pool:
        assert [e.rows for e in pool.execute([(database, "SELECT 1")], budget)] == [[(1,)]]


def test_nothing_is_printed(
    database: Path, budget: Budget, capfd: pytest.CaptureFixture[str]
) -> None:
    with Pool(2, cache=False) as pool:
        list(pool.execute([(database, "SELECT 1"), (database, "nonsense")] * 5, budget))
        list(pool.map(f"{TASKS}:die", [None]))
        list(pool.map(f"{TASKS}:watched_sleep", [(60.0, 0.0)]))
    assert capfd.readouterr() == ("", "")


def test_workers_that_cannot_start_are_an_error_not_a_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Pool(1, cache=False) as pool:
        monkeypatch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(WorkerStartError):
            list(pool.map(f"{TASKS}:double", [1]))


SCRIPT = """
import os, sys
from t2s_bench.execution.pool import Pool
from t2s_bench.types import Budget
if __name__ != "__main__":
    os._exit(3)
endless = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r"
with Pool(2, cache=False) as pool:
    budget = Budget(steps=int(sys.argv[2]), seconds=60)
    for n, e in enumerate(pool.execute([(sys.argv[1], "SELECT 1")] + 9 * [(sys.argv[1], endless)],
                                       budget)):
        pids = [worker._process.pid for worker in pool._workers if worker]
        print(n, e.status, *pids, flush=True)
"""


def _run_script(
    folder: Path, database: Path, flags: tuple[str, ...], steps: int
) -> subprocess.Popen[str]:
    script = folder / "script.py"
    # -I ignores PYTHONPATH, so the script itself says where the package is
    import t2s_bench

    root = str(Path(t2s_bench.__file__).parents[1])
    script.write_text(f"import sys; sys.path.insert(0, {root!r})\n{SCRIPT}")
    return subprocess.Popen(
        [sys.executable, *flags, str(script), str(database), str(steps)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell that starts tests in the background ignores Ctrl-C for all its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize(
    "flags", [(), ("-I",), ("-E", "-s", "-OO"), ("-W", "error", "-X", "dev", "-B")], ids=str
)
def test_any_interpreter_flags_do_and_main_is_not_imported_again(
    flags: tuple[str, ...], database: Path, tmp_path: Path
) -> None:
    process = _run_script(tmp_path, database, flags, 10_000)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert len(out.splitlines()) == 10


@linux
@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_a_parent_that_is_interrupted_or_killed(
    signal_sent: signal.Signals, database: Path, tmp_path: Path
) -> None:
    with _run_script(tmp_path, database, (), 10**15) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        _, _, *pids = process.stdout.readline().split()
        # Ctrl-C reaches every process of the group, a kill only the parent
        if signal_sent is signal.SIGINT:
            os.killpg(process.pid, signal_sent)
        else:
            process.kill()
        err = process.stderr.read()
    assert len(pids) == 2
    assert process.returncode != 0
    _wait_for(lambda: all(_gone(int(pid)) for pid in pids))
    assert err.count("Traceback") == (1 if signal_sent is signal.SIGINT else 0)


def test_steps_are_the_same_idle_and_under_load(database: Path, budget: Budget) -> None:
    digits = ", ".join(f"digit d{n}" for n in range(5))
    requests = [
        (database, f"SELECT count(*) FROM {digits} WHERE d0.n <> d4.n AND d1.n < {number}")
        for number in range(6)
    ] + [(database, ENDLESS)]
    loads: list[subprocess.Popen[bytes]] = []
    with Pool(2, cache=False) as pool:
        idle = [(e.status, e.steps) for e in pool.execute(requests, budget)]
        try:
            for _ in range(4):
                loads.append(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            loaded = [(e.status, e.steps) for e in pool.execute(requests, budget)]
        finally:
            for load in loads:
                load.kill()
                load.wait()
    assert idle == loaded
    assert len(set(idle)) > 3


def test_golds_pass_through_the_parent_into_the_disk_cache(
    database: Path, budget: Budget, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    payloads = [(str(database), f"SELECT {n}, name FROM person", budget) for n in range(50)]
    with Pool(2, cache=folder) as pool:
        first = dict(pool.map(f"{TASKS}:execute_gold", payloads))
    with Pool(2, cache=folder) as pool:
        # equal to the last microsecond: these were not run again
        assert dict(pool.map(f"{TASKS}:execute_gold", payloads)) == first
    with Cache(folder) as cache:
        for index, (_, sql, _) in enumerate(payloads):
            assert cache.get("digest", sql, budget) == first[index]
    assert all(cast(Execution, value).ok for value in first.values())
