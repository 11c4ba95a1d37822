"""Every option of the system when it answers questions; training has its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


def _option(default: Any, help: str, **metadata: object) -> Any:
    return field(default=default, metadata={"help": help, **metadata})


@dataclass(frozen=True, kw_only=True)
class AdvancedOptions:
    """See the help of each field."""

    backend: Literal["small", "transformers", "openai"] = _option(
        "small", "the small model, a pretrained one in this process, or one behind a server"
    )
    model: str = _option(
        "", "small: a trained model's folder (default: the shipped one); else its name or folder"
    )
    base_url: str = _option("", "the server's address, http://…/v1 (openai)")
    api_key: str = _option("", "the server's key (openai)", secret=True)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = _option("auto", "transformers")
    device: str = _option("auto", "cpu, cuda … (transformers)")
    device_map: str | None = _option(
        None, "auto, balanced …: spread over several devices (transformers, with accelerate)"
    )
    batch: int = _option(16, "rows written at once (transformers), or requests (openai)")
    kept_tokens: int = _option(
        16_384, "tokens of written statements whose keys and values are kept (transformers)"
    )
    load_in_8bit: bool = _option(False, "8-bit weights (transformers, with bitsandbytes)")
    load_in_4bit: bool = _option(False, "4-bit weights (transformers, with bitsandbytes)")
    threads: int = _option(1, "CPU threads of the small model")
    # Without a search
    beam: int = _option(8, "statements by beam search (mcts off)")
    samples: int = _option(8, "samples beside them (mcts off)")
    # The bare base: all components off
    base_samples: int = _option(1, "1: greedy; more: the majority of so many samples")
    # mcts
    mcts_simulations: int = _option(50, "simulations of a search")
    mcts_exploration: float = _option(1.414, "how much a search explores (PUCT's constant)")
    mcts_worth: float = _option(
        0.9,
        "a batch of simulations that finds less than this share of the likeliest result's "
        "probability is the last; 0: go on as long as the answer could change",
    )
    policy_temperature: float = _option(0.8, "temperature of samples and of the search's priors")
    # multi-agent
    revision_rounds: int = _option(1, "rounds of revision under the validator's critique")
    # clarifier
    uncertainty_threshold: float = _option(0.3, "clarify where 1 - confidence is above this")
    clarification_iterations: int = _option(3, "rounds of clarification at most")
    abstain_below: float | None = _option(None, "no answer where the confidence is below this")

    def __post_init__(self) -> None:
        """Refuses what cannot be."""
        least = {
            "mcts_simulations": 1,
            "beam": 1,
            "base_samples": 1,
            "threads": 1,
            "batch": 1,
            "kept_tokens": 0,
        }
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise ValueError(f"{name} is {getattr(self, name)}: the least is {lowest}")
        if self.load_in_8bit and self.load_in_4bit:
            raise ValueError("load_in_8bit and load_in_4bit exclude each other: choose one")
        if not 0 <= self.mcts_worth < 1:
            raise ValueError("mcts_worth is a share from 0 to below 1")
        if self.policy_temperature <= 0:
            raise ValueError("policy_temperature must be above 0")
        if not 0 <= self.uncertainty_threshold <= 1:
            raise ValueError("uncertainty_threshold must lie between 0 and 1")
