"""How fast scoring is, against a raw-SQLite floor measured in the same run.

    python bench/scoring.py [--rounds 3] [--data DIR]

The floor runs the same predictions on one persistent read-only connection a database and compares
sets with gold results that are already in memory: no budget, no process, no verdict. The eight
files are scored in one call, which shares what the systems have in common, and file by file, each
time by workers that know the golds and no prediction. Everything is measured in turn, round after
round, and reported as the median of the ratios within a round, by the wall clock and by the
processor time of the whole tree of processes: on a busy machine only the second means something.
How much faster two workers are is a matter of the wall clock alone; it needs two idle cores. Uses
spider-dev and the published predictions where they are at hand (T2S_SHARED or ../shared), else the
golds of `mini`, eight times over.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from t2s_bench.benchmarks.benchmark import Benchmark, load
from t2s_bench.errors import UserError
from t2s_bench.metrics.catalog import METRICS
from t2s_bench.runs.prediction_files import read_predictions
from t2s_bench.scoring import Scorer
from t2s_bench.types import Budget, Database, Example

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.cpu_time import Spent, spent  # noqa: E402

Item = tuple[Example, Database, str]
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
PLUGGED = ("ex_spider_plug", "ex_spider_keep_plug")
# ratio: (target, numerator, denominator); the targets are the project's own promise
RATIOS = {
    "ex, one worker / floor": ("≤ 1.5", "ex", "floor"),
    "ex_spider, one worker / floor": ("≤ 2", "ex_spider", "floor"),
    "ex_spider, file by file / floor": ("", "ex_spider, file by file", "floor"),
    "all untimed metrics, one worker / floor": ("≤ 4", "all untimed", "floor"),
    "all untimed metrics, file by file / floor": ("", "all untimed, file by file", "floor"),
    "all but plugged values, one worker / floor": ("", "all but plugged", "floor"),
    "ex_spider, one worker / two workers": ("≥ 1.7", "ex_spider", "ex_spider, two workers"),
    "eight scorers in turn / one for all files": ("≥ 2", "ex_spider, each", "ex_spider, together"),
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


def measured(
    metrics: list[str], batches: list[list[Item]], workers: int = 1, budget: Budget | None = None
) -> Spent:
    """Scoring these batches with workers that are running and know every gold, and nothing else."""
    golds = {item[0].id: (*item[:2], item[0].golds[0]) for batch in batches for item in batch}
    # Of one gold a text that is not plain: it has the workers load the libraries that read such.
    odd = next(iter(golds.values()))
    warming = [*golds.values(), (*odd[:2], f"{odd[2]} -- [odd]; SELECT DISTINCT 1")]
    with Scorer(metrics, workers=workers, budget=budget) as scorer:
        for _ in range(workers):
            scored(scorer, [warming])()
        return spent(scored(scorer, batches))


def each_by_itself(systems: Iterable[list[Item]]) -> Callable[[], None]:
    """A scorer for each file: workers start, databases open and golds are read each time."""
    listed = list(systems)

    def run() -> None:
        for items in listed:
            with Scorer(["ex_spider"]) as scorer:
                scored(scorer, [items])()

    return run


def together(systems: Iterable[list[Item]]) -> Callable[[], None]:
    """The same by one scorer for all of them."""
    everything = [item for items in systems for item in items]

    def run() -> None:
        with Scorer(["ex_spider"]) as scorer:
            scored(scorer, [everything])()

    return run


def main() -> None:
    """Measures and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    benchmark, systems = files(arguments.data)
    everything = [item for system in systems for item in system]
    untimed = [name for name, metric in METRICS.items() if not metric.timed]
    few = everything[: len(everything) // 4]
    bad = [
        (example, database, f"{ENDLESS} WHERE x > {-number}")
        for number, (example, database, _) in enumerate(few[::100])
    ]
    bounded = Budget(steps=20_000_000)
    without_plugged = [name for name in untimed if name not in PLUGGED]
    raw = floor(everything)
    work: dict[str, Callable[[], Spent]] = {
        "floor": lambda: spent(raw),
        "ex": lambda: measured(["ex"], [everything]),
        "ex_spider": lambda: measured(["ex_spider"], [everything]),
        "ex_spider, two workers": lambda: measured(["ex_spider"], [everything], 2),
        "ex_spider, file by file": lambda: measured(["ex_spider"], systems),
        "all untimed": lambda: measured(untimed, [everything]),
        "all untimed, file by file": lambda: measured(untimed, systems),
        "all but plugged": lambda: measured(without_plugged, [everything]),
        "ex_spider, each": lambda: spent(each_by_itself(systems)),
        "ex_spider, together": lambda: spent(together(systems)),
        "ex, a quarter of them": lambda: measured(["ex"], [few], 1, bounded),
        "the same and 1 % endless": lambda: measured(["ex"], [few + bad], 1, bounded),
        "the endless alone": lambda: measured(["ex"], [bad], 1, bounded),
    }
    raw()  # read the files once
    rounds = [{name: run() for name, run in work.items()} for _ in range(arguments.rounds)]
    cores = os.cpu_count()
    load = os.getloadavg()[0]
    print(
        f"{benchmark.name}: {len(systems)} systems, {len(everything):,} predictions, "
        f"{cores} cores, load {load:.1f}"
    )
    print("| microseconds a prediction | wall | CPU |\n|---|--:|--:|")
    for name in list(work)[:10]:
        middle = Spent(*(statistics.median(t[name][kind] for t in rounds) for kind in (0, 1)))
        each = [1e6 * value / len(everything) for value in middle]
        print(f"| {name} | {each[0]:.1f} | {each[1]:.1f} |")
    print("\n| ratio | wall | CPU | target |\n|---|--:|--:|--:|")
    for name, (target, above, below) in RATIOS.items():
        show(name, target, [[t[above][kind] / t[below][kind] for t in rounds] for kind in (0, 1)])
    beyond = [
        [
            (t["the same and 1 % endless"][kind] - t["the endless alone"][kind])
            / t["ex, a quarter of them"][kind]
            for t in rounds
        ]
        for kind in (0, 1)
    ]
    show("1 % endless: time beyond their budgets / without them", "≈ 1", beyond)


def show(name: str, target: str, ratios: list[list[float]]) -> None:
    """One line: medians and ranges."""
    cells = [
        f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"
        for values in ratios
    ]
    print(f"| {name} | {cells[0]} | {cells[1]} | {target} |")


if __name__ == "__main__":
    main()
