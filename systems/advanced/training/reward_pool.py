"""Where rewards are executed: by the trainer's own scorer, or on a Ray cluster."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from t2s_bench.ray_scoring import RayScorer
from t2s_bench.scoring import Scorer

from .options import TrainingOptions


def reward_pool(
    options: TrainingOptions, scorer: Scorer, workers: int
) -> AbstractContextManager[Scorer | RayScorer]:
    """What the rewarder asks; `workers` are processes here or actors on the cluster."""
    if options.reward_pool == "local":
        return nullcontext(scorer)
    return RayScorer(scorer.metrics, actors=workers)
