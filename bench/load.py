"""Whether a busy machine changes verdicts: the same 200 predictions scored idle and under load.

    python bench/load.py [--predictions 200] [--data DIR]

One in twenty never ends, so that budgets decide, too. They are scored by every untimed metric on
two workers, first with nothing else running, then beside two endless processes a core. Verdicts,
reasons and counted steps must be the same; seconds are shown. Ends with 1 where something differs.
Uses spider-dev and the published predictions where they are at hand, else `mini`.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from t2s_bench.metrics.catalog import METRICS
from t2s_bench.metrics.judge import Judgement
from t2s_bench.scoring import Scorer
from t2s_bench.types import Budget

sys.path.insert(0, str(Path(__file__).parents[1]))
from bench.scoring import ENDLESS, Item, files  # noqa: E402

# An endless query then ends after half a second where nothing else runs.
BUDGET = Budget(steps=30_000_000)


def chosen(count: int, data: Path | None) -> list[Item]:
    """Predictions of all systems by chance, always the same, one in twenty replaced."""
    _, systems = files(data)
    items = random.Random(11).sample([item for items in systems for item in items], count)
    for number in range(0, count, 20):
        example, database, _ = items[number]
        items[number] = (example, database, f"{ENDLESS} WHERE x > {-number}")
    return items


def judged(items: list[Item]) -> tuple[list[Judgement], float]:
    """Everything in the order of the items, and the seconds it took."""
    names = [name for name, metric in METRICS.items() if not metric.timed]
    started = perf_counter()
    with Scorer(names, workers=2, budget=BUDGET) as scorer:
        found = dict(scorer.judge_all(items))
    return [found[number] for number in range(len(items))], perf_counter() - started


def what_repeats(judgement: Judgement) -> object:
    """All of it but the seconds of the execution."""
    counts = judgement.predicted_rows, judgement.predicted_steps
    return judgement.score, counts, judgement.gold_rows, judgement.gold_steps


def main() -> int:
    """Scores twice and compares."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--predictions", type=int, default=200)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    items = chosen(arguments.predictions, arguments.data)
    before = os.getloadavg()[0]
    idle, idle_seconds = judged(items)
    endless = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(endless) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        loaded, loaded_seconds = judged(items)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    pairs = zip(items, idle, loaded, strict=True)
    differing = [
        (item[2], first, second)
        for item, first, second in pairs
        if what_repeats(first) != what_repeats(second)
    ]
    late = sum(str(judgement.score.outcome) == "pred_timeout" for judgement in idle)
    print(
        f"{len(items)} predictions, {late} over their budget: {idle_seconds:.1f} s alone (load "
        f"before: {before:.1f}), {loaded_seconds:.1f} s beside {len(busy)} endless processes; "
        f"{len(differing)} verdicts differ"
    )
    for sql, first, second in differing:
        print(sql, first, second, sep="\n  ")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
