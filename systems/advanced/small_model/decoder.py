"""The decoder: writes tokens of the closed vocabulary and pointers to items, one softmax over both.

Cross-attention's keys and values over the items are made once a task (`Memory`) and shared by all
continuations. Token by token it is written in `stepping`, from the written tokens' keys and values.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from .attention import Attention, FeedForward, KeysValues
from .configuration import SmallConfig
from .dropout import Dropout
from .encoder import HIDDEN


@dataclass
class Memory:
    """Encoded tasks as the decoder needs them: vectors, cross-attention's keys and values.

    `targets` (B, V + n, d) are the vectors of vocabulary and items that the softmax compares with,
    `sources` the same as inputs; `bias` (B, V + n) is added to the logits, hidden where there is
    no item. Cross-attention's tensors have a single row where all continuations share one task.
    """

    cross: list[KeysValues]
    hidden: torch.Tensor
    sources: torch.Tensor
    targets: torch.Tensor
    bias: torch.Tensor

    def shared_by(self, rows: int) -> Memory:
        """The memory of one task for so many continuations of it; nothing is copied."""

        def for_all(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.expand(rows, *tensor.shape[1:])

        return Memory(
            self.cross,
            self.hidden,
            for_all(self.sources),
            for_all(self.targets),
            for_all(self.bias),
        )

    def take(self, rows: torch.Tensor) -> Memory:
        """The memories of these rows, in their order; a row may come several times."""
        return Memory(
            [(key[rows], value[rows]) for key, value in self.cross],
            self.hidden[rows],
            self.sources[rows],
            self.targets[rows],
            self.bias[rows],
        )


Written = list[KeysValues]


class DecoderLayer(nn.Module):
    """Attention to what is written, attention to the items, feed-forward."""

    def __init__(self, config: SmallConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.own = Attention(config.width, config.heads, config.dropout)
        self.norm2 = nn.LayerNorm(config.width)
        self.cross = Attention(config.width, config.heads, config.dropout)
        self.norm3 = nn.LayerNorm(config.width)
        self.forward_layers = FeedForward(config.width, config.feedforward, config.dropout)
        self.dropout = Dropout(config.dropout)

    def forward(
        self,
        x: torch.Tensor,
        causal: torch.Tensor | None,
        cross: KeysValues,
        hidden: torch.Tensor,
        before: KeysValues | None = None,
    ) -> tuple[torch.Tensor, KeysValues]:
        """(B, t, d) → (B, t, d) and the keys and values of what is written, with those before."""
        normal = self.norm(x)
        written = self.own.keys_values(normal)
        if before is not None:
            written = torch.cat((before[0], written[0]), 2), torch.cat((before[1], written[1]), 2)
        x = x + self.dropout(self.own(normal, written, causal))
        x = x + self.dropout(self.cross(self.norm2(x), cross, hidden))
        return x + self.dropout(self.forward_layers(self.norm3(x))), written


class Decoder(nn.Module):
    """Scores the next token after each written one."""

    def __init__(self, config: SmallConfig) -> None:
        super().__init__()
        width = config.width
        self.vocabulary = config.vocabulary
        self.tokens = nn.Embedding(config.vocabulary, width)
        self.places = nn.Embedding(config.longest_sql, width)
        self.pointed = nn.Linear(width, width)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.norm = nn.LayerNorm(width)
        self.out_tokens = nn.Parameter(torch.randn(config.vocabulary, width) * width**-0.5)
        self.out_bias = nn.Parameter(torch.zeros(config.vocabulary))
        self.out_items = nn.Linear(width, width)
        # How much the relevance of a schema item counts where it may be pointed at.
        self.trust = nn.Parameter(torch.tensor(0.2))
        self.dropout = Dropout(config.dropout)
        nn.init.normal_(self.tokens.weight, std=width**-0.5)
        nn.init.normal_(self.places.weight, std=0.1 * width**-0.5)

    def memory(self, items: torch.Tensor, mask: torch.Tensor, relevance: torch.Tensor) -> Memory:
        """Prepares encoded items (B, n, d) once."""
        rows = len(items)
        hidden = torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, HIDDEN)
        tokens = self.tokens.weight.expand(rows, -1, -1)
        bias = torch.cat(
            (
                self.out_bias.expand(rows, -1),
                self.trust * relevance.detach().clamp(-6, 6) + hidden,
            ),
            1,
        )
        return Memory(
            [layer.cross.keys_values(items) for layer in self.layers],  # type: ignore[operator,union-attr]
            hidden[:, None, None, :],
            torch.cat((tokens, self.pointed(items).to(tokens.dtype)), 1),
            torch.cat((self.out_tokens.expand(rows, -1, -1), self.out_items(items).float()), 1),
            bias,
        )

    def states(self, tokens: torch.Tensor, memory: Memory) -> tuple[torch.Tensor, Written]:
        """Written tokens (B, t) → the state after each (B, t, d), and each layer's keys and values.

        Rows may be filled up at their ends: nothing looks ahead.
        """
        count = tokens.shape[1]
        x = memory.sources.gather(1, tokens[..., None].expand(-1, -1, memory.sources.shape[2]))
        x = self.dropout(x + self.places.weight[:count])
        causal = None
        if count > 1:
            causal = torch.full((count, count), HIDDEN, device=x.device).triu(1)
        written: Written = []
        for number, layer in enumerate(self.layers):
            x, kept = layer(x, causal, memory.cross[number], memory.hidden)
            written.append(kept)
        return self.norm(x), written

    def branches(
        self,
        tokens: torch.Tensor,
        places: torch.Tensor,
        unseen: torch.Tensor,
        before: Written | None,
        memory: Memory,
    ) -> tuple[torch.Tensor, Written]:
        """What `states` gives for tokens (1, t) of statements that share beginnings: a tree.

        `places` (t,) say how many tokens stand before each; `unseen` (t, all) is HIDDEN where a
        token does not stand before, among those `before` and these.
        """
        x = self.dropout(memory.sources[:, tokens[0]] + self.places(places))
        written: Written = []
        for number, layer in enumerate(self.layers):
            known = before[number] if before is not None else None
            x, kept = layer(x, unseen, memory.cross[number], memory.hidden, known)
            written.append(kept)
        return self.norm(x), written

    def logits(self, states: torch.Tensor, memory: Memory) -> torch.Tensor:
        """(B, t, d) → (B, t, V + n); an item that is padding has practically no chance."""
        return (
            torch.matmul(states.float(), memory.targets.float().transpose(1, 2))
            + memory.bias[:, None]
        )
