"""Every option of the trainer, with its default for the small model on one core."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from .rewards import Weights


def _option(default: Any, help: str, *, identity: bool = True) -> Any:
    """An option with its help; `identity=False`: it may change when a training goes on."""
    return field(default=default, metadata={"help": help, "identity": identity})


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """See the help of each field; the seed is the command's own `--seed`."""

    # The model
    model_name: str = _option("small", "'small', or a pretrained chat model's name or folder")
    max_length: int = _option(2048, "tokens of prompt and answer; longer examples are left out")
    tuning: Literal["full", "lora"] = _option("full", "all weights, or low-rank adapters a role")
    lora_rank: int = _option(16, "rank of the adapters")
    lora_alpha: int = _option(32, "scale of the adapters")
    lora_dropout: float = _option(0.05, "dropout of the adapters")
    load_in_8bit: bool = _option(False, "hold the frozen weights in 8 bits (with lora, on a GPU)")
    use_gradient_checkpointing: bool = _option(False, "compute activations again, to save memory")
    fellow: str | None = _option(
        None, "folder of a small model of another training, whose writer joins in; none: no such"
    )
    schema_gat_heads: int = _option(6, "attention heads of the graph network")
    schema_gat_layers: int = _option(4, "layers of the graph network")
    schema_embedding_dim: int = _option(192, "width of the graph network")
    # Components
    use_policy_solver: bool = _option(True, "phase 2: search and expert iteration (mcts)")
    use_schema_disambiguator: bool = _option(True, "graph attention and phase 3 (gat)")
    use_query_clarifier: bool = _option(True, "phase 4: calibration and refinement (clarifier)")
    use_multi_agent_rl: bool = _option(True, "train schema and validation roles (multi-agent)")
    # Data
    datasets: tuple[str, ...] = _option(("spider-train",), "benchmarks to train on")
    synthetic: tuple[str, ...] = _option(
        (), "synthetic questions: folders, or BENCHMARK:COUNT to make them on its databases"
    )
    synthetic_weight: float = _option(0.5, "weight of a synthetic example's loss")
    synthetic_share: float | None = _option(
        None, "share of synthetic examples in each batch; none: as they come"
    )
    development_databases: int = _option(12, "training databases held out to measure progress")
    calibration_databases: int = _option(12, "training databases held out to calibrate")
    development_questions: int = _option(200, "questions of the development slice, at most")
    calibration_questions: int = _option(200, "questions to calibrate on, at most")
    limit: int | None = _option(
        None, "training questions of each data set, at most, spread over its databases"
    )
    leakage: Literal["drop", "stop"] = _option(
        "drop", "training questions that repeat an evaluation question"
    )
    # Optimisation
    batch_size: int = _option(64, "examples in a batch, each device")
    gradient_accumulation_steps: int = _option(1, "batches in a step")
    learning_rate: float = _option(1.2e-3, "highest learning rate of phase 1")
    later_learning_rate: float = _option(1e-4, "highest learning rate of supervised phases 2 to 4")
    warmup_steps: int = _option(190, "steps until the learning rate is reached, at most a tenth")
    weight_decay: float = _option(0.01, "AdamW's, for matrices")
    max_grad_norm: float = _option(1.0, "longer gradients are cut to this length")
    fp16: bool = _option(False, "half precision with loss scaling (GPU)")
    bf16: bool = _option(False, "bfloat16 autocast, on a CPU where it has that")
    num_gpus: int | None = _option(None, "GPUs to use; 0: the CPU; none: what is there")
    length_buckets: bool = _option(True, "examples of like length share a batch")
    # Phase 1
    phase1_steps: int = _option(2000, "steps of curriculum learning")
    pacing: Literal["root", "linear", "step", "none"] = _option("root", "how hard ones come in")
    curriculum_start: float = _option(0.2, "share of the examples, easiest first, at the start")
    curriculum_share: float = _option(0.3, "share of the steps after which all are open")
    difficulty: Literal["label", "loss"] = _option("label", "hardness by label, or by own loss")
    weight_averaging: float = _option(
        0.0, "the writing stage ends with its weights' moving average of this decay; 0: none"
    )
    validation_folds: int = _option(
        0,
        "the validator learns from writers that have not seen so many parts of the databases, "
        "each of its own part; 0: from the model's own statements on training questions",
    )
    validation_writers: int | None = _option(
        None, "train so many of these writers; 1: the small model's critic starts as it; none: all"
    )
    fold_steps: int = _option(1000, "steps of each of these writers")
    validation_candidates: int = _option(
        8, "statements that they write for a question by beam search, and as many samples"
    )
    # Phase 2
    expert_rounds: int = _option(1, "rounds of search and training on what it found")
    expert_steps: int = _option(200, "supervised steps in each round")
    search_questions: int = _option(256, "questions searched in each round")
    mcts_simulations: int = _option(32, "simulations of a search")
    mcts_exploration: float = _option(1.4, "how much a search explores (PUCT's constant)")
    policy_temperature: float = _option(1.0, "temperature of samples in search and rollouts")
    grpo_steps: int = _option(200, "steps of reinforcement")
    grpo_questions: int = _option(8, "questions in a step of reinforcement, each device")
    grpo_rollouts: int = _option(8, "rollouts of a question")
    grpo_learning_rate: float = _option(2e-5, "highest learning rate of reinforcement")
    grpo_clip: float = _option(0.2, "how far a token's probability ratio may move")
    grpo_kl: float = _option(0.01, "weight of the divergence from the reference")
    grpo_updates: int = _option(1, "updates on each set of rollouts")
    team_weight: float = _option(0.5, "share of the team's reward in a role's reward")
    rollout_server: str | None = _option(
        None, "address of a vLLM server that writes rollouts, http://…/v1", identity=False
    )
    # Rewards
    reward_metric: str = _option("ex_spider", "the metric that decides what is right")
    reward_running: float = _option(0.1, "level of SQL that runs; right SQL has 1, failing 0")
    reward_schema: float = _option(1.0, "weight: tables and columns of the gold (F1)")
    reward_clauses: float = _option(1.0, "weight: clauses and operators of the gold (F1)")
    reward_format: float = _option(0.5, "weight: one query without comments")
    reward_length: float = _option(0.5, "weight: not longer than the gold")
    reward_efficiency: float = _option(0.5, "weight: VM steps against the gold's")
    execution_steps: int = _option(
        100_000_000,
        "VM steps that a statement may take in search, rewards and scores of the development slice",
    )
    reward_pool: Literal["local", "ray"] = _option(
        "local", "where rewards are executed: on this machine, or on a Ray cluster", identity=False
    )
    # Phases 3 and 4
    phase3_steps: int = _option(300, "steps of joint training of graph network and model")
    phase4_steps: int = _option(200, "steps on the model's own uncertain or wrong cases")
    refine_questions: int = _option(512, "questions looked at for such cases")
    clarification_iterations: int = _option(2, "rounds of looking for cases and training")
    uncertainty_threshold: float = _option(0.5, "a case is uncertain below this confidence")
    # Operation
    output_dir: Path = _option(Path("results"), "where experiments go", identity=False)
    experiment_name: str = _option("advanced", "the experiment's folder there", identity=False)
    checkpoint_every: int = _option(200, "steps between checkpoints", identity=False)
    log_every: int = _option(10, "steps between lines of metrics.jsonl", identity=False)
    report_to: tuple[str, ...] = _option((), "also to: tensorboard, wandb", identity=False)
    final_questions: int | None = _option(
        None, "questions of each benchmark that the final model answers; 0: none", identity=False
    )

    def __post_init__(self) -> None:
        """Refuses what cannot be, by the option's name."""
        for one in fields(self):
            value = getattr(self, one.name)
            lowest = _LOWEST.get(one.name, 0)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and value < lowest:
                raise ValueError(f"{one.name} is {value}: the least is {lowest}")
        if self.fp16 and self.bf16:
            raise ValueError("fp16 and bf16 exclude each other: set one")
        if self.load_in_8bit and self.tuning != "lora":
            raise ValueError("load_in_8bit freezes the weights: it needs tuning=lora")
        if self.model_name == "small" and self.tuning == "lora":
            raise ValueError("the small model has no adapters: set tuning=full")
        if self.fellow is not None and self.tuning == "lora":
            raise ValueError("a fellow writes with the small model alone: set fellow=none")
        if self.rollout_server is not None and self.tuning != "lora":
            raise ValueError("rollout_server is handed adapters: it needs tuning=lora")
        if self.schema_embedding_dim % self.schema_gat_heads:
            raise ValueError("schema_embedding_dim must be a multiple of schema_gat_heads")
        for name in self.report_to:
            if name not in ("tensorboard", "wandb"):
                raise ValueError(f"report_to knows tensorboard and wandb, not '{name}'")
        if not self.datasets and not self.synthetic:
            raise ValueError("nothing to train on: name datasets or synthetic")
        if not 0 < self.curriculum_start <= 1 or not 0 <= self.team_weight <= 1:
            raise ValueError("curriculum_start and team_weight are shares between 0 and 1")
        if not self.weight_averaging < 1:
            raise ValueError("weight_averaging is a decay from 0 to below 1, as 0.999")
        if self.validation_folds == 1:
            raise ValueError("validation_folds is 1: give 2 or more, or 0 for no cross-fitting")
        if (self.validation_writers or 0) > self.validation_folds:
            raise ValueError(
                f"validation_writers is {self.validation_writers}: there is one for each of the "
                f"{self.validation_folds} validation_folds at most"
            )
        if self.synthetic_share is not None:
            if not 0 < self.synthetic_share < 1:
                raise ValueError("synthetic_share lies between 0 and 1, or is none")
            if not self.synthetic or not self.datasets:
                raise ValueError("synthetic_share needs both datasets and synthetic to mix")
            if self.batch_size * self.gradient_accumulation_steps < 2:
                raise ValueError("synthetic_share needs a step of 2 examples at least")
        if not 0 < self.reward_running < 1:
            raise ValueError("reward_running must lie between 0 and 1")

    @property
    def reward_weights(self) -> Weights:
        """The weights of the reward's terms."""
        return Weights(
            schema=self.reward_schema,
            clauses=self.reward_clauses,
            format=self.reward_format,
            length=self.reward_length,
            efficiency=self.reward_efficiency,
        )

    @property
    def writers(self) -> int:
        """How many writers of folds are trained."""
        folds = self.validation_folds if self.use_multi_agent_rl else 0
        return folds if self.validation_writers is None else min(folds, self.validation_writers)

    @property
    def tunes_critic(self) -> bool:
        """Whether the critic starts as a trained writer."""
        return self.writers == 1 and self.model_name == "small"

    @property
    def validation_steps(self) -> int:
        """The validator's steps of phase 1: a few rounds where it starts as a trained writer."""
        if not self.use_multi_agent_rl:
            return 0
        return math.ceil(self.phase1_steps * (1 / 13 if self.tunes_critic else 1 / 4))

    @property
    def mixed_precision(self) -> Literal["no", "fp16", "bf16"]:
        """As accelerate names it."""
        return "fp16" if self.fp16 else "bf16" if self.bf16 else "no"

    def shown(self) -> str:
        """All options and their values, a line each, in TOML's form."""
        return "\n".join(f"{one.name} = {_toml(getattr(self, one.name))}" for one in fields(self))


_LOWEST = {
    "batch_size": 1,
    "gradient_accumulation_steps": 1,
    "max_length": 16,
    "lora_rank": 1,
    "schema_gat_heads": 1,
    "schema_gat_layers": 1,
    "schema_embedding_dim": 1,
    "development_databases": 1,
    "calibration_databases": 1,
    "development_questions": 1,
    "calibration_questions": 1,
    "limit": 1,
    "mcts_simulations": 1,
    "grpo_questions": 1,
    "grpo_rollouts": 2,
    "grpo_updates": 1,
    "validation_writers": 1,
    "fold_steps": 1,
    "validation_candidates": 1,
    "checkpoint_every": 1,
    "log_every": 1,
    "execution_steps": 1_000,
}
COMPONENTS = {
    "mcts": "use_policy_solver",
    "gat": "use_schema_disambiguator",
    "clarifier": "use_query_clarifier",
    "multi-agent": "use_multi_agent_rl",
}


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if value is None:
        return '"none"'
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    return str(value) if isinstance(value, int) else f'"{value}"'
