"""What a model costs before any weight is loaded: parameters, memory, and tokens that then fit.

From its `config.json` alone (a folder), or from the dimensions below for models that the shipped
configurations name, so that a dry run needs neither weights nor network. Parameters are exact for
models of the Llama shape (Llama, Mistral, Qwen2, Qwen2.5, Qwen3); others are refused rather than
guessed. Memory is weights, keys and values, adapters with their optimiser, and activations; what
allocators and kernels take on top is not in it: leave a tenth.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from t2s_bench.errors import BadInput, UnknownName

Precision = Literal["float32", "bfloat16", "float16", "8bit", "4bit"]
# Bytes a weight; 4 bits (nf4, double quantisation) have scales of about half a bit more.
_BYTES: Mapping[str, float] = {
    "float32": 4.0,
    "bfloat16": 2.0,
    "float16": 2.0,
    "8bit": 1.0,
    "4bit": 0.5625,
}
# Bytes of a trained weight besides itself: gradient and AdamW's two moments in single precision.
_TRAINED = 12
# Bytes of activations a token, layer and unit of width in 16 bits (Korthikanti et al. 2022).
_ACTIVATIONS = 34
_SHAPES = frozenset({"llama", "mistral", "qwen2", "qwen3"})
_QWEN25_7B = {
    "model_type": "qwen2",
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
    "tie_word_embeddings": False,
    "max_position_embeddings": 32768,
}
# The dimensions that these models' own config.json state.
KNOWN: Mapping[str, Mapping[str, Any]] = {
    "Qwen/Qwen2.5-7B-Instruct": _QWEN25_7B,
    "Qwen/Qwen2.5-Coder-7B-Instruct": _QWEN25_7B,
    "Snowflake/Arctic-Text2SQL-R1-7B": _QWEN25_7B,
}


@dataclass(frozen=True)
class Shape:
    """The dimensions of a model of the Llama shape."""

    hidden: int
    intermediate: int
    layers: int
    heads: int
    key_heads: int
    head_size: int
    words: int
    tied: bool
    attention_bias: bool
    head_norms: bool
    longest: int

    @property
    def projections(self) -> tuple[tuple[int, int], ...]:
        """(in, out) of the linear layers of one block."""
        queries, keys = self.heads * self.head_size, self.key_heads * self.head_size
        return (
            (self.hidden, queries),
            (self.hidden, keys),
            (self.hidden, keys),
            (queries, self.hidden),
            (self.hidden, self.intermediate),
            (self.hidden, self.intermediate),
            (self.intermediate, self.hidden),
        )

    @property
    def parameters(self) -> int:
        """Of the whole model."""
        block = sum(one * other for one, other in self.projections) + 2 * self.hidden
        if self.attention_bias:
            block += (self.heads + 2 * self.key_heads) * self.head_size
        if self.head_norms:
            block += 2 * self.head_size
        words = self.words * self.hidden * (1 if self.tied else 2)
        return self.layers * block + words + self.hidden

    def adapter_parameters(self, rank: int) -> int:
        """Of one LoRA adapter on all linear layers but the head."""
        return self.layers * sum(rank * (one + other) for one, other in self.projections)

    def cache_bytes(self, tokens: int, value_bytes: float = 2.0) -> int:
        """Keys and values of so many tokens."""
        size = 2 * self.layers * self.key_heads * self.head_size
        return int(tokens * size * value_bytes)


@dataclass(frozen=True)
class Memory:
    """Bytes on each device, and how many tokens of cache still fit beside them.

    `tokens` is None where the device's memory was not told.
    """

    parameters: int
    trained: int
    weights: int
    adapters: int
    cache: int
    activations: int
    tokens: int | None = None

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.adapters + self.cache + self.activations


def shape_of(model: str) -> Shape:
    """The dimensions of a model by folder or known name; BadInput for another architecture."""
    path = Path(model).expanduser() / "config.json"
    if path.is_file():
        try:
            config: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadInput(f"{path} is not JSON: {error}") from error
    elif model in KNOWN:
        config = KNOWN[model]
    else:
        raise UnknownName("model", model, KNOWN, "Or give a folder with the model's config.json")
    kind = str(config.get("model_type"))
    if kind not in _SHAPES:
        raise BadInput(
            f"the memory of a model of type '{kind}' is not known before it is loaded; possible: "
            f"{', '.join(sorted(_SHAPES))}"
        )
    heads, hidden = int(config["num_attention_heads"]), int(config["hidden_size"])
    return Shape(
        hidden=hidden,
        intermediate=int(config["intermediate_size"]),
        layers=int(config["num_hidden_layers"]),
        heads=heads,
        key_heads=int(config.get("num_key_value_heads") or heads),
        head_size=int(config.get("head_dim") or hidden // heads),
        words=int(config["vocab_size"]),
        tied=bool(config.get("tie_word_embeddings", False)),
        # Qwen2 has biases on queries, keys and values without saying so.
        attention_bias=kind == "qwen2",
        head_norms=kind == "qwen3",
        longest=int(config.get("max_position_embeddings", 0)),
    )


def serving_memory(
    model: str,
    precision: Precision = "bfloat16",
    *,
    prompt_tokens: int,
    new_tokens: int,
    rows: int,
    adapters: int = 0,
    rank: int = 16,
    devices: int = 1,
    device_bytes: int | None = None,
) -> Memory:
    """What answering takes: weights and adapters, and the cache of `rows` written at once.

    Devices share weights and cache evenly (`device_map`). The prompt is in the cache once for
    itself and once for each row, because rows of a batch are joined copies.
    """
    shape = shape_of(model)
    weights = _spread(shape.parameters * _BYTES[precision], devices)
    own = _spread(adapters * shape.adapter_parameters(rank) * 2, devices)
    cache = _spread(shape.cache_bytes(prompt_tokens + rows * (prompt_tokens + new_tokens)), devices)
    # One row of logits in single precision, and one block's activations of a prompt.
    activations = 4 * rows * shape.words + _ACTIVATIONS * prompt_tokens * shape.hidden
    tokens = None
    if device_bytes is not None:
        room = devices * (device_bytes - weights - own - activations)
        tokens = max(0, room // shape.cache_bytes(1))
    return Memory(shape.parameters, 0, weights, own, cache, activations, tokens)


def training_memory(
    model: str,
    precision: Precision = "bfloat16",
    *,
    batch: int,
    length: int,
    roles: int = 3,
    rank: int = 16,
    checkpointing: bool = True,
    devices: int = 1,
    sharded: bool = False,
    device_bytes: int | None = None,
) -> Memory:
    """What training LoRA adapters takes on each device, with `batch` texts of `length` tokens.

    `sharded` spreads weights, gradients and moments over the devices (FSDP, ZeRO-3); otherwise each
    holds all of them. With checkpointing one block's activations are held at a time, and the
    inputs of all.
    """
    shape = shape_of(model)
    share = devices if sharded else 1
    trained = roles * shape.adapter_parameters(rank)
    weights = _spread(shape.parameters * _BYTES[precision], share)
    adapters = _spread(trained * (4 + _TRAINED), share)
    blocks = 1 if checkpointing else shape.layers
    a_token = _ACTIVATIONS * shape.hidden * blocks + 2 * shape.hidden * shape.layers
    activations = batch * length * a_token
    tokens = None
    if device_bytes is not None:
        tokens = max(0, (device_bytes - weights - adapters) // a_token)
    return Memory(shape.parameters, trained, weights, adapters, 0, activations, tokens)


def _spread(size: float, devices: int) -> int:
    return -(-int(size) // devices)
