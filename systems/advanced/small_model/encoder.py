"""The encoder: one vector for each word, table, column and value candidate of a question."""

from __future__ import annotations

import torch
from torch import nn

from .attention import FeedForward, GraphAttention
from .configuration import SmallConfig
from .dropout import Dropout
from .inputs import KINDS, Batch

# Added to the scores of padding.
HIDDEN = -1e9


class ItemEmbedding(nn.Module):
    """An item's first vector: its name's words, what kind of thing it is, its place, its marks.

    Schema items have no place, so the order of the schema does not matter.
    """

    def __init__(self, config: SmallConfig) -> None:
        super().__init__()
        width = config.width
        self.ids = nn.Embedding(config.words + 1, width, padding_idx=0)
        self.pieces = nn.EmbeddingBag(config.ngram_buckets, width, mode="mean")
        self.last = nn.Linear(width, width, bias=False)
        self.kinds = nn.Embedding(len(KINDS), width)
        self.places = nn.Embedding(config.longest_question, width, padding_idx=0)
        self.features = nn.Linear(config.features, width, bias=False)
        self.norm = nn.LayerNorm(width)
        self.dropout = Dropout(config.dropout)
        for embedding in (self.ids, self.pieces, self.kinds, self.places):
            nn.init.normal_(embedding.weight, std=width**-0.5)

    def forward(self, batch: Batch) -> torch.Tensor:
        """(B, n, d)."""
        rows, items = batch.mask.shape
        words = self.ids(batch.ids) + self.pieces(batch.pieces, batch.starts)
        total = words.new_zeros(rows * items, words.shape[1])
        total = total.index_add(0, batch.owner, words[batch.flat])
        mean = total.view(rows, items, -1) / batch.counts.unsqueeze(-1)
        vector = mean + self.last(words[batch.last]) + self.kinds(batch.kinds)
        vector = vector + self.places(batch.places) + self.features(batch.features)
        return self.dropout(self.norm(vector))  # type: ignore[no-any-return]


class EncoderLayer(nn.Module):
    """Graph attention, then two feed-forward layers; normalised before each."""

    def __init__(self, config: SmallConfig) -> None:
        super().__init__()
        relations = config.relations if config.typed else 0
        self.norm = nn.LayerNorm(config.width)
        self.attention = GraphAttention(config.width, config.heads, relations, config.dropout)
        self.norm2 = nn.LayerNorm(config.width)
        self.forward_layers = FeedForward(config.width, config.feedforward, config.dropout)
        self.dropout = Dropout(config.dropout)

    def forward(
        self, x: torch.Tensor, relations: torch.Tensor, hidden: torch.Tensor
    ) -> torch.Tensor:
        """(B, n, d) → (B, n, d)."""
        x = x + self.dropout(self.attention(self.norm(x), relations, hidden))
        return x + self.dropout(self.forward_layers(self.norm2(x)))  # type: ignore[no-any-return]


class Encoder(nn.Module):
    """Items in, contextual vectors out, and how relevant each schema item is.

    `relevance` (B, n) holds log-odds that the SQL uses the table or column: the model's own where
    its attention is typed, else the linker's that came with the inputs.
    """

    def __init__(self, config: SmallConfig) -> None:
        super().__init__()
        self.embedding = ItemEmbedding(config)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.norm = nn.LayerNorm(config.width)
        self.typed = config.typed
        self.relevance = nn.Sequential(
            nn.Linear(config.width, config.width), nn.GELU(), nn.Linear(config.width, 1)
        )

    def forward(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Memory (B, n, d) and relevance (B, n)."""
        hidden = torch.zeros(batch.mask.shape, device=batch.mask.device)
        hidden = hidden.masked_fill(~batch.mask, HIDDEN)[:, None, None, :]
        x = self.embedding(batch)
        for layer in self.layers:
            x = layer(x, batch.relations, hidden)
        x = self.norm(x)
        own = self.relevance(x).squeeze(-1).float()
        return x, own if self.typed else batch.relevance
