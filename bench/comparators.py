"""Measures the comparators on large results: seconds of processor time and memory on top.

    python bench/comparators.py [--rows 1000000]

Two results of six columns (whole numbers, floats, texts) compared by `ex`, `ex_spider`, `strict`,
`subset` and `soft_f1`, each in a process of its own: in the same order, with the rows shuffled,
with rows and columns shuffled, and with one cell changed. Both results are built in their own
order, as a database would deliver them. The promise is under 3 s and 1 GiB, the results included;
how fast this machine is tells the first comparator, BIRD's own expression.
Twelve columns of equal values are compared as well; the promise there is under 1 s.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from time import process_time

from t2s_bench.metrics import subset
from t2s_bench.metrics.close_rows import holds_columns, same_rows_close
from t2s_bench.metrics.rows import same_set, same_up_to_columns, same_up_to_columns_sound
from t2s_bench.metrics.soft_f1 import f1_of_rows
from t2s_bench.metrics.strict import TOLERANCE
from t2s_bench.types import Row

Rows = list[Row]
COMPARATORS: dict[str, Callable[[Rows, Rows], object]] = {
    "set(gold) == set(other)": lambda gold, other: set(gold) == set(other),
    "ex": same_set,
    "ex_spider": lambda gold, other: same_up_to_columns_sound(gold, other, ordered=False),
    "ex_spider, official": lambda gold, other: same_up_to_columns(gold, other, ordered=False),
    "strict": lambda gold, other: same_rows_close(gold, other, TOLERANCE, ordered=False),
    "subset": lambda gold, other: holds_columns(gold, other, subset.TOLERANCE, ordered=False),
    "soft_f1": lambda gold, other: f1_of_rows(other, gold),
}
SHAPES = ("same order", "rows shuffled", "rows and columns shuffled", "one cell changed", "noise")


def row(number: int) -> Row:
    """One row of the made-up result; the same number gives an equal row of new objects."""
    half = number * 0.5
    return (
        number + 0,
        number % 1000,
        half + 0.25,
        f"name {number % 50000}",
        f"x{number}",
        half / 7,
    )


def results(rows: int, shape: str) -> tuple[Rows, Rows]:
    """Gold and prediction, sharing no objects."""
    order = list(range(rows))
    gold = [row(number) for number in order]
    if shape != "same order":
        random.Random(5).shuffle(order)
    columns = (1, 0, 3, 2, 5, 4) if shape == "rows and columns shuffled" else range(6)
    other: Rows = []
    for number in order:
        cells = row(number)
        if shape == "noise":
            cells = (*cells[:2], float(str(cells[2])) * (1 + 1e-9), *cells[3:])
        other.append(tuple([cells[place] for place in columns]))
    if shape == "one cell changed":
        other[-1] = (*other[-1][:5], 0.5)
    return gold, other


def measure(name: str, shape: str, rows: int) -> dict[str, object]:
    """Compares once, as a scoring worker would.

    The garbage collector rests while rows are made, and has seen them before they are compared: in
    a worker it does so while they are fetched.
    """
    gc.disable()
    if shape == "twelve equal columns":
        gold: Rows = [(1,) * 12 for _ in range(rows)]
        other: Rows = [(1.0,) * 12 for _ in range(rows - 1)]
        other.append((1,) * 12)
    else:
        gold, other = results(rows, shape)
    gc.enable()
    gc.collect()
    start = process_time()
    value = COMPARATORS[name](gold, other)
    seconds = process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"value": value, "seconds": seconds, "mebibytes": peak}


def main() -> None:
    """Measures everything and prints a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", nargs=2, metavar=("COMPARATOR", "SHAPE"))
    arguments = parser.parse_args()
    if arguments.one:
        name, shape = arguments.one
        print(json.dumps(measure(name, shape, arguments.rows)))
        return
    print("| comparator | results | verdict | CPU s | peak MiB |\n|---|---|--:|--:|--:|")
    cases = [(name, shape, arguments.rows) for name in COMPARATORS for shape in SHAPES]
    cases += [(name, "twelve equal columns", 1000) for name in COMPARATORS]
    for name, shape, rows in cases:
        command = [sys.executable, __file__, "--rows", str(rows), "--one", name, shape]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        value, seconds, peak = found["value"], found["seconds"], found["mebibytes"]
        print(
            f"| {name} | {shape} | {float(value):.4f} | {seconds:.2f} | {peak:,.0f} |", flush=True
        )


if __name__ == "__main__":
    main()
