"""What is learnt beside the adapters of a pretrained model: value head and schema projection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from t2s_bench.errors import BadInput

FILE = "heads.safetensors"


class Heads(nn.Module):
    """Two small layers.

    `value`: last hidden state (hidden size) → logit that the statement, or its best completion, is
    right. `schema`: node of the schema's graph attention network (`schema_size`) → what is added to
    the embeddings of the tokens that name it; it starts at zero, so it changes nothing untrained.
    `schema_size` 0: there is no such network.
    """

    def __init__(self, hidden: int, schema_size: int = 0) -> None:
        super().__init__()
        self.value = nn.Linear(hidden, 1)
        nn.init.zeros_(self.value.weight)
        nn.init.zeros_(self.value.bias)
        self.schema: nn.Linear | None = None
        if schema_size:
            self.schema = nn.Linear(schema_size, hidden, bias=False)
            nn.init.zeros_(self.schema.weight)

    def values(self, states: npt.NDArray[np.float32]) -> list[float]:
        """Probabilities from hidden states: (statements, hidden size)."""
        device = self.value.weight.device
        with torch.inference_mode():
            logits = self.value(torch.from_numpy(states).to(device)).squeeze(-1)
            return list(torch.sigmoid(logits).tolist())

    def projected(self, nodes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32] | None:
        """Nodes (items, schema size) as vectors of the model: (items, hidden size)."""
        if self.schema is None:
            return None
        device = self.schema.weight.device
        with torch.inference_mode():
            return self.schema(torch.from_numpy(nodes).to(device)).cpu().numpy()  # type: ignore[no-any-return]

    def save(self, folder: Path) -> None:
        """Writes `heads.safetensors`."""
        from safetensors.torch import save_file

        weights = {key: tensor.contiguous().cpu() for key, tensor in self.state_dict().items()}
        save_file(weights, str(folder / FILE))

    @classmethod
    def load(cls, folder: Path) -> Heads:
        """Reads `heads.safetensors`; BadInput where it is missing or broken."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            weights = load_file(str(folder / FILE))
        except (OSError, SafetensorError) as error:
            raise BadInput(f"{folder / FILE} cannot be read: {error}") from error
        schema = weights.get("schema.weight")
        heads = cls(weights["value.weight"].shape[1], 0 if schema is None else schema.shape[1])
        heads.load_state_dict(weights)
        return heads
