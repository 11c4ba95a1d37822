"""The critic (validation role): how likely an executed statement is right for its question.

It reads the question's graph with its own encoder, the statement's tokens with attention to that,
and what execution showed; its output is a logit, so that differences are pairwise preferences.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p

import torch
from torch import nn

from ..task import Evidence
from .configuration import SmallConfig
from .decoder import DecoderLayer
from .dropout import Dropout
from .encoder import HIDDEN, Encoder, ItemEmbedding
from .inputs import Batch

# Marks of an execution: see `marks`.
MARKS = 8


def marks(evidence: Evidence, logprob: float, best_logprob: float, tokens: int) -> list[float]:
    """What the critic is told besides the statement; all of about unit size.

    The policy's log-probabilities are part of it: how sure the writer was, in all, a token, and
    against its own best.
    """
    return [
        float(evidence.runs),
        float(evidence.empty),
        float(evidence.rows == 1),
        log1p(min(evidence.rows, 10_000)) / 4,
        evidence.columns / 3,
        max(logprob, -20.0) / 5,
        max(logprob / max(tokens, 1), -3.0),
        max(logprob - best_logprob, -10.0) / 3,
    ]


class Critic(nn.Module):
    """Encoder, reader of the statement, and a logit."""

    def __init__(self, config: SmallConfig, embedding: ItemEmbedding) -> None:
        super().__init__()
        width = config.width
        self.encoder = Encoder(config, config.critic_layers)
        # The vectors of words and their pieces are the model's own: most of the weights, and not
        # worth having twice. The critic never changes them.
        self.encoder.embedding.ids = embedding.ids
        self.encoder.embedding.pieces = embedding.pieces
        self.tokens = nn.Embedding(config.vocabulary, width)
        self.places = nn.Embedding(config.longest_sql, width)
        self.pointed = nn.Linear(width, width)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.critic_layers))
        self.norm = nn.LayerNorm(width)
        self.marks = nn.Linear(MARKS, width)
        self.out = nn.Sequential(
            nn.Linear(3 * width, width), nn.GELU(), Dropout(config.dropout), nn.Linear(width, 1)
        )
        self.dropout = Dropout(config.dropout)
        nn.init.normal_(self.tokens.weight, std=width**-0.5)
        nn.init.normal_(self.places.weight, std=0.1 * width**-0.5)

    def forward(
        self,
        batch: Batch,
        task_of: torch.Tensor,
        tokens: torch.Tensor,
        lengths: torch.Tensor,
        told: torch.Tensor,
    ) -> torch.Tensor:
        """Statements (S, t) of tasks `task_of` (S,), told marks (S, MARKS) → logits (S,)."""
        items, _ = self.encoder(batch)
        vocabulary = self.tokens.weight.expand(len(items), -1, -1)
        sources = torch.cat((vocabulary, self.pointed(items).to(vocabulary.dtype)), 1)[task_of]
        items, mask = items[task_of], batch.mask[task_of]
        hidden = torch.zeros(mask.shape, device=mask.device)
        hidden = hidden.masked_fill(~mask, HIDDEN)[:, None, None, :]
        count = tokens.shape[1]
        x = sources.gather(1, tokens[..., None].expand(-1, -1, sources.shape[2]))
        x = self.dropout(x + self.places.weight[:count])
        written = torch.arange(count, device=x.device) < lengths[:, None]
        unread = torch.zeros(written.shape, device=x.device)
        unread = unread.masked_fill(~written, HIDDEN)[:, None, None, :]
        for layer in self.layers:
            cross = layer.cross.keys_values(items)  # type: ignore[operator,union-attr]
            x, _ = layer(x, None, unread, cross, hidden)
        x = self.norm(x).float() * written[..., None]
        mean = x.sum(1) / lengths[:, None]
        at_end = x[torch.arange(len(x)), lengths - 1]
        return self.out(torch.cat((mean, at_end, self.marks(told)), 1)).squeeze(-1)  # type: ignore[no-any-return]


def padded(statements: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token lists as (S, t) with their lengths (S,)."""
    longest = max(map(len, statements))
    rows = [[*tokens, *(0,) * (longest - len(tokens))] for tokens in statements]
    return torch.tensor(rows), torch.tensor([len(tokens) for tokens in statements])
