"""How fast scoring is, against a raw-SQLite floor measured in the same run.

    python bench/scoring.py [--rounds 3] [--data DIR]

The floor runs the same predictions, file by file, on one persistent read-only connection a database
and compares sets with gold results that are already in memory: no budget, no process, no verdict.
The eight files are scored together, which shares what the systems have in common, and file by file,
each time by workers that know the golds and no prediction.

A machine's speed changes from second to second, so the two sides of a ratio take turns, eighth by
eighth of the predictions; a round gives one ratio, and the table shows the rounds' median and
range, by the wall clock and by the processor time of the whole tree of processes: on a busy machine
only the second means something. How much faster two workers are is a matter of the wall clock
alone: it needs two idle cores, and where these slow down when both are at work, the CPU ratio says
by how much. Another line says what the floor itself gains where all systems' answers to a question
come one after another. Uses spider-dev and the published predictions where they are at
hand (T2S_SHARED or ../shared), else the golds of `mini`, eight times over.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
TWO_WORKERS = "ex_spider, one worker / two workers"
PLUGGED = ("ex_spider_plug", "ex_spider_keep_plug")
Run = Callable[[list[Item]], None]


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


def floor(items: list[Item]) -> Run:
    """The raw loop, with its connections open and its golds known."""
    connections = {
        database.id: sqlite3.connect(f"file:{database.path}?mode=ro", uri=True)
        for _, database, _ in items
    }
    golds = {
        example.id: set(connections[database.id].execute(example.golds[0]).fetchall())
        for example, database, _ in items
    }

    def run(batch: list[Item]) -> None:
        for example, database, sql in batch:
            try:
                rows = connections[database.id].execute(sql).fetchall()
            except (sqlite3.Error, sqlite3.Warning):
                continue
            set(rows) == golds[example.id]  # noqa: B015 (the comparison is what is timed)

    return run


@contextmanager
def scorer(
    metrics: list[str], items: list[Item], workers: int = 1, budget: Budget | None = None
) -> Iterator[Run]:
    """Workers that are running and know the golds of these items, and nothing else."""
    golds = {example.id: (example, database, example.golds[0]) for example, database, _ in items}
    # Of one gold a text that is not plain: it has the workers load the libraries that read such.
    example, database, gold = next(iter(golds.values()))
    warming = [*golds.values(), (example, database, f"{gold} -- [odd]; SELECT DISTINCT 1")]
    with Scorer(metrics, workers=workers, budget=budget) as opened:

        def run(batch: list[Item]) -> None:
            for _ in opened.judge_all(batch):
                pass

        # Which of two workers gets a question is chance: so that each has met nearly every gold.
        for _ in range(1 if workers == 1 else 2 * workers):
            run(warming)
        yield run


def by_new_scorer(batch: list[Item]) -> None:
    """Workers start, databases open and golds are read for this batch."""
    with Scorer(["ex_spider"]) as opened:
        for _ in opened.judge_all(batch):
            pass


def in_parts(items: list[Item], count: int) -> list[list[Item]]:
    """All predictions for the first questions, for the next ones, and so on."""
    by_question: dict[str, list[Item]] = {}
    for item in items:
        by_question.setdefault(item[0].id, []).append(item)
    groups = list(by_question.values())
    size = -(-len(groups) // count)
    return [
        [item for group in groups[start : start + size] for item in group]
        for start in range(0, len(groups), size)
    ]


def in_turn(
    first: Run, second: Run, batches: list[list[Item]], others: list[list[Item]] | None = None
) -> tuple[Spent, Spent]:
    """What each side takes for all batches, one after another, either going first as often.

    `others` are the second side's batches where it goes another way through the same items.
    """
    totals = [[0.0, 0.0], [0.0, 0.0]]
    for number, parts in enumerate(zip(batches, others or batches, strict=True)):
        for side in (0, 1) if number % 2 else (1, 0):
            found = spent(lambda run=(first, second)[side], part=parts[side]: run(part))  # type: ignore[misc]
            totals[side] = [total + one for total, one in zip(totals[side], found, strict=True)]
    return Spent(*totals[0]), Spent(*totals[1])


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    benchmark, systems = files(arguments.data)
    everything = [item for system in systems for item in system]
    untimed = [name for name, metric in METRICS.items() if not metric.timed]
    without_plugged = [name for name in untimed if name not in PLUGGED]
    small, large = in_parts(everything, len(systems)), in_parts(everything, 3)
    raw = floor(everything)
    raw(everything)  # read the files once

    def against_floor(metrics: list[str], batches: list[list[Item]]) -> tuple[Spent, Spent]:
        with scorer(metrics, everything) as scored:
            return in_turn(scored, raw, batches, systems)

    def by_two_workers() -> tuple[Spent, Spent]:
        with (
            scorer(["ex_spider"], everything) as one,
            scorer(["ex_spider"], everything, workers=2) as two,
        ):
            return in_turn(one, two, large)

    def by_eight_scorers(_: list[Item]) -> None:
        for system in systems:
            by_new_scorer(system)

    # ratio: (target, what is measured); the targets are the project's own promise
    duels: dict[str, tuple[str, Callable[[], tuple[Spent, Spent]]]] = {
        "ex, one worker / floor": ("≤ 1.5", lambda: against_floor(["ex"], small)),
        "ex_spider, one worker / floor": ("≤ 2", lambda: against_floor(["ex_spider"], small)),
        "all untimed metrics, one worker / floor": ("≤ 4", lambda: against_floor(untimed, small)),
        "all but plugged values / floor": ("", lambda: against_floor(without_plugged, small)),
        "ex, file by file / floor": ("", lambda: against_floor(["ex"], systems)),
        "ex_spider, file by file / floor": ("", lambda: against_floor(["ex_spider"], systems)),
        "all untimed, file by file / floor": ("", lambda: against_floor(untimed, systems)),
        TWO_WORKERS: ("≥ 1.7", by_two_workers),
        "the floor file by file / question by question": (
            "",
            lambda: in_turn(raw, raw, systems, small),
        ),
        "eight scorers in turn / one for all files": (
            "≥ 2",
            lambda: in_turn(by_eight_scorers, by_new_scorer, [everything]),
        ),
    }
    rounds = [
        {name: measure() for name, (_, measure) in duels.items()} for _ in range(arguments.rounds)
    ]
    cores = os.cpu_count()
    load = os.getloadavg()[0]
    print(
        f"{benchmark.name}: {len(systems)} systems, {len(everything):,} predictions, "
        f"{cores} cores, load {load:.1f}\n"
    )
    print("| microseconds a prediction, and ratio | CPU | CPU | wall | CPU | target |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, (target, _) in duels.items():
        sides = [
            statistics.median(found[name][side].cpu for found in rounds) * 1e6 / len(everything)
            for side in (0, 1)
        ]
        ratios = [
            [above[k] / below[k] for above, below in (r[name] for r in rounds)] for k in (0, 1)
        ]
        show(name, target, ratios, sides)
        if name == TWO_WORKERS:
            level = [wall / cpu for wall, cpu in zip(*ratios, strict=True)]
            show("the same at equal processor speed", target, [level, []], [])
    bounded = Budget(steps=20_000_000)
    few = everything[: len(everything) // 4]
    bad = [
        (example, database, f"{ENDLESS} WHERE x > {-number}")
        for number, (example, database, _) in enumerate(few[::100])
    ]
    beyond: list[list[float]] = [[], []]
    for _ in range(arguments.rounds):
        with scorer(["ex"], few, budget=bounded) as scored:
            good, mixed, endless = (spent(lambda b=b: scored(b)) for b in (few, few + bad, bad))  # type: ignore[misc]
        for kind in (0, 1):
            beyond[kind].append((mixed[kind] - endless[kind]) / good[kind])
    show("1 % endless: time beyond their budgets / without them", "≈ 1", beyond, [])


def show(name: str, target: str, ratios: list[list[float]], sides: list[float]) -> None:
    """One line: what each side takes, and the ratios' medians and ranges."""
    cells = [f"{side:.1f}" for side in sides] or ["", ""]
    cells += [
        f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})" if values else ""
        for values in ratios
    ]
    print(f"| {name} | {' | '.join(cells)} | {target} |")


if __name__ == "__main__":
    main()
