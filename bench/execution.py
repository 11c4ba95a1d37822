"""Measures the executor: its overhead over raw SQLite, the pool, runaway queries, start-up, cache.

    python bench/execution.py [--shared ../shared] [--repeat 5]

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
from pathlib import Path
from time import monotonic, perf_counter

from t2s_bench.execution.cache import Cache
from t2s_bench.execution.pool import Pool
from t2s_bench.execution.session import Session
from t2s_bench.execution.sqlite import PERIOD, Reader
from t2s_bench.types import Budget

Query = tuple[str, str]
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
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        predictions, golds = spider(arguments.shared, folder)
        overhead(predictions, arguments.repeat)
        cache(golds, folder / "cache", arguments.repeat)
        handler(folder / "runaway.sqlite", arguments.repeat)
        large(folder / "large.sqlite", arguments.repeat)
        start(arguments.repeat)


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
    predictions = [
        (files[example["db_id"]], line)
        for path in sorted((shared / "predictions" / "spider_dev").glob("*.sql"))
        for example, line in zip(examples, path.read_text().splitlines(), strict=True)
        if example["db_id"] in files
    ]
    golds = [(files[e["db_id"]], e["query"]) for e in examples if e["db_id"] in files]
    return predictions, golds


def count_rows(session: Session, query: Query) -> int:
    """What the pool runs: one execution, a small answer."""
    return len(session.execute(*query, UNBOUNDED).rows)


def overhead(queries: list[Query], repeat: int) -> None:
    """One loop over raw connections that stay open, against the session and the pools."""
    raw = {path: _raw(path) for path, _ in queries}
    session = Session()
    # the workers must find `count_rows`
    sys.path.insert(0, str(Path(__file__).parent))

    def run_raw() -> None:
        for path, sql in queries:
            with suppress(sqlite3.Error, sqlite3.Warning):
                raw[path].execute(sql).fetchall()

    def run_session() -> None:
        for path, sql in queries:
            session.execute(path, sql, UNBOUNDED)

    with Pool(1, cache=False) as one, Pool(2, cache=False) as two:

        def run_pool(pool: Pool) -> None:
            for _ in pool.map("execution:count_rows", queries):
                pass

        subjects: dict[str, Callable[[], None]] = {
            "raw sqlite3, open connections": run_raw,
            "Session.execute": run_session,
            "Pool.map, 1 worker": lambda: run_pool(one),
            "Pool.map, 2 workers": lambda: run_pool(two),
        }
        best = _best(subjects, repeat)
    print(f"\n{len(queries):,} Spider predictions        us a query   x raw")
    floor = best["raw sqlite3, open connections"]
    for name, seconds in best.items():
        print(f"{name:32} {seconds / len(queries) * 1e6:10.1f} {seconds / floor:8.2f}")
    ratio = best["Pool.map, 1 worker"] / best["Pool.map, 2 workers"]
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
                "executed": lambda: [session.execute(*g, UNBOUNDED) for g in golds] and None,
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
    budget = Budget(steps=30_000_000, seconds=600.0)
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
    """The handler's share, from a bounded number of rows of the same query."""
    connection = _raw(str(path))
    # the handler of `Reader`, and one so rare that it costs nothing but still ends the query
    limit = 10_000_000
    best: dict[int, float] = {}
    for _ in range(repeat):
        for period in (limit, PERIOD):
            deadline = monotonic() + 600
            left = limit // period

            def tick(deadline: float = deadline) -> bool:
                return deadline < monotonic()

            from itertools import repeat as times
            from itertools import starmap

            handler = map(deadline.__lt__, starmap(monotonic, times((), left - 1))).__next__
            connection.set_progress_handler(handler, period)
            started = perf_counter()
            with suppress(sqlite3.OperationalError):
                connection.execute(sql).fetchall()
            seconds = perf_counter() - started
            best[period] = min(seconds, best.get(period, seconds))
    connection.close()
    return best[PERIOD] / best[limit] - 1


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
                "raw fetchall": lambda: raw.execute("SELECT * FROM t").fetchall() and None,
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
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    connection.text_factory = lambda text: text.decode(errors="ignore")
    connection.text_factory = str
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
