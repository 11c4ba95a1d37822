"""Token by token, a model says what it says of the whole statement at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from systems.advanced.codec.pointer.vocabulary import BEGIN, SIZE
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.small_model.learner import SmallLearner
from systems.advanced.small_model.session import task_batch
from systems.advanced.small_model.stepping import Stepping, StepWeights, Voice
from systems.advanced.task import Task
from systems.advanced.training.learners import small_config
from systems.advanced.training.options import TrainingOptions

import t2s_bench

OPTIONS = TrainingOptions(schema_embedding_dim=16, schema_gat_heads=2, schema_gat_layers=1)


@pytest.fixture(scope="module")
def task() -> Task:
    example = t2s_bench.load("mini").examples[0]
    assert example.database is not None
    makers = TaskMaker()
    made = makers.task(example.question, example.database)
    makers.close()
    return made


@pytest.fixture(scope="module")
def learner(task: Task) -> SmallLearner:
    torch.manual_seed(3)
    return SmallLearner.from_lessons(small_config(OPTIONS), [task])


@pytest.mark.parametrize("rows", [[(3, SIZE + 1, 7), (4,), (SIZE + 2, SIZE, 5, 6, 9)], [()] * 3])
def test_steps_give_the_scores_of_the_whole_statement(
    task: Task, learner: SmallLearner, rows: list[tuple[int, ...]]
) -> None:
    model = learner.model.eval()
    with torch.inference_mode():
        memory, _ = model.remember(task_batch(model, task))
        voice = Voice(model.decoder, memory)
        steps = Stepping([voice], StepWeights([model.decoder]), BEGIN, rows)
        steps.take([2, 0, 0, 1])
        steps.write([1, 3, 0], [8, SIZE, 10])
        steps.write([0, 1, 2], [11, 12, SIZE + 1])
        written = [(*rows[0], 8, 11), (*rows[1], SIZE, 12), (*rows[2], 10, SIZE + 1)]
        for row, found in zip(written, steps.logits(), strict=True):
            states, _ = model.decoder.states(torch.tensor([[BEGIN, *row]]), memory)
            wanted = model.decoder.logits(states, memory)[0, -1]
            assert np.allclose(found, wanted.numpy(), atol=1e-4)


def test_what_no_row_sees_any_more_is_forgotten_without_a_trace(
    task: Task, learner: SmallLearner
) -> None:
    model = learner.model.eval()
    chance = np.random.default_rng(1)
    rows: list[tuple[int, ...]] = [(3,), (4, 5)]
    with torch.inference_mode():
        memory, _ = model.remember(task_batch(model, task))
        voice = Voice(model.decoder, memory)
        steps = Stepping([voice], StepWeights([model.decoder]), BEGIN, rows)
        for _ in range(40):  # several times the room there is at first
            places = chance.integers(len(rows), size=6).tolist()
            tokens = chance.integers(1, SIZE, size=6).tolist()
            steps.write(places, tokens)
            rows = [(*rows[place], token) for place, token in zip(places, tokens, strict=True)]
        for row, found in zip(rows, steps.logits(), strict=True):
            states, _ = model.decoder.states(torch.tensor([[BEGIN, *row]]), memory)
            wanted = model.decoder.logits(states, memory)[0, -1]
            assert np.allclose(found, wanted.numpy(), atol=1e-4)
