"""The small model: encoder and decoder that write, and the critic that judges.

The critic has an encoder of its own: it learns from statements that a model wrote for databases it
had not been trained on, and must not see those questions through weights that were.

A model may have a fellow: a second writer, from a training of its own. Both write each token
together (see `generation`).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from t2s_bench.errors import BadInput

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
# The folder of a model's fellow, in the model's own.
FELLOW = "fellow"
# Sizes that decoders which step together have in common.
TOGETHER = ("vocabulary", "width", "heads", "feedforward", "decoder_layers", "longest_sql")


class SmallWriter(nn.Module):
    """What writes; `words` is the table that numbers its words."""

    def __init__(self, config: SmallConfig, words: WordTable) -> None:
        super().__init__()
        self.config = config
        self.words = words
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def remember(self, batch: Batch) -> tuple[Memory, torch.Tensor]:
        """Encodes tasks for the decoder; with the relevance of their items (B, n)."""
        items, relevance = self.encoder(batch)
        return self.decoder.memory(items, batch.mask, relevance), relevance

    def save(self, folder: Path, *, compact: bool = False) -> None:
        """Writes weights, sizes and words; `compact` rounds matrices to 8 bits (see weights)."""
        (folder / CONFIG).write_text(json.dumps(asdict(self.config), indent=2) + "\n")
        (folder / WORDS).write_text("".join(f"{word}\n" for word in self.words.known))
        own = self.own_weights()
        torch.save(compacted(own) if compact else own, folder / WEIGHTS)

    @classmethod
    def load(cls, folder: Path) -> SmallWriter:
        """Reads what `save` wrote, or of a whole model its writer; ready for inference."""
        return _read(cls, folder)

    def own_weights(self) -> dict[str, torch.Tensor]:
        """All weights by name, a fellow's aside."""
        weights = self.state_dict()
        return {name: one for name, one in weights.items() if not name.startswith(f"{FELLOW}.")}


class SmallModel(SmallWriter):
    """All weights of one arm; a fellow's, which no training changes, are taken with `join`."""

    def __init__(self, config: SmallConfig, words: WordTable) -> None:
        super().__init__(config, words)
        self.critic = Critic(config)
        self.fellow: SmallWriter | None = None

    @property
    def writers(self) -> list[SmallWriter]:
        """The model itself, and its fellow where it has one."""
        return [self] if self.fellow is None else [self, self.fellow]

    def join(self, fellow: SmallWriter) -> None:
        """From now on the other one writes with this model.

        Raises BadInput where their decoders have not the same sizes.
        """
        for name in TOGETHER:
            own, other = getattr(self.config, name), getattr(fellow.config, name)
            if own != other:
                raise BadInput(f"{name} is {own} here and {other} in the fellow: train one alike")
        self.fellow = fellow.requires_grad_(False)

    def critic_from(self, writer: SmallWriter) -> None:
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
        """See `SmallWriter.save`; a fellow goes into a folder of its own."""
        super().save(folder, compact=compact)
        if self.fellow is not None:
            (folder / FELLOW).mkdir(exist_ok=True)
            self.fellow.save(folder / FELLOW, compact=compact)

    @classmethod
    def load(cls, folder: Path) -> SmallModel:
        """Reads what `save` wrote, with the fellow where there was one; ready for inference."""
        model = _read(cls, folder)
        if (folder / FELLOW).is_dir():
            model.join(SmallWriter.load(folder / FELLOW))
        return model


Kind = TypeVar("Kind", bound=SmallWriter)


def _read(kind: type[Kind], folder: Path) -> Kind:
    config = SmallConfig(**json.loads((folder / CONFIG).read_text()))
    known = (folder / WORDS).read_text().splitlines()
    model = kind(config, WordTable(known, config.ngram_buckets))
    weights = expanded(torch.load(folder / WEIGHTS, map_location="cpu", weights_only=True))
    model.load_state_dict({name: weights[name] for name in model.state_dict()})
    return model.eval()
