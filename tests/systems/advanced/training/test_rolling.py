from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("openai")
pytest.importorskip("peft")

from systems.advanced.language_model.loading import LocalOptions  # noqa: E402
from systems.advanced.language_model.transformers import TransformersModel  # noqa: E402
from systems.advanced.schema_graph.build import TaskMaker  # noqa: E402
from systems.advanced.task import Role  # noqa: E402
from systems.advanced.training.grpo import grpo  # noqa: E402
from systems.advanced.training.learners import make_learner  # noqa: E402
from systems.advanced.training.options import TrainingOptions  # noqa: E402
from systems.advanced.training.rewards import Level, Reward  # noqa: E402
from systems.advanced.training.rolling import rolled, use_server  # noqa: E402
from tests.systems.advanced.model_server import serving  # noqa: E402
from tests.systems.advanced.tiny_qwen import make_folder  # noqa: E402
from tests.systems.advanced.training.tiny import (  # noqa: E402
    TinyLearner,
    make_towns,
    small_options,
    working,
)

from t2s_bench.errors import BadInput  # noqa: E402
from t2s_bench.types import Example  # noqa: E402


class Uneven:
    """Rewards that differ within every group, so that every step changes the weights."""

    seconds = 0.0

    def __call__(self, items: Sequence[tuple[Example, str]]) -> list[Reward]:
        return [Reward(place % 2, Level.RUNS, {}) for place in range(len(items))]


def test_reinforcement_is_rolled_out_by_the_server_with_ever_newer_adapters(tmp_path: Path) -> None:
    towns = make_towns(tmp_path / "towns")
    folder = str(make_folder(tmp_path / "qwen", spread=0.02))
    served = TransformersModel.load(LocalOptions(folder, dtype="float32", device="cpu"))
    makers = TaskMaker()
    with serving(served) as server:
        options = small_options(
            towns,
            model_name=folder,
            tuning="lora",
            lora_rank=2,
            use_schema_disambiguator=False,
            rollout_server=server.url,
            grpo_steps=2,
            grpo_questions=1,
            grpo_rollouts=2,
        )
        learner = make_learner(options, [])
        learner.settings = type(learner.settings)(max_sql_tokens=6)  # type: ignore[attr-defined]
        use_server(learner, options, tmp_path / "out")
        with working(tmp_path / "out", options, learner, task=makers.task) as work:  # type: ignore[arg-type]
            work.rewarder = Uneven()  # type: ignore[assignment]
            grpo(work)
            asked = [one["model"] for one in server.requests if one.get("n") == 2]
            rolled(work, work.data.train[:2], Role.SQL, 3, [1, 2])
    makers.close()
    loads = [one["lora_name"] for one in server.requests if "lora_path" in one]
    # Two roles, two steps: each step's rollouts are asked of that step's adapters.
    assert asked == loads[:4] and len(set(loads)) == len(loads)
    assert [name.split("-")[1] for name in asked] == ["schema", "sql", "schema", "sql"]
    assert [one["n"] for one in server.requests if "n" in one][-2:] == [3, 3]


def test_a_server_is_for_adapters_of_a_pretrained_model() -> None:
    with pytest.raises(ValueError, match="needs tuning=lora"):
        TrainingOptions(model_name="a", rollout_server="http://here/v1")
    options = TrainingOptions(model_name="a", tuning="lora", rollout_server="http://here/v1")
    with pytest.raises(BadInput, match="leave it out for the small one"):
        use_server(TinyLearner(), options, Path())
    learner = TinyLearner()
    use_server(learner, TrainingOptions(), Path())
    assert not hasattr(learner, "server")
