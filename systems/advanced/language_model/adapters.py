"""LoRA adapters of one model by name, one a role; which of them is in force, and which learn."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from t2s_bench.errors import BadInput, MissingExtra, UnknownName


@dataclass(frozen=True)
class Lora:
    """The size of an adapter: rank, scale (`alpha` / `rank`), dropout, and the layers it is on."""

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    target: str = "all-linear"


class Adapters:
    """The adapters of one causal model, which is changed in place. None: the base model alone."""

    def __init__(self, causal: torch.nn.Module) -> None:
        self._causal = causal
        self._peft: Any = None
        self._active = ""
        self._learning: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """Of all adapters."""
        return tuple(self._peft.peft_config) if self._peft is not None else ()

    def add(self, name: str, lora: Lora, new_tokens: Sequence[int] = ()) -> None:
        """A new adapter that changes nothing yet; `new_tokens` are learnt beside it."""
        peft = _peft()
        more: dict[str, Any] = {}
        if new_tokens:
            more["trainable_token_indices"] = self._token_layers(new_tokens)
        config = peft.LoraConfig(
            r=lora.rank,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            target_modules=lora.target,
            task_type="CAUSAL_LM",
            **more,
        )
        if self._peft is None:
            with _quiet():
                self._peft = peft.get_peft_model(self._causal, config, adapter_name=name)
        else:
            self._peft.add_adapter(name, config)
        self._active = ""
        self._settle()

    def load(self, name: str, folder: Path) -> None:
        """An adapter from the folder that `save` wrote, or any PEFT adapter."""
        peft = _peft()
        try:
            if self._peft is None:
                with _quiet():
                    self._peft = peft.PeftModel.from_pretrained(
                        self._causal, str(folder), adapter_name=name
                    )
            else:
                self._peft.load_adapter(str(folder), adapter_name=name)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            reason = " ".join(str(error).split())[:300]
            raise BadInput(
                f"{folder} is no adapter of this model: {reason}. Give a folder with "
                "adapter_config.json that was trained on it"
            ) from error
        self._active = ""
        self._settle()

    def save(self, name: str, folder: Path) -> None:
        """Writes one adapter into a folder, as PEFT does."""
        weights = self._state(name)
        folder.mkdir(parents=True, exist_ok=True)
        from safetensors.torch import save_file

        save_file(
            {key: tensor.contiguous().cpu() for key, tensor in weights.items()},
            str(folder / "adapter_model.safetensors"),
        )
        self._peft.peft_config[name].save_pretrained(str(folder))

    def copy(self, name: str, to: str) -> None:
        """Makes `to` an equal, frozen adapter."""
        if to not in self.names:
            self._peft.add_adapter(to, deepcopy(self._peft.peft_config[name]))
        own, copied = self._by_suffix(name), self._by_suffix(to)
        with torch.no_grad():
            for key, parameter in own.items():
                copied[key].copy_(parameter)
        self._active = ""
        self._settle()

    def learn(self, names: Sequence[str]) -> None:
        """The adapters whose parameters take gradients, whichever is in force."""
        self._learning = set(names)
        self._settle()

    def parameters(self, name: str) -> list[torch.nn.Parameter]:
        """An adapter's own, in a stable order."""
        return list(self._by_suffix(name).values())

    @contextmanager
    def using(self, name: str) -> Iterator[None]:
        """The model with one adapter in force; '' is the base model."""
        if name and name not in self.names:
            raise UnknownName("adapter", name, self.names, "Give one that was loaded")
        if self._peft is None:
            yield
        elif not name:
            with self._peft.disable_adapter():
                yield
            self._settle()
        else:
            if name != self._active:
                self._peft.set_adapter(name)
                self._active = name
                self._settle()
            yield

    def _settle(self) -> None:
        """PEFT ties gradients to the adapter in force; here they follow `learn`."""
        if self._peft is None:
            return
        learning = {id(p) for name in self._learning for p in self.parameters(name)}
        for parameter in self._causal.parameters():
            parameter.requires_grad_(id(parameter) in learning)

    def _by_suffix(self, name: str) -> dict[str, torch.nn.Parameter]:
        """The parameters of an adapter by their names without it."""
        found = {}
        for key, parameter in self._causal.named_parameters():
            parts = key.split(".")
            if name in parts:
                found[".".join("*" if part == name else part for part in parts)] = parameter
        return found

    def _state(self, name: str) -> dict[str, torch.Tensor]:
        peft = _peft()
        return dict(
            peft.get_peft_model_state_dict(
                self._peft, adapter_name=name, save_embedding_layers=False
            )
        )

    def _token_layers(self, tokens: Sequence[int]) -> dict[str, list[int]]:
        """The embedding, and the head where it has weights of its own."""
        causal: Any = self._causal
        embedding, head = causal.get_input_embeddings(), causal.get_output_embeddings()
        layers = {id(embedding): embedding}
        if head is not None and head.weight is not embedding.weight:
            layers[id(head)] = head
        names = {id(module): name for name, module in causal.named_modules()}
        return {names[key].split(".")[-1]: list(tokens) for key in layers}


@contextmanager
def _quiet() -> Iterator[None]:
    """PEFT 0.21 asks transformers for a name that its next major drops."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated")
        yield


def _peft() -> Any:
    try:
        import peft
    except ImportError as error:
        raise MissingExtra("peft", "train", "an adapter") from error
    return peft
