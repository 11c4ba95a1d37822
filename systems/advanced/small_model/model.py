"""The small model: encoder, decoder, the value head of the search, and the critic.

The critic has an encoder of its own: it learns from statements that a model wrote for databases it
had not been trained on, and must not see those questions through weights that were.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from .configuration import SmallConfig
from .critic import Critic
from .decoder import Decoder, Memory
from .encoder import Encoder
from .inputs import Batch
from .weights import compacted, expanded
from .word_table import WordTable

CONFIG = "config.json"
WORDS = "words.txt"
WEIGHTS = "weights.pt"
# The critic's word vectors are the encoder's.
_SHARED = ("critic.encoder.embedding.ids.", "critic.encoder.embedding.pieces.")


class SmallModel(nn.Module):
    """All weights of one arm; `words` is the table that numbers its words."""

    def __init__(self, config: SmallConfig, words: WordTable) -> None:
        super().__init__()
        self.config = config
        self.words = words
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.value = nn.Sequential(
            nn.Linear(config.width, config.width), nn.GELU(), nn.Linear(config.width, 1)
        )
        self.critic = Critic(config, self.encoder.embedding)

    def remember(self, batch: Batch) -> tuple[Memory, torch.Tensor]:
        """Encodes tasks for the decoder; with the relevance of their items (B, n)."""
        items, relevance = self.encoder(batch)
        return self.decoder.memory(items, batch.mask, relevance), relevance

    def save(self, folder: Path, *, compact: bool = False) -> None:
        """Writes weights, sizes and words; `compact` rounds matrices to 8 bits (see weights)."""
        (folder / CONFIG).write_text(json.dumps(asdict(self.config), indent=2) + "\n")
        (folder / WORDS).write_text("".join(f"{word}\n" for word in self.words.known))
        own = {
            name: tensor
            for name, tensor in self.state_dict().items()
            if not name.startswith(_SHARED)
        }
        torch.save(compacted(own) if compact else own, folder / WEIGHTS)

    @classmethod
    def load(cls, folder: Path) -> SmallModel:
        """Reads what `save` wrote; ready for inference."""
        config = SmallConfig(**json.loads((folder / CONFIG).read_text()))
        known = (folder / WORDS).read_text().splitlines()
        model = cls(config, WordTable(known, config.ngram_buckets))
        weights = torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True)
        own = expanded(weights)
        shared = {
            name: own[name.removeprefix("critic.")]
            for name in model.state_dict()
            if name.startswith(_SHARED)
        }
        model.load_state_dict({**own, **shared})
        return model.eval()
