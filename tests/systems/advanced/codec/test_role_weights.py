"""Roles that share all weights: they learn together, and the reference stays behind."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from systems.advanced.codec.chat_learner import ChatLearner, ChatSize  # noqa: E402
from systems.advanced.codec.chat_prompts import ChatSettings  # noqa: E402
from systems.advanced.codec.codec import Partial  # noqa: E402
from systems.advanced.language_model.loading import LocalOptions  # noqa: E402
from systems.advanced.task import Role, Task  # noqa: E402
from tests.systems.advanced.codec.conftest import PAIRS, lessons_of  # noqa: E402


@pytest.fixture
def learner(model_folder: Path) -> ChatLearner:
    options = LocalOptions(str(model_folder), dtype="float32", device="cpu")
    return ChatLearner.create(
        options, ChatSettings(examples=1, max_sql_tokens=20), ChatSize(lora=None)
    )


def taught(learner: ChatLearner, tasks: list[Task], role: Role, steps: int = 6) -> list[float]:
    """Losses of a few steps on one role's lessons."""
    lessons = [lesson for lesson in lessons_of(tasks) if lesson.role is role]
    optimiser = torch.optim.AdamW(learner.module.parameters(), lr=3e-3)
    losses = []
    for _ in range(steps):
        loss = learner.loss(lessons)
        losses.append(loss.total.item())
        optimiser.zero_grad()
        torch.autograd.backward(loss.total)
        optimiser.step()
    return losses


def test_all_roles_learn_the_same_weights(learner: ChatLearner, tasks: list[Task]) -> None:
    own = {id(p) for p in learner.parameters_of(Role.SCHEMA)}
    heads = {id(p) for p in learner.heads.parameters()}
    assert own == {id(p) for p in learner.parameters_of(Role.SQL)} - heads
    assert own | heads == {id(p) for p in learner.module.parameters() if p.requires_grad}
    losses = taught(learner, tasks, Role.SQL)
    assert losses[-1] < 0.7 * losses[0]
    # No role is an adapter of the model.
    assert learner.model.adapters.names == ()


def test_the_reference_is_what_it_was(learner: ChatLearner, tasks: list[Task]) -> None:
    rollouts = learner.rollouts(tasks[0], Role.SQL, 3, temperature=1.0, seed=0)
    rollouts += learner.rollouts(tasks[0], Role.SCHEMA, 3, temperature=1.0, seed=0)
    with pytest.raises(RuntimeError, match="freeze_reference"):
        learner.reference_logprobs(rollouts)
    learner.freeze_reference()
    kept = {id(p) for p in learner.module.parameters()}
    taught(learner, tasks, Role.SQL, steps=2)
    with torch.no_grad():
        now = learner.token_logprobs(rollouts)
    for one, own, before in zip(rollouts, now, learner.reference_logprobs(rollouts), strict=True):
        written = torch.tensor(one.logprobs)
        assert torch.allclose(before, written, atol=1e-3)
        assert not torch.allclose(own, written, atol=1e-3)
    assert kept == {id(p) for p in learner.module.parameters()}


def test_saved_weights_answer_alike(
    learner: ChatLearner, tasks: list[Task], tmp_path: Path
) -> None:
    taught(learner, tasks, Role.SQL, steps=3)
    learner.save(tmp_path)
    again = ChatLearner.load(tmp_path)
    sqls = [sql for _, sql in PAIRS]
    before, after = (one.policy().open(tasks[0]) for one in (learner, again))
    assert after.logprobs(sqls) == pytest.approx(before.logprobs(sqls), abs=1e-4)
    ((one,),) = before.extend([Partial()], 1, temperature=0.0, to_end=True)
    ((other,),) = after.extend([Partial()], 1, temperature=0.0, to_end=True)
    assert one.sql == other.sql
