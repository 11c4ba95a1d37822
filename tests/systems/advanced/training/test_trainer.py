from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from systems.advanced.small_model.learner import SmallLearner
from systems.advanced.training.learners import make_learner, small_config
from systems.advanced.training.options import TrainingOptions
from systems.advanced.training.plan import make_plan
from systems.advanced.training.trainer import AdvancedTrainer
from tests.systems.advanced.tiny_qwen import make_folder
from tests.systems.advanced.training.tiny import make_towns, small_options
from typer.testing import CliRunner

from t2s_bench.cli.app import app
from t2s_bench.errors import BadInput, MissingExtra
from t2s_bench.runs.lock import Lock
from t2s_bench.system import Setup
from t2s_bench.training import Request, TrainingRun

ALL = Request((1, 2, 3, 4))


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_towns(tmp_path_factory.mktemp("data") / "towns")


def train(options: TrainingOptions, folder: Path, request: Request) -> dict[str, object]:
    trainer = AdvancedTrainer(options, Setup(Path(__file__).parents[4] / "systems" / "advanced"))
    with TrainingRun(folder, Lock({}, {}), request) as run:
        return dict(trainer.train(run))


def test_the_plan_tells_parameters_memory_tokens_steps_and_time(towns: Path) -> None:
    options = small_options(towns, phase1_steps=100, use_multi_agent_rl=False)
    plan = make_plan(options, ALL, 0)
    assert plan["questions"] == 36
    assert plan["phases"]["1 curriculum"]["steps"] == 100  # type: ignore[index]
    assert {"parameters", "memory a device, GB", "hours (order of magnitude)"} <= plan.keys()
    wider = make_plan(small_options(towns, schema_embedding_dim=384), ALL, 0)
    assert wider["parameters"] > plan["parameters"]  # type: ignore[operator]
    assert wider["memory a device, GB"] > plan["memory a device, GB"]  # type: ignore[operator]
    first = make_plan(options, Request((1,)), 0)
    assert list(first["phases"]) == ["1 curriculum"]  # type: ignore[call-overload]


def test_the_plan_counts_the_writers_of_folds_and_what_they_write(towns: Path) -> None:
    plain = make_plan(small_options(towns), ALL, 0)["phases"]["1 curriculum"]  # type: ignore[index]
    folded = make_plan(
        small_options(towns, validation_folds=3, fold_steps=50, validation_candidates=4), ALL, 0
    )["phases"]["1 curriculum"]  # type: ignore[index]
    assert folded["steps"] == plain["steps"] + 150
    assert folded["trained tokens"] * plain["steps"] == plain["trained tokens"] * folded["steps"]
    # 36 questions by 4 of a beam and 4 samples, against 12 of 6 samples.
    assert folded["generated tokens"] / plain["generated tokens"] == 36 * 8 / (12 * 6)
    alone = small_options(
        towns, validation_folds=3, fold_steps=50, use_multi_agent_rl=False, synthetic=("mini:40",)
    )
    plan = make_plan(alone, ALL, 0)
    assert plan["phases"]["1 curriculum"]["steps"] == 12  # type: ignore[index]
    assert plan["questions"] == 76


def test_the_plan_counts_the_calibration_s_searches(towns: Path) -> None:
    few, many = (
        make_plan(small_options(towns, mcts_simulations=n, calibration_questions=10), ALL, 0)
        for n in (6, 16)
    )
    phases = [plan["phases"]["4 uncertainty"]["generated tokens"] for plan in (few, many)]  # type: ignore[index]
    # Ten simulations more, of ten questions, with the team and without it.
    assert phases[1] - phases[0] == 10 * 10 * 2 * 11


def test_the_plan_counts_a_pretrained_model_from_its_configuration_alone(
    towns: Path, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path / "qwen")
    for path in folder.glob("*.safetensors"):
        path.unlink()
    options = small_options(towns, model_name=str(folder), tuning="lora", lora_rank=4)
    plan = make_plan(options, ALL, 0)
    assert 0 < plan["trained parameters"] < plan["parameters"] * 3  # type: ignore[operator]
    more = make_plan(
        small_options(towns, model_name=str(folder), tuning="lora", lora_rank=8), ALL, 0
    )
    assert more["trained parameters"] == 2 * plan["trained parameters"]  # type: ignore[operator]


