"""The decoder one token at a time: what `Decoder.states` computes, for the live rows of one task.

A step of a few rows costs hardly any arithmetic; its time is that of its calls. So here the weights
are taken out of their modules, query, key and value are one product, and the keys and values of all
layers lie in one tensor that a step extends and a choice of rows copies once. For inference: there
is no dropout, and no gradient goes through.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from .decoder import Decoder, DecoderLayer, Memory
from .encoder import HIDDEN


class Stepping:
    """Rows that have been read up to their last token, ready for the next.

    `layers` are the decoder's (see `stepping_layers`), `memory` is that of one task. Rows may be of
    different lengths: the gaps of shorter ones are hidden.
    """

    def __init__(
        self,
        decoder: Decoder,
        layers: Sequence[SteppingLayer],
        memory: Memory,
        begin: int,
        rows: Sequence[Sequence[int]],
    ) -> None:
        self._decoder = decoder
        self._layers = layers
        device = memory.bias.device
        self._cross = memory.cross
        self._hidden = memory.hidden[:1]
        self._sources, self._targets = memory.sources[0], memory.targets[0].float().t()
        self._bias = memory.bias[0]
        longest = max(map(len, rows)) + 1
        read = [[begin, *row, *(0,) * (longest - 1 - len(row))] for row in rows]
        lengths = torch.tensor([len(row) + 1 for row in rows], device=device)
        states, written = decoder.states(
            torch.tensor(read, device=device), memory.shared_by(len(rows))
        )
        self._last = states[torch.arange(len(rows), device=device), lengths - 1]
        # (layers, 2, rows, tokens, d): keys and values.
        self._kept = torch.stack(
            [
                torch.stack([one.transpose(1, 2).flatten(2) for one in layer])  # keys, values
                for layer in written
            ]
        )
        self._lengths = lengths
        self._unseen = torch.zeros(len(rows), longest, device=device).masked_fill(
            torch.arange(longest, device=device) >= lengths[:, None], HIDDEN
        )

    def logits(self) -> torch.Tensor:
        """Scores of the next token of each row (rows, V + n)."""
        return torch.addmm(self._bias, self._last.float(), self._targets)

    def take(self, places: Sequence[int]) -> None:
        """The rows are now these, in their order; a row may come several times."""
        chosen = torch.tensor(places, device=self._bias.device)
        self._lengths, self._unseen = self._lengths[chosen], self._unseen[chosen]
        self._last = self._last[chosen]
        self._kept = self._kept.index_select(2, chosen)

    def write(self, places: Sequence[int], tokens: Sequence[int]) -> None:
        """The rows are now these, each with its token after it."""
        device = self._bias.device
        chosen, new = torch.tensor([places, tokens], device=device)
        count, done = len(places), self._kept.shape[3]
        kept = self._kept.new_empty(*self._kept.shape[:2], count, done + 1, self._kept.shape[4])
        kept[:, :, :, :done] = self._kept.index_select(2, chosen)
        lengths = self._lengths[chosen]
        self._unseen = F.pad(self._unseen[chosen], (0, 1))
        unseen = self._unseen[:, None, None, :].to(kept.dtype)
        x = F.embedding(new, self._sources) + self._decoder.places(lengths)
        for number, layer in enumerate(self._layers):
            x = layer.step(x, kept[number], unseen, *self._cross[number], self._hidden)
        norm = self._decoder.norm
        self._last = F.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
        self._lengths, self._kept = lengths + 1, kept


def stepping_layers(decoder: Decoder) -> list[SteppingLayer]:
    """A decoder's layers with the weights that they have now."""
    return [SteppingLayer(layer) for layer in decoder.layers]  # type: ignore[arg-type]


class SteppingLayer:
    """A decoder layer's weights, query, key and value together."""

    def __init__(self, layer: DecoderLayer) -> None:
        own, cross = layer.own, layer.cross
        self.heads = own.heads
        self.joint = (
            torch.cat((own.query.weight, own.key_value.weight)),
            torch.cat((own.query.bias, own.key_value.bias)),
        )
        self.out = own.out.weight, own.out.bias
        self.query = cross.query.weight, cross.query.bias
        self.cross_out = cross.out.weight, cross.out.bias
        up, down = (one for one in layer.forward_layers if isinstance(one, nn.Linear))
        self.up, self.down = (up.weight, up.bias), (down.weight, down.bias)
        self.norms = [
            (norm.normalized_shape, norm.weight, norm.bias, norm.eps)
            for norm in (layer.norm, layer.norm2, layer.norm3)
        ]

    def step(
        self,
        x: torch.Tensor,
        kept: torch.Tensor,
        unseen: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        hidden: torch.Tensor,
    ) -> torch.Tensor:
        """(rows, d) → (rows, d); writes its keys and values into the last place of `kept`."""
        rows, width = x.shape
        size = width // self.heads
        joint = F.linear(F.layer_norm(x, *self.norms[0]), *self.joint).view(rows, 3, width)
        kept[:, :, -1] = joint[:, 1:].transpose(0, 1)
        # (2, rows, heads, tokens, size)
        own = kept.view(2, rows, -1, self.heads, size).transpose(2, 3)
        query = joint[:, 0].view(rows, self.heads, 1, size)
        mixed = F.scaled_dot_product_attention(query, own[0], own[1], attn_mask=unseen)
        x = x + F.linear(mixed.reshape(rows, width), *self.out)
        query = F.linear(F.layer_norm(x, *self.norms[1]), *self.query)
        query = query.view(1, rows, self.heads, size).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=hidden.to(key.dtype))
        x = x + F.linear(mixed.transpose(1, 2).reshape(rows, width), *self.cross_out)
        grown = F.gelu(F.linear(F.layer_norm(x, *self.norms[2]), *self.up))
        return x + F.linear(grown, *self.down)
