"""Every option changes what a training does: a run with another value leaves something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from systems.advanced.policy.search import SearchResult, search
from systems.advanced.training.learners import make_learner
from systems.advanced.training.optimisation import make_accelerator
from systems.advanced.training.options import TrainingOptions
from systems.advanced.training.trainer import AdvancedTrainer
from tests.systems.advanced.tiny_qwen import make_folder
from tests.systems.advanced.training.tiny import TinyLearner, make_towns, small_options

from systems.advanced.training import checkpoints, learners, precision
from t2s_bench.errors import UserError
from t2s_bench.runs.lock import Lock
from t2s_bench.system import Setup
from t2s_bench.training import Request, TrainingRun
from t2s_bench.training.directory import read_metrics

BASE = {
    "phase1_steps": 20,
    "expert_steps": 2,
    "search_questions": 3,
    "mcts_simulations": 4,
    "grpo_steps": 4,
    "grpo_updates": 2,
    "grpo_questions": 2,
    "grpo_rollouts": 4,
    "phase3_steps": 2,
    "phase4_steps": 2,
    "refine_questions": 6,
    "synthetic": None,
    "max_grad_norm": 0.05,
    "reward_metric": "ex_spider",
    "warmup_steps": 1,
    "validation_folds": 2,
    "fold_steps": 2,
    "validation_candidates": 2,
}
# Another value of each option that the tiny learner's training can show.
CHANGED: dict[str, Any] = {
    "max_length": 16,
    "use_policy_solver": False,
    "use_schema_disambiguator": False,
    "use_query_clarifier": False,
    "use_multi_agent_rl": False,
    "synthetic": (),
    "synthetic_weight": 0.9,
    "development_databases": 2,
    "calibration_databases": 1,
    "development_questions": 3,
    "calibration_questions": 3,
    "synthetic_share": 0.4,
    "limit": 7,
    "batch_size": 4,
    "gradient_accumulation_steps": 2,
    "learning_rate": 0.01,
    "later_learning_rate": 0.001,
    "warmup_steps": 2,
    "weight_decay": 0.5,
    "max_grad_norm": 9.0,
    "bf16": True,
    "length_buckets": True,
    "phase1_steps": 21,
    "pacing": "none",
    "curriculum_start": 0.9,
    "curriculum_share": 1.0,
    "difficulty": "loss",
    "weight_averaging": 0.5,
    "validation_folds": 3,
    "validation_writers": 1,
    "fold_steps": 3,
    "validation_candidates": 3,
    "expert_rounds": 2,
    "expert_steps": 3,
    "search_questions": 5,
    "mcts_simulations": 9,
    "policy_temperature": 0.3,
    "grpo_steps": 3,
    "grpo_questions": 3,
    "grpo_rollouts": 6,
    "grpo_learning_rate": 0.2,
    "grpo_clip": 0.001,
    "grpo_kl": 5.0,
    "grpo_updates": 1,
    "reward_metric": "valid",
    "reward_running": 0.6,
    "reward_schema": 30.0,
    "reward_clauses": 30.0,
    "reward_format": 30.0,
    "reward_length": 30.0,
    "reward_efficiency": 30.0,
    "phase3_steps": 3,
    "phase4_steps": 3,
    "refine_questions": 12,
    "clarification_iterations": 2,
    "uncertainty_threshold": 1.0,
    "checkpoint_every": 2,
    "log_every": 3,
    "report_to": ("tensorboard",),
}
# Held by tests of their own, here or in the file that is named.
ELSEWHERE = {
    "model_name": "test_trainer",
    "fellow": "test_trainer",
    "tuning": "test_trainer",
    "lora_rank": "below",
    "lora_alpha": "below",
    "lora_dropout": "below",
    "load_in_8bit": "below",
    "use_gradient_checkpointing": "below",
    "schema_gat_heads": "test_trainer",
    "schema_gat_layers": "test_trainer",
    "schema_embedding_dim": "test_trainer",
    "datasets": "test_data",
    "leakage": "test_data",
    "fp16": "below",
    "num_gpus": "below",
    "mcts_exploration": "below",
    "team_weight": "test_grpo",
    "output_dir": "test_options",
    "experiment_name": "test_options",
    "final_questions": "test_final_evaluation",
    "rollout_server": "test_rolling",
    "reward_pool": "test_executors",
    "execution_steps": "test_executors",
}
TIMED = ("tokens_per_second", "data_share", "reward_share")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The towns and questions that count as synthetic."""
    root = tmp_path_factory.mktemp("data")
    made = make_towns(root / "made")
    text = (made / "questions.jsonl").read_text()
    (made / "questions.jsonl").write_text(text.replace('"question": "', '"question": "Please: '))
    return make_towns(root / "towns"), made


