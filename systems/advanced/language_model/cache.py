"""Keys and values that a model has computed, cut into pieces that rows of a batch are built from.

A piece is (layers, 2, heads, length, size): the prompt's is kept once, each continuation's beside
it. Rows of a batch are padded on the left, and positions are told to the model, so a piece means
the same in every batch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch

from .model import Tokens


def piece_of(cache: Any, row: int, places: torch.Tensor) -> torch.Tensor:
    """Keys and values of one row at some places, as one tensor of their own."""
    return torch.stack(
        [
            torch.stack([layer.keys[row][:, places], layer.values[row][:, places]])
            for layer in cache.layers
        ]
    )


def cache_of(rows: Sequence[Sequence[torch.Tensor]]) -> tuple[Any, torch.Tensor]:
    """A cache whose rows are joined pieces, and the mask of what is real: (rows, length)."""
    from transformers import DynamicCache

    lengths = [sum(piece.shape[3] for piece in row) for row in rows]
    longest = max(lengths)
    like = rows[0][0]
    layers, _, heads, _, size = like.shape
    whole = like.new_zeros((layers, 2, len(rows), heads, longest, size))
    mask = torch.zeros((len(rows), longest), dtype=torch.long, device=like.device)
    for number, row in enumerate(rows):
        at = longest - lengths[number]
        mask[number, at:] = 1
        for piece in row:
            whole[:, :, number, :, at : at + piece.shape[3]] = piece
            at += piece.shape[3]
    cache: Any = DynamicCache()
    for layer in range(layers):
        cache.update(whole[layer, 0], whole[layer, 1], layer)
    return cache, mask


class Kept:
    """Pieces of the continuations of one prompt, the latest used up to a number of tokens.

    The piece of some tokens covers all of them but the last: that one's is made when it is read.
    """

    def __init__(self, most_tokens: int) -> None:
        self._most = most_tokens
        self._tokens = 0
        self._pieces: OrderedDict[Tokens, torch.Tensor] = OrderedDict()

    def put(self, tokens: Tokens, piece: torch.Tensor) -> None:
        """Keeps a piece; the longest unused ones make room."""
        if len(tokens) < 2 or tokens in self._pieces:
            return
        self._pieces[tokens] = piece
        self._tokens += len(tokens)
        while self._tokens > self._most and len(self._pieces) > 1:
            gone, _ = self._pieces.popitem(last=False)
            self._tokens -= len(gone)

    def take(self, tokens: Tokens) -> tuple[int, torch.Tensor | None]:
        """How many of the tokens are covered by a piece, which leaves at least one to read."""
        for length in range(len(tokens), 1, -1):
            piece = self._pieces.get(tokens[:length])
            if piece is not None:
                self._pieces.move_to_end(tokens[:length])
                return length - 1, piece
        return 0, None
