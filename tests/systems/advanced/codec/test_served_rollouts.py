"""Rollouts by a real HTTP server with a model of its own, which is handed the adapters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("openai")
pytest.importorskip("peft")

from systems.advanced.codec.chat_learner import ChatLearner, ChatSize  # noqa: E402
from systems.advanced.codec.chat_prompts import ChatSettings  # noqa: E402
from systems.advanced.codec.served_rollouts import ServedRollouts  # noqa: E402
from systems.advanced.language_model.adapters import Lora  # noqa: E402
from systems.advanced.language_model.loading import LocalOptions  # noqa: E402
from systems.advanced.language_model.openai import ServerModel, ServerOptions  # noqa: E402
from systems.advanced.language_model.transformers import TransformersModel  # noqa: E402
from systems.advanced.task import Role, Task  # noqa: E402
from systems.advanced.training.lessons import Rollout  # noqa: E402
from tests.systems.advanced.model_server import ModelServer, serving  # noqa: E402

from t2s_bench.errors import BadInput  # noqa: E402


@contextmanager
def served(model_folder: Path, folder: Path, **kind: bool) -> Iterator[tuple[Any, ModelServer]]:
    """A learner whose rollouts are written by a server with its own copy of the base model."""
    options = LocalOptions(str(model_folder), dtype="float32", device="cpu")
    learner = ChatLearner.create(
        options, ChatSettings(examples=1, max_sql_tokens=12), ChatSize(Lora(rank=4))
    )
    with serving(TransformersModel.load(options), **kind) as server:
        client = ServerModel(ServerOptions("tiny", server.url, retries=0))
        learner.server = ServedRollouts(client, learner.model, folder)
        yield learner, server
        client.close()


def move(learner: ChatLearner, role: Role, by: float) -> None:
    """Changes an adapter in place, as an optimiser does."""
    with torch.no_grad():
        for parameter in learner.model.adapters.parameters(role.value):
            parameter.add_(torch.randn(parameter.shape), alpha=by)


def agrees(learner: ChatLearner, rollouts: list[Rollout]) -> bool:
    """Whether the log-probabilities are those of the local weights of now."""
    with torch.no_grad():
        local = learner.token_logprobs(rollouts)
    return all(
        torch.allclose(torch.tensor(one.logprobs), own, atol=1e-3)
        for one, own in zip(rollouts, local, strict=True)
    )


@pytest.mark.parametrize("role", [Role.SQL, Role.SCHEMA])
def test_a_server_writes_with_the_adapter_of_now(
    role: Role, model_folder: Path, tasks: list[Task], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    with served(model_folder, tmp_path / "served") as (learner, server):
        move(learner, role, 0.3)
        seeds = [1, 2, 3]
        groups = learner.rollouts_of(tasks, role, 4, temperature=1.0, seeds=seeds)
        assert [len(group) for group in groups] == [4, 4, 4]
        assert all(agrees(learner, group) for group in groups)
        assert len({one.tokens for group in groups for one in group}) > 1
        again = learner.rollouts_of(tasks, role, 4, temperature=1.0, seeds=seeds)
        assert [[one.tokens for one in group] for group in again] == [
            [one.tokens for one in group] for group in groups
        ]
        loads = [one for one in server.requests if "lora_path" in one]
        assert len(loads) == 1
        move(learner, role, 0.3)
        later = learner.rollouts(tasks[0], role, 4, temperature=1.0, seed=1)
        assert agrees(learner, later) and not agrees(learner, groups[0])
        handed = [one["lora_name"] for one in server.requests if "lora_name" in one]
        first, second, gone = handed
        assert first == gone != second and first.startswith(f"t2s-{role.value}-")
        assert [path.name for path in (tmp_path / "served").iterdir()] == [second]


def test_local_and_served_rollouts_end_at_the_same_places(
    model_folder: Path, tasks: list[Task], tmp_path: Path
) -> None:
    with served(model_folder, tmp_path) as (learner, _):
        far = learner.rollouts(tasks[0], Role.SQL, 5, temperature=1.5, seed=7)
        learner.server = None
        near = learner.rollouts(tasks[0], Role.SQL, 5, temperature=1.5, seed=7)
    assert [one.tokens for one in far] == [one.tokens for one in near]
    assert [one.sql for one in far] == [one.sql for one in near]


def test_log_probabilities_that_are_not_of_these_tokens_are_computed_here(
    model_folder: Path, tasks: list[Task], tmp_path: Path
) -> None:
    with served(model_folder, tmp_path, numbers=False) as (learner, _):
        rollouts = learner.rollouts(tasks[0], Role.SQL, 6, temperature=1.5, seed=3)
        assert all(len(one.tokens) == len(one.logprobs) > 0 for one in rollouts)
        assert agrees(learner, rollouts)


def test_a_server_that_takes_no_adapters_is_refused(
    model_folder: Path, tasks: list[Task], tmp_path: Path
) -> None:
    with (
        served(model_folder, tmp_path, plain=True) as (learner, _),
        pytest.raises(BadInput, match="--enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True"),
    ):
        learner.rollouts(tasks[0], Role.SQL, 2, temperature=1.0, seed=0)
