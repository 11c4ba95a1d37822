"""Attention over a typed graph, and the plain kind, with keys and values that can be kept.

`GraphAttention` is attention on the complete graph whose edge types enter as keys, values and a
bias (Shaw et al. 2018; RAT-SQL, Wang et al. 2020): what torch-geometric's TransformerConv computes
with an edge-type embedding as `edge_attr`, written densely because every ordered pair has an edge.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from .dropout import Dropout

KeysValues = tuple[torch.Tensor, torch.Tensor]


def split(x: torch.Tensor, heads: int) -> torch.Tensor:
    """(B, n, d) → (B, heads, n, d / heads)."""
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    hidden: torch.Tensor | None,
    dropout: Dropout,
) -> torch.Tensor:
    """Plain attention (B, heads, t, d / heads); `hidden` is added to the scores."""
    lossy = dropout.training and dropout.p > 0
    if query.is_cuda or not lossy:
        return F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=None if hidden is None else hidden.to(key.dtype),
            dropout_p=dropout.p if lossy else 0.0,
        )
    scores = torch.matmul(query / math.sqrt(query.shape[-1]), key.transpose(2, 3)).float()
    if hidden is not None:
        scores = scores + hidden
    return torch.matmul(dropout(scores.softmax(-1)).to(value.dtype), value)


class GraphAttention(nn.Module):
    """Multi-head attention among items; with `relations` = 0 it is plain."""

    def __init__(self, width: int, heads: int, relations: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.dropout = Dropout(dropout)
        self.relations = relations
        if relations:
            size = width // heads
            self.relation_key = nn.Parameter(torch.randn(heads, relations, size) * 0.1)
            self.relation_value = nn.Parameter(torch.randn(heads, relations, size) * 0.1)
            self.relation_bias = nn.Parameter(torch.zeros(heads, relations))

    def forward(
        self, x: torch.Tensor, relations: torch.Tensor, hidden: torch.Tensor
    ) -> torch.Tensor:
        """(B, n, d), edge types (B, n, n), scores to add for padding (B, 1, 1, n) → (B, n, d)."""
        query, key, value = (split(part, self.heads) for part in self.project(x).chunk(3, dim=-1))
        if not self.relations:
            mixed = attend(query, key, value, hidden, self.dropout)
            return self.out(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]
        scale = 1 / math.sqrt(query.shape[-1])
        by_type = torch.matmul(query * scale, self.relation_key.transpose(1, 2))
        by_type = by_type.float() + self.relation_bias[:, None, :]
        edges = relations[:, None].expand(-1, self.heads, -1, -1)
        scores = torch.matmul(query * scale, key.transpose(2, 3)).float()
        scores = scores + by_type.gather(3, edges) + hidden
        weights = self.dropout(scores.softmax(-1))
        per_type = torch.zeros_like(by_type).scatter_add(3, edges, weights)
        mixed = torch.matmul(weights.to(value.dtype), value)
        mixed = mixed + torch.matmul(per_type.to(value.dtype), self.relation_value.to(value.dtype))
        return self.out(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Plain multi-head attention whose keys and values are made once and handed in."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.dropout = Dropout(dropout)

    def keys_values(self, x: torch.Tensor) -> KeysValues:
        """(B, n, d) → keys and values, each (B, heads, n, d / heads)."""
        key, value = self.key_value(x).chunk(2, dim=-1)
        return split(key, self.heads), split(value, self.heads)

    def forward(
        self, x: torch.Tensor, kept: KeysValues, hidden: torch.Tensor | None
    ) -> torch.Tensor:
        """(B, t, d) attends to kept keys; `hidden` is added to the scores.

        One row of keys serves all rows of x; `hidden` must then be the same for each query.
        """
        key, value = kept
        query = split(self.query(x), self.heads)
        if len(key) == 1 < len(x):
            # All queries of all rows at once: half the time of as many small products.
            rows, heads, count, size = query.shape
            together = query.transpose(0, 1).reshape(1, heads, rows * count, size)
            mixed = attend(together, key, value, hidden, self.dropout)
            mixed = mixed.view(heads, rows, count, size).transpose(0, 1)
        else:
            mixed = attend(query, key, value, hidden, self.dropout)
        return self.out(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class FeedForward(nn.Sequential):
    """Two layers with GELU."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__(
            nn.Linear(width, hidden), nn.GELU(), Dropout(dropout), nn.Linear(hidden, width)
        )
