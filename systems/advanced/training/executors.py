"""Where a training executes SQL: candidates, rewards, and what is scored to measure progress.

All within the same few virtual-machine steps a statement (`execution_steps`): an untrained model
joins everything with everything, for which the harness's own budget would have minutes of patience.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace

from t2s_bench.ray_scoring import RayScorer
from t2s_bench.scoring import Scorer
from t2s_bench.types import Budget

from ..evidence import BUDGET, Prober
from .options import TrainingOptions
from .rewards import Rewarder


@dataclass(frozen=True)
class Executors:
    """The harness's scorer, what runs candidates without a gold, and what gives rewards."""

    scorer: Scorer
    prober: Prober
    rewarder: Rewarder


@contextmanager
def executors(options: TrainingOptions, workers: int) -> Iterator[Executors]:
    """All three, open; `workers` are processes here or actors on the cluster."""
    steps = options.execution_steps
    metrics = Rewarder.metrics(options.reward_metric)
    with (
        Scorer(metrics, workers=workers, budget=Budget(steps)) as scorer,
        Prober(workers, replace(BUDGET, steps=steps)) as prober,
        reward_pool(options, scorer, workers) as judge,
    ):
        rewarder = Rewarder(judge, options.reward_weights, running=options.reward_running)
        yield Executors(scorer, prober, rewarder)


def reward_pool(
    options: TrainingOptions, scorer: Scorer, workers: int
) -> AbstractContextManager[Scorer | RayScorer]:
    """What the rewarder asks: the trainer's own scorer, or one on a Ray cluster."""
    if options.reward_pool == "local":
        return nullcontext(scorer)
    return RayScorer(scorer.metrics, actors=workers, budget=scorer.budget)
