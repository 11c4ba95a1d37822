"""Measures the executor: its overhead over raw SQLite, the pool, runaway queries, start-up, cache.

    python bench/execution.py [--shared ../shared] [--repeat 5] [PART …]

Each figure is the best of `--repeat` rounds, because other jobs only ever add time; rounds of what
is compared take turns. Queries: the eight systems' predictions for Spider dev.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from itertools import repeat as times
from itertools import starmap
from math import inf
from pathlib import Path
from time import monotonic, perf_counter, process_time
from typing import cast

from t2s_bench.execution.cache import Cache
from t2s_bench.execution.pool import Pool
from t2s_bench.execution.session import Session
from t2s_bench.execution.sqlite import PERIOD, Reader
from t2s_bench.types import Budget

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.execution.hostile import HOSTILE, make_database  # noqa: E402

Query = tuple[str, str]
# The queries are measured in so many parts and the best times of the parts added: a short part
# is more likely to run undisturbed at least once.
SLICES = 10
RUNAWAYS = {
    "infinite CTE, counted": "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) "
    "SELECT count(*) FROM r",
    "infinite CTE, streamed": "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) "
    "SELECT x FROM r WHERE x < 0",
    "infinite CTE, distinct": "WITH RECURSIVE r(x) AS (SELECT 1 UNION SELECT x + 1 FROM r) "
    "SELECT count(*) FROM r WHERE x < 0",
    "cross join, counted": "SELECT count(*) FROM t a, t b, t c",
    "cross join, integers compared": "SELECT count(*) FROM t a, t b, t c WHERE a.n <> b.n",
    "cross join, texts compared": "SELECT count(*) FROM t a, t b, t c WHERE a.s = b.s",
    "cross join, LIKE": "SELECT count(*) FROM t a, t b, t c WHERE a.s LIKE '%' || b.n || '%'",
    "cross join, functions": "SELECT sum(length(upper(a.s || b.s))) FROM t a, t b, t c",
    "cross join, grouped": "SELECT a.n, count(*) FROM t a, t b, t c GROUP BY a.n, b.n",
    "join on no index": "SELECT count(*) FROM t a JOIN t b ON a.n % 97 = b.n % 89 JOIN t c",
    "correlated subquery": "SELECT count(*) FROM t a, t b "
    "WHERE (SELECT max(c.n) FROM t c WHERE c.n <> a.n) > b.n",
}
UNBOUNDED = Budget(steps=10**15, seconds=600.0)


def main() -> None:
    """Run every measurement and print a table of each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument(
        "parts", nargs="*", default=["overhead", "cache", "handler", "hostile", "large", "start"]
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        predictions, golds = spider(arguments.shared, folder)
        parts: dict[str, Callable[[], None]] = {
            "overhead": lambda: overhead(predictions, arguments.repeat),
            "cache": lambda: cache(golds, folder / "cache", arguments.repeat),
            "handler": lambda: handler(folder / "runaway.sqlite", arguments.repeat),
            "hostile": lambda: hostile(folder / "hostile.sqlite"),
            "large": lambda: large(folder / "large.sqlite", arguments.repeat),
            "start": lambda: start(arguments.repeat),
        }
        # the workers must find the functions below
        sys.path.insert(0, str(Path(__file__).parent))
        for part in arguments.parts:
            parts[part]()


def spider(shared: Path, folder: Path) -> tuple[list[Query], list[Query]]:
    """(file, SQL) of the predictions and of the golds, databases unpacked into `folder`."""
    with zipfile.ZipFile(shared / "benchmarks" / "spider_data.zip") as archive:
        examples = json.loads(archive.read("spider_data/dev.json"))
        names = set(archive.namelist())
        files = {}
        for example in examples:
            inside = "spider_data/database/{0}/{0}.sqlite".format(example["db_id"])
            if inside in names:
                files[example["db_id"]] = archive.extract(inside, folder)
    # Distinct ones, as scoring runs them: of repeated ones, raw SQLite would save the compiling.
    predictions = dict.fromkeys(
        (files[example["db_id"]], line)
        for path in sorted((shared / "predictions" / "spider_dev").glob("*.sql"))
        for example, line in zip(examples, path.read_text().splitlines(), strict=True)
        if example["db_id"] in files
    )
    golds = [(files[e["db_id"]], e["query"]) for e in examples if e["db_id"] in files]
    return list(predictions), golds


def count_rows(session: Session, query: Query) -> tuple[int, int, float]:
    """What the pool runs: one execution, a small answer; with it the process and its CPU time."""
    rows = len(session.execute(*query, UNBOUNDED).rows)
    return rows, os.getpid(), process_time()


def overhead(queries: list[Query], repeat: int) -> None:
    """One loop over raw connections that stay open, against the session and the pools.

    Wall-clock time is what users feel; CPU time (of a pool: its workers') is what other jobs on
    the machine disturb least.
    """
    raw = {path: _raw(path) for path, _ in queries}
    session = Session()

    def run_raw(part: list[Query]) -> float:
        begun = process_time()
        for path, sql in part:
            with suppress(sqlite3.Error, sqlite3.Warning):
                raw[path].execute(sql).fetchall()
        return process_time() - begun

    def run_session(part: list[Query]) -> float:
        begun = process_time()
        for path, sql in part:
            session.execute(path, sql, UNBOUNDED)
        return process_time() - begun

    def run_pool(pool: Pool, part: list[Query]) -> float:
        first: dict[int, float] = {}
        last: dict[int, float] = {}
        for _, answer in pool.map("execution:count_rows", part):
            _, process, seconds = cast("tuple[int, int, float]", answer)
            first[process] = min(seconds, first.get(process, seconds))
            last[process] = max(seconds, last.get(process, seconds))
        return sum(last.values()) - sum(first.values())

    with Pool(1, cache=False) as one, Pool(2, cache=False) as two:
        subjects: dict[str, Callable[[list[Query]], float]] = {
            "raw sqlite3, open connections": run_raw,
            "Session.execute": run_session,
            "Pool.map, 1 worker": lambda part: run_pool(one, part),
            "Pool.map, 2 workers": lambda part: run_pool(two, part),
        }
        wall = dict.fromkeys(subjects, 0.0)
        cpu = dict.fromkeys(subjects, 0.0)
        for offset in range(SLICES):
            part = queries[offset::SLICES]
            best = dict.fromkeys(subjects, (inf, inf))
            for _ in range(repeat):
                for name, subject in subjects.items():
                    started = perf_counter()
                    busy = subject(part)
                    took = perf_counter() - started
                    best[name] = min(took, best[name][0]), min(busy, best[name][1])
            for name in subjects:
                wall[name] += best[name][0]
                cpu[name] += best[name][1]
    print(f"\n{len(queries):,} Spider predictions     us a query   x raw   CPU us   x raw")
    floor = "raw sqlite3, open connections"
    for name in subjects:
        print(
            f"{name:32} {wall[name] / len(queries) * 1e6:7.1f} {wall[name] / wall[floor]:7.2f}"
            f" {cpu[name] / len(queries) * 1e6:8.1f} {cpu[name] / cpu[floor]:7.2f}"
        )
    ratio = wall["Pool.map, 1 worker"] / wall["Pool.map, 2 workers"]
    print(f"two workers are {ratio:.2f} times as fast as one")


def cache(golds: list[Query], folder: Path, repeat: int) -> None:
    """Reading the golds from disk, against running them."""
    with Session() as session, Cache(folder) as store:
        executions = [session.execute(path, sql, UNBOUNDED) for path, sql in golds]
        for (path, sql), execution in zip(golds, executions, strict=True):
            store.put(path, sql, UNBOUNDED, execution)
        store.flush()

        def read() -> None:
            with Cache(folder) as fresh:
                for path, sql in golds:
                    assert fresh.get(path, sql, UNBOUNDED) is not None

        best = _best(
            {
                "from the disk cache": read,
                "executed": lambda: _ignore([session.execute(*g, UNBOUNDED) for g in golds]),
            },
            repeat,
        )
    size = store.path.stat().st_size
    print(f"\n{len(golds):,} Spider golds (cache file {size / 1e6:.1f} MB)      ms")
    for name, seconds in best.items():
        print(f"{name:32} {seconds * 1e3:10.1f}")


def handler(path: Path, repeat: int) -> None:
    """What the progress handler costs, and how many steps runaway queries do in a second."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (n INTEGER, s TEXT)")
        connection.executemany(
            "INSERT INTO t VALUES (?, ?)", [(i * 7919 % 5000, f"name {i}") for i in range(5000)]
        )
    connection.close()
    budget = Budget(steps=10_000_000, seconds=600.0)
    print(f"\nrunaway queries (handler every {PERIOD:,})     steps/s   handler   steps in 30 s")
    rates = []
    with Reader(path) as reader:
        for name, sql in RUNAWAYS.items():
            best = min(reader.execute(sql, budget).seconds for _ in range(repeat))
            rate = budget.steps / best
            rates.append(rate)
            cost = _handler_cost(path, sql, repeat)
            print(f"{name:32} {rate:12.3g} {cost:+9.1%} {rate * 30:14.3g}")
    rates.sort()
    print(
        f"median {rates[len(rates) // 2]:.3g} steps/s: 30 s are {rates[len(rates) // 2] * 30:.3g}"
    )


def _handler_cost(path: Path, sql: str, repeat: int) -> float:
    """What calling every `PERIOD` steps adds to 10 million steps, against calling once."""
    connection = _raw(str(path))
    best: dict[int, float] = {}
    steps = 10_000_000
    for _ in range(repeat):
        for period in (steps, PERIOD):
            clock = starmap(monotonic, times((), steps // period - 1))
            deadline = monotonic() + 600
            connection.set_progress_handler(map(deadline.__lt__, clock).__next__, period)
            started = perf_counter()
            with suppress(sqlite3.OperationalError):
                connection.execute(sql).fetchall()
            seconds = perf_counter() - started
            best[period] = min(seconds, best.get(period, seconds))
    connection.close()
    return best[PERIOD] / best[steps] - 1


def hostile(path: Path) -> None:
    """When the slowest hostile statements end, the start of a new worker included."""
    make_database(path)
    budget = Budget(steps=3_000_000, seconds=1.5, bytes=40_000_000)
    requests = [(path, each.sql) for each in HOSTILE]
    took: list[tuple[float, str, str]] = []
    with Pool(1, cache=False) as pool:
        begun = perf_counter()
        for each, execution in zip(HOSTILE, pool.execute(requests, budget), strict=True):
            took.append((perf_counter() - begun, each.name, str(execution.status)))
            begun = perf_counter()
    print(f"\n{len(HOSTILE)} hostile statements, budget {budget.seconds} s            s")
    for seconds, name, status in sorted(took, reverse=True)[:6]:
        print(f"{name:32} {seconds:10.2f}   {status}")


def large(path: Path, repeat: int) -> None:
    """A large result: the caps' bookkeeping against a plain fetchall."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a, b, c, d, e, f)")
        connection.executemany(
            "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)",
            ((i, i % 97, f"name {i}", i * 0.37, f"{i} Some Street", None) for i in range(500_000)),
        )
    connection.close()
    raw = _raw(str(path))
    with Session() as session:
        best = _best(
            {
                "raw fetchall": lambda: _ignore(raw.execute("SELECT * FROM t").fetchall()),
                "Session.execute": lambda: _ignore(
                    session.execute(path, "SELECT * FROM t", UNBOUNDED)
                ),
            },
            repeat,
        )
    print("\n500,000 rows x 6                         ms   x raw")
    for name, seconds in best.items():
        print(f"{name:32} {seconds * 1e3:10.0f} {seconds / best['raw fetchall']:7.2f}")


def start(repeat: int) -> None:
    """From nothing to the first answer, and a bare interpreter for comparison."""

    def first_answer() -> None:
        with Pool(1, cache=False) as pool:
            list(pool.map("execution:nothing", [None]))

    best = _best(
        {
            "bare interpreter": lambda: _ignore(
                subprocess.run([sys.executable, "-S", "-E", "-c", ""], check=True)
            ),
            "worker, to its first answer": first_answer,
        },
        repeat,
    )
    print("\nstart-up                                 ms")
    for name, seconds in best.items():
        print(f"{name:32} {seconds * 1e3:10.0f}")


def nothing(session: Session, payload: object) -> None:
    """A task without work."""


def _raw(path: str) -> sqlite3.Connection:
    # A run sees each of these statements once; only the rounds here repeat them.
    connection = sqlite3.connect(
        f"file:{path}?mode=ro", uri=True, isolation_level=None, cached_statements=0
    )
    return connection


def _ignore(value: object) -> None:
    """For a lambda that must give None."""


def _best(subjects: dict[str, Callable[[], None]], repeat: int) -> dict[str, float]:
    best: dict[str, float] = {}
    for _ in range(repeat):
        for name, subject in subjects.items():
            started = perf_counter()
            subject()
            seconds = perf_counter() - started
            best[name] = min(seconds, best.get(name, seconds))
    return best


if __name__ == "__main__":
    os.environ.setdefault("T2S_CACHE", tempfile.mkdtemp())
    main()
