from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path

import pytest
from systems.advanced.training.options import COMPONENTS, TrainingOptions
from systems.advanced.training.trainer import AdvancedTrainer

from t2s_bench.errors import BadInput, UnknownName
from t2s_bench.options import describe_options, parse_options, read_table
from t2s_bench.system import Setup

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONFIGS = Path(__file__).parents[4] / "systems" / "advanced" / "configs"
ORIGINAL = frozenset(
    """
    model_name max_length batch_size gradient_accumulation_steps learning_rate output_dir
    experiment_name use_policy_solver use_schema_disambiguator use_query_clarifier
    use_multi_agent_rl mcts_simulations mcts_exploration policy_temperature schema_gat_heads
    schema_gat_layers schema_embedding_dim clarification_iterations uncertainty_threshold
    use_gradient_checkpointing load_in_8bit fp16 bf16 num_gpus
    """.split()  # noqa: SIM905
)


def test_every_option_of_the_design_is_there_with_its_help() -> None:
    described = {one.name: one for one in describe_options(TrainingOptions)}
    assert described.keys() >= ORIGINAL
    assert all(one.help for one in described.values())


def test_unknown_keys_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'learning_rate'"):
        parse_options(TrainingOptions, {"learning_rat": "1"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0: the least is 1"),
        ({"learning_rate": -1}, "learning_rate is -1"),
        ({"fp16": True, "bf16": True}, "exclude each other"),
        ({"load_in_8bit": True}, "needs tuning=lora"),
        ({"tuning": "lora"}, "small model has no adapters"),
        ({"schema_gat_heads": 7}, "multiple of schema_gat_heads"),
        ({"report_to": "wandbb"}, "tensorboard and wandb"),
        ({"datasets": ()}, "nothing to train on"),
        ({"reward_running": 1.0}, "between 0 and 1"),
        ({"weight_averaging": 1.0}, "weight_averaging is a decay"),
        ({"validation_folds": 1}, "give 2 or more, or 0"),
        ({"validation_folds": 2, "validation_writers": 3}, "each of the 2 validation_folds"),
        ({"fold_steps": 0}, "fold_steps is 0: the least is 1"),
        ({"validation_candidates": 0}, "the least is 1"),
        ({"synthetic_share": 1.0, "synthetic": "a"}, "lies between 0 and 1"),
        ({"synthetic_share": 0.3}, "needs both datasets and synthetic"),
        (
            {"synthetic_share": 0.3, "synthetic": "a", "batch_size": 1},
            "a step of 2 examples at least",
        ),
        ({"grpo_rollouts": 1}, "the least is 2"),
        ({"pacing": "rooot"}, "root|linear"),
    ],
)
def test_what_cannot_be_is_refused_by_name(options: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_options(TrainingOptions, options)
    assert message in str(caught.value)


def test_options_print_themselves_as_toml_that_gives_them_again() -> None:
    options = TrainingOptions(synthetic=("a", "b"), limit=7, bf16=True, learning_rate=2.5e-5)
    again = parse_options(TrainingOptions, tomllib.loads(options.shown()))
    assert again == options
    assert parse_options(TrainingOptions, tomllib.loads(TrainingOptions().shown())).limit is None


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.name)
def test_shipped_configurations_are_readable(path: Path) -> None:
    content = read_table(path, "train")
    assert content.keys() <= {field.name for field in fields(TrainingOptions)}
    parse_options(TrainingOptions, content)


@pytest.mark.parametrize("name", ["fsdp", "deepspeed_zero3"])
def test_shipped_accelerate_configurations_are_accelerates(name: str) -> None:
    from accelerate.commands.config.config_args import (  # type: ignore[import-untyped]
        load_config_from_file,
    )

    config = load_config_from_file(str(CONFIGS / "accelerate" / f"{name}.yaml"))
    assert config.num_processes == 8
    assert str(config.distributed_type).endswith({"fsdp": "FSDP"}.get(name, "DEEPSPEED"))


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_that_is_off_switches_its_option_off(component: str) -> None:
    trainer = AdvancedTrainer(TrainingOptions(), Setup(Path("."), off=frozenset([component])))
    for name, option in COMPONENTS.items():
        assert getattr(trainer.options, option) == (name != component)


def test_the_results_go_to_the_experiment_s_folder() -> None:
    options = TrainingOptions(output_dir=Path("out"), experiment_name="one")
    assert AdvancedTrainer(options, Setup(Path("."))).folder("advanced") == Path("out/one")