def test_a_fellow_joins_a_new_model_and_a_saved_one(towns: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    sizes = {"schema_embedding_dim": 24, "schema_gat_heads": 2, "schema_gat_layers": 1}
    options = small_options(towns, fellow=str(other), **sizes)
    make_learner(replace(options, fellow=None), []).save(other)
    for name in ("small", str(other)):
        learner = make_learner(replace(options, model_name=name), [])
        assert isinstance(learner, SmallLearner) and learner.model.fellow is not None
        assert not any(one.requires_grad for one in learner.model.fellow.parameters())
    alone = make_plan(replace(options, fellow=None), ALL, 0)
    plan = make_plan(options, ALL, 0)
    assert plan["parameters"] > alone["parameters"]  # type: ignore[operator]
    assert plan["trained parameters"] == alone["trained parameters"]
    with pytest.raises(BadInput, match="no folder of a small model: give one that has a words.txt"):
        make_learner(replace(options, fellow=str(tmp_path)), [])
    with pytest.raises(ValueError, match="fellow=none"):
        TrainingOptions(model_name="a", tuning="lora", fellow=str(other))


def test_the_command_plans_and_loads_nothing() -> None:
    done = CliRunner().invoke(app, ["train", "advanced", "--smoke", "--plan", "--json"])
    assert done.exit_code == 0, done.output
    plan = json.loads(done.stdout)
    assert plan["questions"] == 600 and plan["options"]["experiment_name"] == '"smoke"'


def test_data_only_prepares_and_stops(towns: Path, tmp_path: Path) -> None:
    request = Request((1, 2, 3, 4), data_only=True, data=tmp_path)
    report = train(small_options(towns), tmp_path / "out", request)
    assert report["data"]["train"] == 18  # type: ignore[index]
    assert not (tmp_path / "out" / "phase1").exists()
    assert "batch_size = 8" in (tmp_path / "out" / "training.log").read_text()


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [
        ("schema_embedding_dim", 96, "width"),
        ("schema_gat_heads", 3, "heads"),
        ("schema_gat_layers", 1, "encoder_layers"),
        ("use_schema_disambiguator", False, "typed"),
    ],
)
def test_the_graph_network_s_options_reach_the_small_model(
    option: str, value: object, field: str
) -> None:
    assert getattr(small_config(TrainingOptions(**{option: value})), field) == value  # type: ignore[arg-type]


@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_a_chat_model_is_trained_on_as_it_was_begun(tuning: str, tmp_path: Path) -> None:
    base = make_folder(tmp_path / "qwen")
    saved = tmp_path / "saved"
    saved.mkdir()
    options = TrainingOptions(model_name=str(base), tuning=tuning, num_gpus=0)  # type: ignore[arg-type]
    make_learner(options, []).save(saved)
    again = make_learner(replace(options, model_name=str(saved)), [])
    other = "full" if tuning == "lora" else "lora"
    with pytest.raises(BadInput, match=f"was trained with tuning={tuning}: set that"):
        make_learner(replace(options, model_name=str(saved), tuning=other), [])  # type: ignore[arg-type]
    # Half precision is autocast's alone where all weights are stepped.
    half = make_learner(replace(options, bf16=True), [])
    kinds = {p.dtype for p in half.module.parameters() if not p.requires_grad or tuning == "full"}
    assert kinds == {torch.float32 if tuning == "full" else torch.bfloat16}
    count = sum(p.numel() for p in again.module.parameters() if p.requires_grad)
    whole = sum(p.numel() for p in again.module.parameters())
    assert (count == whole) == (tuning == "full")


def test_a_tracker_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from systems.advanced.training.tracking import make_tracker

    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingExtra, match="t2s-bench\\[wandb\\]"):
        make_tracker(TrainingOptions(report_to=("wandb",)), tmp_path)


@pytest.mark.slow
def test_the_small_model_learns_the_towns_through_all_phases(towns: Path, tmp_path: Path) -> None:
    options = small_options(
        towns,
        schema_embedding_dim=64,
        schema_gat_heads=4,
        schema_gat_layers=2,
        batch_size=16,
        learning_rate=3e-3,
        later_learning_rate=5e-4,
        grpo_learning_rate=2e-4,
        phase1_steps=80,
        mcts_simulations=4,
        grpo_steps=2,
        checkpoint_every=100,
    )
    request = Request((1, 2, 3, 4), data=tmp_path)
    report = train(options, tmp_path / "out", request)
    reached = report["ex"]
    assert isinstance(reached, dict)
    assert reached["before"]["ex"] < 0.2
    assert reached["phase 4"]["ex"] >= 0.8
    final = {path.name for path in (tmp_path / "out" / "final_model").iterdir()}
    assert {"weights.pt", "config.json", "words.txt", "calibration.json"} <= final


# torch-geometric 2.8 with torch 2.13.
@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
@pytest.mark.slow
@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_a_tiny_pretrained_model_goes_through_all_phases(
    tuning: str, towns: Path, tmp_path: Path
) -> None:
    """With an adapter for each of three roles, or with weights that they share."""
    options = small_options(
        towns,
        model_name=str(make_folder(tmp_path / "qwen", spread=0.02)),
        tuning=tuning,
        lora_rank=4,
        schema_embedding_dim=16,
        schema_gat_heads=2,
        schema_gat_layers=1,
        batch_size=4,
        phase1_steps=2,
        expert_steps=1,
        search_questions=1,
        mcts_simulations=2,
        grpo_steps=1,
        grpo_questions=1,
        grpo_rollouts=2,
        phase3_steps=1,
        phase4_steps=1,
        refine_questions=2,
        development_questions=2,
        calibration_questions=2,
    )
    train(options, tmp_path / "out", Request((1, 2, 3, 4), data=tmp_path))
    final = tmp_path / "out" / "final_model"
    if tuning == "lora":
        roles = {path.name for path in (final / "adapters").iterdir()}
        assert roles == {"schema", "sql", "validation"}
    else:
        before = load_file(tmp_path / "qwen" / "model.safetensors")
        after = load_file(final / "model" / "model.safetensors")
        assert before.keys() == after.keys()
        assert all(not torch.equal(before[name], after[name]) for name in before)
    assert (final / "linker").is_dir() and (final / "calibration.json").exists()
