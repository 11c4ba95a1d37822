"""How long the small model takes to write one more token, by the number of rows that it writes.

    python bench/stepping.py [--steps 40]

Beside it, reading all rows anew with `Decoder.states`, which is what a step saves. The task is the
first of `mini`, rows are chosen anew at every step as a beam does, one thread; the least of three
loops counts.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from systems.advanced.codec.pointer.vocabulary import BEGIN  # noqa: E402
from systems.advanced.schema_graph.build import TaskMaker  # noqa: E402
from systems.advanced.small_model.model import SmallModel  # noqa: E402
from systems.advanced.small_model.session import task_batch  # noqa: E402
from systems.advanced.small_model.stepping import Stepping, StepWeights, Voice, one_thread  # noqa: E402

import t2s_bench  # noqa: E402

CHECKPOINT = Path(__file__).parents[1] / "systems" / "advanced" / "checkpoints" / "full"


def least(work: Callable[[], object], steps: int) -> float:
    """Milliseconds a step in the fastest of three loops."""
    seconds = []
    for _ in range(3):
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    return min(seconds) / steps * 1000


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=40)
    steps = parser.parse_args().steps
    torch.set_num_threads(1)
    example = t2s_bench.load("mini").examples[0]
    assert example.database is not None
    makers = TaskMaker()
    task = makers.task(example.question, example.database)
    makers.close()
    model = SmallModel.load(CHECKPOINT).eval()
    weights = StepWeights([model.decoder])
    chance = random.Random(1)
    print("| rows | ms a step | ms to read all rows anew, mean over the steps |\n|--:|--:|--:|")
    with torch.inference_mode(), one_thread():
        memory, _ = model.remember(task_batch(model, task))
        voice = Voice(model.decoder, memory)
        for rows in (1, 4, 8, 16, 32):

            def stepped(rows: int = rows) -> None:
                writing = Stepping([voice], weights, BEGIN, [()])
                writing.take([0] * rows)
                for _ in range(steps):
                    writing.logits()
                    writing.write([chance.randrange(rows) for _ in range(rows)], [5] * rows)

            def read(rows: int = rows) -> None:
                shared = memory.shared_by(rows)
                for count in range(1, steps + 1):
                    states, _ = model.decoder.states(torch.full((rows, count), 5), shared)
                    model.decoder.logits(states[:, -1:], shared)

            print(
                f"| {rows} | {least(stepped, steps):.2f} | {least(read, steps):.2f} |", flush=True
            )


if __name__ == "__main__":
    main()
