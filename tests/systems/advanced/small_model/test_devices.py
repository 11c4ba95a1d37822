"""Every tensor is made where the weights are: on a device without numbers, a stray one fails."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.small_model.inputs import Batch
from systems.advanced.small_model.learner import SmallLearner
from systems.advanced.small_model.session import task_batch
from systems.advanced.task import Evidence, Role, Task
from systems.advanced.training.learners import small_config
from systems.advanced.training.lessons import Lesson, Rollout
from systems.advanced.training.options import TrainingOptions
from torch.overrides import TorchFunctionMode

import t2s_bench
from t2s_bench.types import Example

META = torch.device("meta")
SIZES = {"schema_embedding_dim": 16, "schema_gat_heads": 2, "schema_gat_layers": 1}
# What asks a tensor for its numbers, and what it is told here.
NUMBERS: dict[Any, Any] = {
    torch.Tensor.__float__: 0.0,
    torch.Tensor.__int__: 1,
    torch.Tensor.__bool__: True,
}


class Numberless(TorchFunctionMode):
    """Answers for tensors that have a shape and a device, and no numbers."""

    def __torch_function__(
        self, function: Any, types: Any, given: Any = (), named: Any = None
    ) -> Any:
        if function in NUMBERS:
            return NUMBERS[function]
        if function is torch.Tensor.tolist:
            return [1] * len(given[0])
        return function(*given, **(named or {}))


@pytest.fixture(scope="module")
def asked() -> tuple[Task, Example]:
    example = t2s_bench.load("mini").examples[0]
    assert example.database is not None
    makers = TaskMaker()
    task = makers.task(example.question, example.database)
    makers.close()
    return task, example


@pytest.mark.parametrize("training", [True, False])
def test_losses_and_chances_are_computed_where_the_weights_are(
    asked: tuple[Task, Example], training: bool
) -> None:
    task, example = asked
    learner = SmallLearner.from_lessons(small_config(TrainingOptions(**SIZES)), [task])  # type: ignore[arg-type]
    learner.model.to(META).train(training)
    shown = Evidence(example.golds[0], ("x",), 1, 1, shown=((1,),))
    lessons = [
        Lesson(Role.SQL, task, example),
        Lesson(Role.VALIDATION, task, example, shown, True),
        Lesson(Role.VALIDATION, task, example, shown, False),
    ]
    with Numberless():
        loss = learner.loss(lessons)
        assert loss.total.device == META and {"sql", "preference"} <= loss.parts.keys()
        loss.total.backward()  # type: ignore[no-untyped-call]
        (logit,) = learner.verdict_logits(lessons[1:2])
        assert logit is not None and logit.device == META
        (logprobs,) = learner.token_logprobs([Rollout(Role.SQL, task, (5,), (0.0,))])
        assert logprobs.device == META
        assert learner.loss([]).total.device == META
    assert {p.grad.device for p in learner.model.parameters() if p.grad is not None} == {META}


@pytest.mark.parametrize("typed", [True, False])
def test_a_task_is_opened_where_the_weights_are(asked: tuple[Task, Example], typed: bool) -> None:
    task, _ = asked
    options = TrainingOptions(use_schema_disambiguator=typed, **SIZES)  # type: ignore[arg-type]
    learner = SmallLearner.from_lessons(small_config(options), [task])
    on_cpu = task_batch(learner.model, task)
    assert on_cpu.to(torch.device("cpu")) is on_cpu
    learner.model.to(META)
    for edges in (True, False):
        one = task_batch(learner.model, task, typed=edges)
        assert isinstance(one, Batch)
        assert {tensor.device for tensor in vars(one).values()} == {META}
        memory, relevance = learner.model.remember(one)
        assert memory.bias.device == relevance.device == META