def fingerprint(folder: Path, folders: tuple[Path, Path], changes: dict[str, Any]) -> object:
    """What a training leaves, but for times; or its error."""
    towns, made = folders
    values = {**BASE, "synthetic": (str(made),), **changes}
    options = small_options(towns, **values)
    saved: list[int] = []
    save = checkpoints.save

    def spied(place: Path, step: int, *more: Any) -> None:
        saved.append(step)
        save(place, step, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learners, "make_learner", lambda *_: TinyLearner())
        patch.setattr(checkpoints, "save", spied)
        # Slow where the processor has none, but the models here are tiny.
        patch.setattr(precision, "has_bfloat16", lambda: True)
        made_trainer = AdvancedTrainer(options, Setup(folder))
        with TrainingRun(folder, Lock({}, {}), Request((1, 2, 3, 4), data=folder)) as run:
            report = dict(made_trainer.train(run))
    lines = [
        {key: value for key, value in line.items() if key not in TIMED}
        for line in read_metrics(folder)
    ]
    names = sorted({path.relative_to(folder).parts[0] for path in folder.rglob("*")})
    return report, lines, saved, names


@pytest.fixture(scope="module")
def base(folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    yield fingerprint(tmp_path_factory.mktemp("base") / "out", folders, {})


def test_a_training_repeats(base: object, folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Else the other tests would show nothing."""
    assert repr(fingerprint(tmp_path / "out", folders, {})) == repr(base)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGED)
def test_an_option_does_something(
    name: str, base: object, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    changed = fingerprint(tmp_path / "out", folders, {name: CHANGED[name]})
    assert repr(changed) != repr(base)


def test_no_option_is_forgotten() -> None:
    assert {field.name for field in fields(TrainingOptions)} == CHANGED.keys() | ELSEWHERE.keys()


def test_the_adapters_are_as_asked_for(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "qwen")
    options = TrainingOptions(
        model_name=str(folder),
        tuning="lora",
        lora_rank=3,
        lora_alpha=7,
        lora_dropout=0.25,
        use_gradient_checkpointing=True,
        num_gpus=0,
        use_schema_disambiguator=False,
    )
    learner: Any = make_learner(options, [])
    assert learner.size.lora == type(learner.size.lora)(3, 7, 0.25)
    assert any(
        isinstance(module, torch.nn.Dropout) and module.p == 0.25
        for module in learner.module.modules()
    )
    assert any(
        getattr(module, "gradient_checkpointing", False)
        or getattr(module, "activation_checkpointing", False)
        for module in learner.module.modules()
    )


def test_eight_bits_are_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from systems.advanced.codec.chat_learner import ChatLearner

    asked: list[Any] = []
    monkeypatch.setattr(ChatLearner, "create", lambda local, **more: asked.append(local))
    for wanted in (True, False):
        make_learner(
            TrainingOptions(model_name=str(tmp_path), tuning="lora", load_in_8bit=wanted), []
        )
    assert [local.load_in_8bit for local in asked] == [True, False]


def test_half_precision_and_gpus_that_are_not_there_are_refused() -> None:
    assert TrainingOptions(fp16=True).mixed_precision == "fp16"
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(UserError, match="fp16 needs a GPU"):
        make_accelerator(TrainingOptions(fp16=True))
    with pytest.raises(UserError, match="num_gpus is 2, but 0 are here"):
        make_accelerator(TrainingOptions(num_gpus=2))


def test_exploration_reaches_the_search(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.systems.advanced.training.tiny import working

    from systems.advanced.training import expert_iteration

    seen: list[Any] = []

    def spied(session: Any, prober: Any, settings: Any, seed: int) -> SearchResult:
        seen.append(settings)
        return search(session, prober, settings, seed)

    monkeypatch.setattr("systems.advanced.training.expert_iteration.search", spied)
    options = small_options(folders[0], mcts_exploration=0.7, search_questions=1)
    with working(tmp_path / "out", options, TinyLearner()) as work:
        expert_iteration.explored(work, work.data.train[:1])
    assert seen[0].exploration == 0.7
