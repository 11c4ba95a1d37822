"""How a local model is loaded: files, device and precision, its tokenizer and its end tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch

from t2s_bench.errors import BadInput


@dataclass(frozen=True)
class LocalOptions:
    """How a local model is loaded.

    `model` is a folder or a name on the hub. `device_map` ('auto', 'balanced') spreads a model over
    several devices through accelerate; without one it goes to `device`. `batch` rows are written at
    once. `kept_tokens` is how much of what was written stays in the cache, beside the prompt.
    """

    model: str
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    device: str = "auto"
    device_map: str | None = None
    load_in_8bit: bool = False
    load_in_4bit: bool = False
    batch: int = 16
    kept_tokens: int = 16_384


def load_tokenizer(source: str) -> Any:
    """The tokenizer of a folder as it was saved, or of a model on the hub."""
    import transformers

    # In a folder with a config.json of its own, AutoTokenizer may choose another class than the
    # saved tokenizer has, and then splits words differently.
    saved = (Path(source) / "tokenizer.json").is_file()
    kind: Any = transformers.PreTrainedTokenizerFast if saved else transformers.AutoTokenizer
    return kind.from_pretrained(source)


def quantised(options: LocalOptions) -> dict[str, Any]:
    """What `from_pretrained` is told for 8 or 4 bits; BadInput without bitsandbytes."""
    if not (options.load_in_8bit or options.load_in_4bit):
        return {}
    if options.load_in_8bit and options.load_in_4bit:
        raise BadInput("load_in_8bit and load_in_4bit exclude each other: choose one")
    name = "load_in_8bit" if options.load_in_8bit else "load_in_4bit"
    if find_spec("bitsandbytes") is None:
        raise BadInput(
            f"{name} needs the package 'bitsandbytes': pip install bitsandbytes, or leave {name} "
            "off and choose dtype=bfloat16"
        )
    from transformers import BitsAndBytesConfig

    make: Callable[..., Any] = BitsAndBytesConfig
    settings: dict[str, Any] = {name: True}
    if options.load_in_4bit:
        settings |= {
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_compute_dtype": torch.bfloat16,
            "bnb_4bit_use_double_quant": True,
        }
    # bitsandbytes places the weights itself while it loads them.
    return {"quantization_config": make(**settings), "device_map": {"": device_of(options.device)}}


def device_of(name: str) -> torch.device:
    """A device by name; 'auto' takes the fastest there is."""
    if name == "auto":
        if torch.cuda.is_available():
            name = "cuda"
        else:
            name = "mps" if torch.backends.mps.is_available() else "cpu"
    return torch.device(name)


def end_tokens(generation_config: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end an answer: the model's own, and the tokenizer's end of text or turn."""
    own = generation_config.eos_token_id
    ends = set(own if isinstance(own, list) else [own])
    ends |= {tokenizer.eos_token_id, tokenizer.get_added_vocab().get("<|im_end|>")}
    return frozenset(end for end in ends if end is not None)
