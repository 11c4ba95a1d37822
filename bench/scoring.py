"""How fast scoring is, against a raw-SQLite floor measured in the same run.

    python bench/scoring.py [--rounds 5] [--data DIR]

The floor runs the same predictions on one persistent read-only connection a database and compares
sets with gold results that are already in memory: no budget, no process, no verdict. Everything is
measured in turn, round after round, and reported as the median of the ratios within a round, since
seconds on a shared machine mean little. Uses spider-dev and the published predictions where they
are at hand (T2S_SHARED or ../shared), else the golds of `mini`, eight times over.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter

from t2s_bench.benchmarks.benchmark import Benchmark, load
from t2s_bench.errors import UserError
from t2s_bench.metrics.catalog import METRICS
from t2s_bench.runs.prediction_files import read_predictions
from t2s_bench.scoring import Scorer
from t2s_bench.types import Budget, Database, Example

Item = tuple[Example, Database, str]
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
# The targets, from the project's own promise.
TARGETS = {
    "ex, one worker / floor": "≤ 1.5",
    "ex_spider, one worker / floor": "≤ 2",
    "all untimed metrics, one worker / floor": "≤ 4",
    "ex_spider, one worker / two workers": "≥ 1.7",
    "each file alone / all files together": "≥ 2",
    "1 % endless: seconds beyond their budgets / without them": "≈ 1",
}


def files(data: Path | None) -> tuple[Benchmark, list[list[Item]]]:
    """The benchmark and, for each system, its (example, database, SQL) triples."""
    shared = Path(os.environ.get("T2S_SHARED", Path(__file__).parents[2] / "shared"))
    paths = sorted((shared / "predictions" / "spider_dev").glob("*.sql"))
    try:
        benchmark = load("spider-dev" if paths else "mini", data=data)
    except UserError:
        paths, benchmark = [], load("mini")
    answers = [
        {id: prediction.sql for id, prediction in read_predictions(path, benchmark).items()}
        for path in paths
    ] or [{example.id: example.golds[0] for example in benchmark.examples}] * 8
    return benchmark, [
        [(e, benchmark.databases[e.question.database], sqls[e.id]) for e in benchmark.examples]
        for sqls in answers
    ]


def floor(items: list[Item]) -> Callable[[], None]:
    """The raw loop, with its connections open and its golds known."""
    connections = {
        database.id: sqlite3.connect(f"file:{database.path}?mode=ro", uri=True)
        for _, database, _ in items
    }
    golds = {
        example.id: set(connections[database.id].execute(example.golds[0]).fetchall())
        for example, database, _ in items
    }

    def run() -> None:
        for example, database, sql in items:
            try:
                rows = connections[database.id].execute(sql).fetchall()
            except (sqlite3.Error, sqlite3.Warning):
                continue
            set(rows) == golds[example.id]  # noqa: B015 (the comparison is what is timed)

    return run


def scored(scorer: Scorer, batches: Iterable[list[Item]]) -> Callable[[], None]:
    """Scoring these batches, one after another."""
    listed = list(batches)

    def run() -> None:
        for batch in listed:
            for _ in scorer.judge_all(batch):
                pass

    return run


def seconds(work: Callable[[], None]) -> float:
    """Wall-clock time of one call."""
    start = perf_counter()
    work()
    return perf_counter() - start


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    benchmark, systems = files(arguments.data)
    everything = [item for system in systems for item in system]
    untimed = [name for name, metric in METRICS.items() if not metric.timed]
    budget = Budget(steps=20_000_000)
    one_percent = everything[: len(everything) // 4]
    bad = [
        (example, database, f"{ENDLESS} WHERE x > {-number}")
        for number, (example, database, _) in enumerate(one_percent[::100])
    ]
    with (
        Scorer(["ex"]) as ex,
        Scorer(["ex_spider"]) as spider,
        Scorer(["ex_spider"], workers=2) as spider_two,
        Scorer(untimed) as all_metrics,
        Scorer(["ex"], budget=budget) as bounded,
    ):
        work = {
            "floor": floor(everything),
            "ex": scored(ex, systems),
            "spider": scored(spider, systems),
            "spider_two": scored(spider_two, systems),
            "all": scored(all_metrics, systems),
            "together": scored(spider, [everything]),
            "clean": scored(bounded, [one_percent]),
            "endless": scored(bounded, [one_percent + bad]),
            "bad_alone": scored(bounded, [bad]),
        }
        for run in work.values():  # start workers, open databases, fill the gold cache
            run()
        rounds = [
            {name: seconds(run) for name, run in work.items()} for _ in range(arguments.rounds)
        ]
    ratios: dict[str, Callable[[dict[str, float]], float]] = {
        "ex, one worker / floor": lambda t: t["ex"] / t["floor"],
        "ex_spider, one worker / floor": lambda t: t["spider"] / t["floor"],
        "all untimed metrics, one worker / floor": lambda t: t["all"] / t["floor"],
        "ex_spider, one worker / two workers": lambda t: t["spider"] / t["spider_two"],
        "each file alone / all files together": lambda t: t["spider"] / t["together"],
        "1 % endless: seconds beyond their budgets / without them": lambda t: (
            (t["endless"] - t["bad_alone"]) / t["clean"]
        ),
    }
    count = len(everything)
    cores = os.cpu_count()
    print(f"{benchmark.name}: {len(systems)} systems, {count:,} predictions, {cores} cores")
    print("| seconds per 1,000 predictions | median |\n|---|--:|")
    for name in ("floor", "ex", "spider", "spider_two", "all", "together"):
        print(f"| {name} | {1000 * statistics.median(t[name] for t in rounds) / count:.3f} |")
    print("\n| ratio | median | range | target |\n|---|--:|--:|--:|")
    for name, ratio in ratios.items():
        values = sorted(ratio(times) for times in rounds)
        middle = statistics.median(values)
        print(f"| {name} | {middle:.2f} | {values[0]:.2f}–{values[-1]:.2f} | {TARGETS[name]} |")


if __name__ == "__main__":
    main()
