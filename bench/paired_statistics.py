"""How fast and how honest the statistics are.

    python bench/paired_statistics.py [--experiments 2000]

Speed: 10,000 bootstrap resamples of 20 systems on 1,034 questions, against the same by indexing.
Honesty: how often 95 % intervals of a paired difference hold the truth, for three kinds of interval
and the rates that Text-to-SQL systems have; how often the gate fails a model that did not change;
how often it catches a loss of the size that it says it can see.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache
from math import sqrt
from time import perf_counter

import numpy as np

from t2s_bench.analysis.bootstrap import RESAMPLES, bootstrap_means
from t2s_bench.analysis.gate import Status, judge_loss
from t2s_bench.analysis.paired import paired_difference
from t2s_bench.analysis.statistics import detectable_difference, paired_interval

SYSTEMS, QUESTIONS = 20, 1_034
Interval = Callable[[int, int, int], tuple[float, float]]


def speed() -> None:
    """Times the bootstrap of a leaderboard, and a hundredth of it in the plain way."""
    scores = (np.random.default_rng(0).random((SYSTEMS, QUESTIONS)) < 0.7).astype(float)
    seconds = []
    for _ in range(5):
        started = perf_counter()
        bootstrap_means(scores)
        seconds.append(perf_counter() - started)
    generator = np.random.default_rng(0)
    started = perf_counter()
    for _ in range(RESAMPLES // 100):
        scores[:, generator.integers(0, QUESTIONS, QUESTIONS)].mean(axis=1)
    plain = 100 * (perf_counter() - started)
    print(f"{RESAMPLES:,} resamples × {SYSTEMS} systems × {QUESTIONS:,} questions")
    print(f"  median of 5: {sorted(seconds)[2]:.2f} s (target: under 2 s)")
    print(f"  by indexing, from a hundredth of it: {plain:.2f} s")


@cache
def wald(won: int, lost: int, total: int) -> tuple[float, float]:
    """The textbook interval: 1.96 standard errors on either side."""
    difference = (won - lost) / total
    half = 1.96 * sqrt(max(0.0, (won + lost) / total - difference**2) / total)
    return difference - half, difference + half


@cache
def percentile(won: int, lost: int, total: int) -> tuple[float, float]:
    """The percentile bootstrap; resampling 0/1 outcomes is drawing their counts."""
    shares = [won / total, lost / total, 1 - (won + lost) / total]
    drawn = np.random.default_rng(0).multinomial(total, shares, size=2_000)
    low, high = np.percentile((drawn[:, 0] - drawn[:, 1]) / total, (2.5, 97.5))
    return float(low), float(high)


def simulated(
    experiments: int, questions: int, discordance: float, difference: float
) -> list[tuple[int, int]]:
    """Questions won and lost, experiment by experiment."""
    shares = [(discordance + difference) / 2, (discordance - difference) / 2, 1 - discordance]
    drawn = np.random.default_rng(1).multinomial(questions, shares, size=experiments)
    return [(int(won), int(lost)) for won, lost, _ in drawn]


def coverage(experiments: int) -> None:
    """Prints how often each kind of interval holds the true difference."""
    kinds: dict[str, Interval] = {"Tango": paired_interval, "Wald": wald, "percentile": percentile}
    print("\ncoverage of 95 % intervals, in % (promised: 95)")
    print(f"{'questions':>9} {'discordant':>10} {'difference':>10}", *(f"{k:>10}" for k in kinds))
    for questions in (100, 276, 500, 1_034):
        for discordance in (0.01, 0.02, 0.05, 0.1, 0.2, 0.4):
            for share in (0.0, 0.8):
                truth = share * discordance
                drawn = simulated(experiments, questions, discordance, truth)
                cells = []
                for interval in kinds.values():
                    found = [interval(won, lost, questions) for won, lost in drawn]
                    held = sum(low - 1e-12 <= truth <= high + 1e-12 for low, high in found)
                    cells.append(f"{100 * held / experiments:>10.1f}")
                print(f"{questions:>9,} {discordance:>10.0%} {100 * truth:>9.1f}p", *cells)


def alarms(experiments: int, discordance: float, loss: float) -> float:
    """How often, in percent, the gate fails a run of 500 questions with this true loss."""

    @cache
    def fails(won: int, lost: int) -> bool:
        rest = [1.0] * (500 - won - lost)
        before, after = [0.0] * won + [1.0] * lost, [1.0] * won + [0.0] * lost
        return judge_loss(paired_difference(before + rest, after + rest))[0] is Status.REGRESSION

    drawn = simulated(experiments, 500, discordance, -loss)
    return 100 * sum(fails(won, lost) for won, lost in drawn) / experiments


def gate(experiments: int) -> None:
    """Prints false alarms and power of the gate."""
    print("\nthe gate at tier 2, 500 questions, in %")
    print(f"{'discordant':>10} {'false alarms':>13} {'detectable loss':>16} {'caught':>7}")
    for discordance in (0.02, 0.05, 0.1, 0.2, 0.3):
        loss = min(discordance, detectable_difference(500, discordance))
        print(
            f"{discordance:>10.0%} {alarms(experiments, discordance, 0.0):>13.1f} "
            f"{100 * loss:>15.1f}p {alarms(experiments, discordance, loss):>7.1f}"
        )


def main() -> None:
    """Runs all three."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--experiments", type=int, default=2_000)
    experiments = parser.parse_args().experiments
    speed()
    coverage(experiments)
    gate(experiments)


if __name__ == "__main__":
    main()
