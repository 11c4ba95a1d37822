"""The same search runs over both codecs: the small model's pointers and a chat model's text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from systems.advanced.codec.codec import Partial, Policy
from systems.advanced.evidence import Prober
from systems.advanced.policy.search import greedy, search
from systems.advanced.policy.settings import SearchSettings
from systems.advanced.policy.voting import sample_and_vote
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.task import Role, Task
from tests.systems.advanced.tiny_qwen import make_folder
from tests.systems.advanced.tiny_small import tiny_config

from t2s_bench.benchmarks.benchmark import load
from t2s_bench.types import Example

torch = pytest.importorskip("torch")

GOLD = "SELECT full_name FROM client WHERE country = 'France'"


@pytest.fixture(scope="module")
def task() -> Iterator[Task]:
    benchmark = load("mini")
    example = benchmark.examples[0]
    maker = TaskMaker()
    yield maker.task(example.question, benchmark.databases[example.question.database])
    maker.close()


def small(task: Task) -> Policy:
    from systems.advanced.small_model.learner import SmallLearner
    from systems.advanced.training.lessons import Lesson

    torch.manual_seed(3)
    learner = SmallLearner.from_lessons(tiny_config(), [task])
    example = Example(task.question, (GOLD,))
    optimiser = torch.optim.AdamW(learner.module.parameters(), 1e-2)
    for _ in range(40):
        optimiser.zero_grad()
        learner.loss([Lesson(Role.SQL, task, example)]).total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return learner.policy()


def chat(folder: Path) -> Policy:
    pytest.importorskip("transformers")
    from systems.advanced.codec.chat import ChatPolicy
    from systems.advanced.codec.chat_prompts import ChatSettings
    from systems.advanced.language_model.loading import LocalOptions
    from systems.advanced.language_model.transformers import TransformersModel

    model = TransformersModel.load(LocalOptions(str(make_folder(folder)), device="cpu"))
    return ChatPolicy(model, ChatSettings(schema_characters=600, examples=0, max_sql_tokens=12))


@pytest.mark.parametrize("codec", ["pointer", "chat"])
def test_a_search_repeats_itself_counts_its_tokens_and_keeps_greedy(
    codec: str, task: Task, tmp_path: Path
) -> None:
    policy = small(task) if codec == "pointer" else chat(tmp_path)
    settings = SearchSettings(simulations=8, children=2)
    first = greedy(policy.open(task))
    with Prober() as prober:
        session = policy.open(task)
        before = session.cost.completion_tokens
        found = search(session, prober, settings, seed=5)
        again = search(policy.open(task), prober, settings, seed=5)
    assert found == again
    assert found.spent.completion_tokens == session.cost.completion_tokens - before > 0
    assert 2 <= found.spent.extend_calls <= 8
    assert found.answer is not None
    # Weights that know nothing may write on without an end.
    assert (found.greedy is None) == (first is None)
    if found.greedy is not None and first is not None:
        assert found.greedy.sql == first.sql
        assert found.answer.value >= found.greedy.value
    nodes = found.trace["nodes"]
    assert isinstance(nodes, list) and len(nodes) > 2


def test_at_equal_tokens_it_has_more_candidates_than_sampling(task: Task) -> None:
    policy = small(task)
    with Prober() as prober:
        found = search(policy.open(task), prober)
        tokens = found.spent.completion_tokens
        vote = sample_and_vote(policy.open(task), prober, 1_000, tokens=tokens)
        session = policy.open(task)
        (beam,) = session.extend([Partial()], 16, temperature=0.0, to_end=True)
    assert {one.sql for one in beam} <= {one.sql for one in found.candidates}
    print(
        f"{tokens} tokens: {len(found.candidates)} different candidates by search, "
        f"{len(vote.candidates)} by sampling"
    )
    assert len(found.candidates) > len(vote.candidates)
