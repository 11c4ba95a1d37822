"""The small model: encoder and decoder that write, and the critic that judges.

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


class SmallModel(nn.Module):
    """All weights of one arm; `words` is the table that numbers its words."""

    def __init__(self, config: SmallConfig, words: WordTable) -> None:
        super().__init__()
        self.config = config
        self.words = words
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.critic = Critic(config)

    def remember(self, batch: Batch) -> tuple[Memory, torch.Tensor]:
        """Encodes tasks for the decoder; with the relevance of their items (B, n)."""
        items, relevance = self.encoder(batch)
        return self.decoder.memory(items, batch.mask, relevance), relevance

    def critic_from(self, writer: SmallModel) -> None:
        """The critic becomes what another model has learnt of writing; its heads stay.

        Words that only this model knows start as the other's unknown word.
        """
        known = {word: number for number, word in enumerate(writer.words.known, 1)}
        numbers = torch.tensor([0, *(known.get(word, 0) for word in self.words.known)])
        encoder = {name: tensor.clone() for name, tensor in writer.encoder.state_dict().items()}
        encoder["embedding.ids.weight"] = encoder["embedding.ids.weight"][numbers]
        self.critic.encoder.load_state_dict(encoder)
        self.critic.decoder.load_state_dict(writer.decoder.state_dict())

    def save(self, folder: Path, *, compact: bool = False) -> None:
        """Writes weights, sizes and words; `compact` rounds matrices to 8 bits (see weights)."""
        (folder / CONFIG).write_text(json.dumps(asdict(self.config), indent=2) + "\n")
        (folder / WORDS).write_text("".join(f"{word}\n" for word in self.words.known))
        own = self.state_dict()
        torch.save(compacted(own) if compact else own, folder / WEIGHTS)

    @classmethod
    def load(cls, folder: Path) -> SmallModel:
        """Reads what `save` wrote; ready for inference."""
        config = SmallConfig(**json.loads((folder / CONFIG).read_text()))
        known = (folder / WORDS).read_text().splitlines()
        model = cls(config, WordTable(known, config.ngram_buckets))
        weights = torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True)
        model.load_state_dict(expanded(weights))
        return model.eval()
