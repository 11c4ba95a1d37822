from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from systems.advanced.codec.codec import Partial
from systems.advanced.codec.pointer.encode import encode
from systems.advanced.codec.pointer.vocabulary import BEGIN
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.small_model.generation import Writer
from systems.advanced.small_model.learner import SmallLearner
from systems.advanced.small_model.model import FELLOW, WEIGHTS, SmallModel, SmallWriter
from systems.advanced.small_model.session import SmallPolicy, task_batch
from systems.advanced.small_model.stepping import Voice
from systems.advanced.task import Role, Task
from systems.advanced.training.lessons import Lesson
from tests.systems.advanced.tiny_small import tiny_config

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.errors import BadInput
from t2s_bench.types import Example


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[Task, Example]]:
    mini, maker = load("mini"), TaskMaker()
    example = mini.examples[0]
    yield maker.task(example.question, mini.databases[example.question.database]), example
    maker.close()


def model(asked: tuple[Task, Example], seed: int) -> SmallModel:
    """It has learnt to write one statement."""
    task, example = asked
    torch.manual_seed(seed)
    learner = SmallLearner.from_lessons(tiny_config(dropout=0.0), [task])
    optimiser = torch.optim.AdamW(learner.module.parameters(), 1e-2)
    for _ in range(20):
        optimiser.zero_grad()
        learner.loss([Lesson(Role.SQL, task, example)]).total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return learner.model.eval()


@pytest.fixture
def pair(asked: tuple[Task, Example]) -> SmallModel:
    joined = model(asked, 1)
    joined.join(model(asked, 2))
    return joined


def voice(writer: SmallWriter, task: Task) -> Voice:
    memory, _ = writer.remember(task_batch(writer, task))
    return Voice(writer.decoder, memory)


@torch.no_grad()
def test_two_voices_score_a_token_with_the_mean_of_theirs(
    pair: SmallModel, asked: tuple[Task, Example]
) -> None:
    task, _ = asked
    voices = [voice(writer, task) for writer in pair.writers]
    statement = [[3, 4, 5]]
    one, other = (Writer([each], BEGIN, 40).logits(statement) for each in voices)
    assert not torch.allclose(one, other)
    both = Writer(voices, BEGIN, 40).logits(statement)
    assert torch.allclose(both, (one + other) / 2, atol=1e-5)


def test_what_a_pair_writes_has_the_probability_that_it_is_scored_with(
    pair: SmallModel, asked: tuple[Task, Example]
) -> None:
    task, _ = asked
    for temperature in (0.0, 1.0):
        (found,) = (
            SmallPolicy(pair)
            .open(task)
            .extend([Partial()], 4, temperature=temperature, seed=5, to_end=True)
        )
        # Statements that are scored by the tokens that they were written with.
        same = [one for one in found if encode(one.sql, task.schema, task.graph) == one.tokens]
        assert same
        again = SmallPolicy(pair, fixed=True).open(task)
        scored = again.logprobs([one.sql for one in same])
        assert scored == pytest.approx([one.logprob for one in same], abs=2e-3)


def test_a_model_that_is_its_own_fellow_answers_as_before_at_twice_the_cost(
    asked: tuple[Task, Example],
) -> None:
    task, _ = asked
    alone, doubled = model(asked, 1), model(asked, 1)
    doubled.join(model(asked, 1))
    said = []
    for each in (alone, doubled):
        session = SmallPolicy(each).open(task)
        (found,) = session.extend([Partial()], 3, temperature=0, to_end=True)
        said.append(([one.sql for one in found], session.linking(), session.cost))
    (sqls, linking, cost), (same, also, twice) = said
    assert same == sqls and also == linking
    assert twice.completion_tokens == 2 * cost.completion_tokens
    assert twice.prompt_tokens == 2 * cost.prompt_tokens


@pytest.mark.parametrize("compact", [False, True])
def test_a_fellow_is_saved_beside_the_model_and_loaded_with_it(
    compact: bool, pair: SmallModel, asked: tuple[Task, Example], tmp_path: Path
) -> None:
    task, example = asked
    (before,) = SmallPolicy(pair).open(task).logprobs(example.golds)
    pair.save(tmp_path, compact=compact)
    weights = torch.load(tmp_path / WEIGHTS, weights_only=True)
    assert not any(name.startswith(FELLOW) for name in weights)
    again = SmallModel.load(tmp_path)
    assert SmallPolicy(again).open(task).logprobs(example.golds) == pytest.approx(
        [before], abs=0.2 if compact else 1e-5
    )
    # Taken as a fellow itself, it is its writer alone.
    (alone,) = SmallPolicy(model(asked, 1)).open(task).logprobs(example.golds)
    other = model(asked, 1)
    other.join(SmallWriter.load(tmp_path))
    assert SmallPolicy(other).open(task).logprobs(example.golds) == pytest.approx(
        [alone], abs=0.2 if compact else 1e-5
    )


def test_training_leaves_the_fellow_as_it_is(pair: SmallModel, asked: tuple[Task, Example]) -> None:
    task, example = asked
    before = {name: one.clone() for name, one in pair.state_dict().items()}
    learner = SmallLearner(pair)
    learner.freeze_reference()
    trained = [one for one in learner.module.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(trained, 1e-2)
    learner.module.train()
    for _ in range(3):
        optimiser.zero_grad()
        learner.loss([Lesson(Role.SQL, task, example)]).total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    changed = {
        name for name, one in pair.state_dict().items() if not torch.equal(one, before[name])
    }
    assert changed and not any(name.startswith(FELLOW) for name in changed)


def test_writers_of_other_sizes_do_not_step_together(asked: tuple[Task, Example]) -> None:
    task, _ = asked
    wider = SmallLearner.from_lessons(tiny_config(width=48), [task]).model
    with pytest.raises(BadInput, match="width is 24 here and 48 in the fellow: train one alike"):
        model(asked, 1).join(wider)


def test_with_edges_off_a_pair_takes_the_linking_of_whoever_asks(
    pair: SmallModel, asked: tuple[Task, Example]
) -> None:
    task, example = asked
    typed = SmallPolicy(pair).open(task).logprobs(example.golds)
    assert SmallPolicy(pair, typed=False).open(task).logprobs(example.golds) != typed
