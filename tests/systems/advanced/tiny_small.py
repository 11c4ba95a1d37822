"""A small model that has seen one question a few times: it writes SQL and knows nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from systems.advanced.codec.pointer.vocabulary import TOKENS
from systems.advanced.schema_graph.build import FEATURES, RELATIONS, TaskMaker
from systems.advanced.small_model.configuration import SmallConfig
from systems.advanced.task import Role
from systems.advanced.training.lessons import Lesson

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.types import Example


def tiny_config(**changes: Any) -> SmallConfig:
    """The least there can be of everything, but for what is given."""
    sizes = {
        "width": 24,
        "heads": 2,
        "feedforward": 32,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "ngram_buckets": 64,
    }
    return SmallConfig(
        relations=len(RELATIONS),
        features=len(FEATURES),
        vocabulary=len(TOKENS),
        **{**sizes, **changes},
    )


def make_small_folder(folder: Path, steps: int = 25) -> Path:
    """Teaches it the first question of `mini` and saves it."""
    import torch
    from systems.advanced.small_model.learner import SmallLearner

    torch.manual_seed(3)
    benchmark = load("mini")
    example: Example = benchmark.examples[0]
    maker = TaskMaker()
    task = maker.task(example.question, benchmark.databases[example.question.database])
    learner = SmallLearner.from_lessons(tiny_config(), [task])
    optimiser = torch.optim.AdamW(learner.module.parameters(), 1e-2)
    for _ in range(steps):
        optimiser.zero_grad()
        learner.loss([Lesson(Role.SQL, task, example)]).total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    maker.close()
    folder.mkdir(parents=True, exist_ok=True)
    learner.save(folder)
    return folder
