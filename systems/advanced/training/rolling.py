"""Rollouts of several questions: one by one by the local model, all together by a server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from t2s_bench.errors import BadInput
from t2s_bench.types import Example

from ..task import Role
from .lessons import Learner, Rollout
from .options import TrainingOptions
from .work import Work

# Where adapters lie that a server is handed, within the experiment's folder.
FOLDER = "served"


def rolled(
    work: Work, examples: Sequence[Example], role: Role, n: int, seeds: Sequence[int]
) -> list[list[Rollout]]:
    """N rollouts of a role for each question, at `policy_temperature`."""
    temperature = work.options.policy_temperature
    tasks = [work.task(example) for example in examples]
    if chat := work.chat:
        return chat.rollouts_of(tasks, role, n, temperature=temperature, seeds=seeds)
    return [
        work.learner.rollouts(task, role, n, temperature=temperature, seed=seed)
        for task, seed in zip(tasks, seeds, strict=True)
    ]


def use_server(learner: Learner, options: TrainingOptions, folder: Path) -> None:
    """Has the learner's rollouts written by `rollout_server`, where one is given."""
    if options.rollout_server is None:
        return
    from ..codec.chat_learner import ChatLearner
    from ..codec.served_rollouts import ServedRollouts
    from ..language_model.openai import ServerModel, ServerOptions

    if not isinstance(learner, ChatLearner):
        raise BadInput(
            "rollout_server writes for a pretrained model: leave it out for the small one"
        )
    server = ServerModel(
        ServerOptions(
            learner.model.options.model,
            options.rollout_server,
            os.environ.get("OPENAI_API_KEY", ""),
            concurrency=32,
        )
    )
    learner.server = ServedRollouts(server, learner.model, folder / FOLDER)
