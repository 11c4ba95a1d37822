"""What the roles of a chat model learn: an adapter each on a frozen base, or all weights together.

The reference of reinforcement is a frozen copy of what is learnt: of the adapters beside them on
the same base, of all weights as a second model, which takes its memory again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from pathlib import Path
from typing import Protocol

from torch import nn

from ..language_model.adapters import Adapters, Lora
from ..language_model.transformers import TransformersModel
from ..task import Role

REFERENCE = "reference"
# Folders of what is saved: adapters by role, or the whole model.
ADAPTERS, MODEL = "adapters", "model"


class RoleWeights(Protocol):
    """The weights that roles learn on one model."""

    @property
    def names(self) -> Mapping[Role, str]:
        """The adapter of each role ('': the model as it is)."""

    def parameters(self, role: Role) -> list[nn.Parameter]:
        """Those of a role, shared ones included."""

    def freeze(self) -> None:
        """Keeps the weights of now as the reference."""

    def reference(self, role: Role) -> tuple[TransformersModel, str]:
        """The model and adapter that `freeze` kept."""

    def save(self, folder: Path) -> None:
        """Writes what was learnt."""


class RoleAdapters:
    """One LoRA adapter a role; the base model's weights never change."""

    def __init__(self, model: TransformersModel, lora: Lora, new_tokens: Sequence[int]) -> None:
        self._model = model
        self.names: Mapping[Role, str] = {role: role.value for role in Role}
        for name in self.names.values():
            if name not in model.adapters.names:
                model.adapters.add(name, lora, new_tokens)
        model.adapters.learn(list(self.names.values()))

    def parameters(self, role: Role) -> list[nn.Parameter]:
        """See `RoleWeights`."""
        return self._model.adapters.parameters(role.value)

    def freeze(self) -> None:
        """See `RoleWeights`."""
        for name in self.names.values():
            self._model.adapters.copy(name, f"{name}_{REFERENCE}")

    def reference(self, role: Role) -> tuple[TransformersModel, str]:
        """See `RoleWeights`."""
        return self._model, f"{role.value}_{REFERENCE}"

    def save(self, folder: Path) -> None:
        """See `RoleWeights`; not the base model's weights."""
        for name in self.names.values():
            self._model.adapters.save(name, folder / ADAPTERS / name)


class SharedWeights:
    """All weights of the model, which all roles share: they are told apart by their prompts."""

    def __init__(self, model: TransformersModel) -> None:
        self._model = model
        self._frozen: TransformersModel | None = None
        self.names: Mapping[Role, str] = dict.fromkeys(Role, "")
        model.causal.requires_grad_(True)

    def parameters(self, role: Role) -> list[nn.Parameter]:
        """See `RoleWeights`: the same for every role."""
        return list(self._model.causal.parameters())

    def freeze(self) -> None:
        """See `RoleWeights`."""
        self._frozen = copy(self._model)
        self._frozen.causal = deepcopy(self._model.causal).requires_grad_(False).eval()
        self._frozen.adapters = Adapters(self._frozen.causal)

    def reference(self, role: Role) -> tuple[TransformersModel, str]:
        """See `RoleWeights`."""
        if self._frozen is None:
            raise RuntimeError("freeze was not called")
        return self._frozen, ""

    def save(self, folder: Path) -> None:
        """See `RoleWeights`: a folder as transformers writes and loads it."""
        self._model.causal.save_pretrained(str(folder / MODEL))
        self._model.tokenizer.save_pretrained(str(folder / MODEL))
