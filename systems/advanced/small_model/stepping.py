"""The decoder one token at a time: what `Decoder.states` computes, for the live rows of one task.

A step of a few rows costs hardly any arithmetic; its time is that of its calls. So here the weights
are NumPy arrays, whose calls take a fraction of torch's, made ready once (see `StepWeights`), on
whatever device the model is. All written tokens of all rows stand in one list, and a row sees its
own ones: choosing rows anew copies no keys and values. For inference: there is no dropout, and no
gradient goes through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from threadpoolctl import ThreadpoolController
from torch import nn
from torch.nn import functional as F

from .decoder import Decoder, DecoderLayer, Memory
from .encoder import HIDDEN

Array = npt.NDArray[np.float32]
# Tokens that there is room for at first.
_ROOM = 64


class Stepping:
    """Rows that have been read up to their last token, ready for the next.

    `weights` are the decoder's as they are now, `memory` is that of one task. Rows may be of
    different lengths.
    """

    def __init__(
        self,
        decoder: Decoder,
        weights: StepWeights,
        memory: Memory,
        begin: int,
        rows: Sequence[Sequence[int]],
    ) -> None:
        self._weights = weights
        self._cross = [(array(key[0]), array(value[0])) for key, value in memory.cross]
        self._hidden = array(memory.hidden[0, 0])
        self._sources, self._targets = array(memory.sources[0]), array(memory.targets[0]).T
        self._bias = array(memory.bias[0])
        if any(rows):
            self._read(decoder, memory, [[begin, *row] for row in rows])
            return
        # The first token is a step like any other, which takes less than reading it does.
        heads, _, size = self._cross[0][0].shape
        self._kept = np.empty((len(self._cross), 2, heads, 0, size), dtype=np.float32)
        self._count = 0
        self._lengths = np.zeros(len(rows), dtype=np.int64)
        self._unseen = np.empty((len(rows), 0), dtype=np.float32)
        self.write(range(len(rows)), [begin] * len(rows))

    def _read(self, decoder: Decoder, memory: Memory, rows: Sequence[Sequence[int]]) -> None:
        longest = max(map(len, rows))
        read = [[*row, *(0,) * (longest - len(row))] for row in rows]
        states, written = decoder.states(
            torch.tensor(read, device=memory.bias.device), memory.shared_by(len(rows))
        )
        self._lengths = np.array([len(row) for row in rows])
        self._last = array(states)[np.arange(len(rows)), self._lengths - 1]
        # (layers, keys and values, heads, room, size): the tokens of all rows, one after another.
        self._kept = np.stack(
            [np.stack([array(one.transpose(0, 1).flatten(1, 2)) for one in kv]) for kv in written]
        )
        self._count = len(rows) * longest
        # (rows, tokens): 0 where a row sees a token, else HIDDEN.
        places = np.arange(self._count)
        of_row = places // longest == np.arange(len(rows))[:, None]
        self._unseen = np.where(
            of_row & (places % longest < self._lengths[:, None]), 0, HIDDEN
        ).astype(np.float32)

    def logits(self) -> Array:
        """Scores of the next token of each row (rows, V + n)."""
        scores: Array = self._last @ self._targets + self._bias
        return scores

    def take(self, places: Sequence[int]) -> None:
        """The rows are now these, in their order; a row may come several times."""
        self._lengths, self._last = self._lengths[places], self._last[places]
        self._unseen = self._unseen[places]

    def write(self, places: Sequence[int], tokens: Sequence[int]) -> None:
        """The rows are now these, each with its token after it."""
        lengths, unseen = self._lengths[places], self._unseen[places]
        rows = len(tokens)
        if self._count + rows > self._kept.shape[3]:
            unseen = self._make_room(unseen, rows)
        self._count += rows
        own = np.full((rows, rows), HIDDEN, dtype=np.float32)
        np.fill_diagonal(own, 0)
        self._unseen = unseen = np.concatenate((unseen, own), 1)
        x = self._sources[tokens] + self._weights.places[lengths]
        for layer, kept, cross in zip(self._weights.layers, self._kept, self._cross, strict=True):
            x = layer.step(x, kept[:, :, : self._count], unseen, *cross, self._hidden)
        gain, shift = self._weights.norm
        self._last = normal(x) * gain + shift
        self._lengths = lengths + 1

    def _make_room(self, unseen: Array, rows: int) -> Array:
        """Forgets what none of these rows sees, and takes more room where that is not enough."""
        used = np.flatnonzero((unseen == 0).any(0))
        self._count = len(used)
        kept = self._kept
        room = max(_ROOM, 2 * (self._count + rows))
        self._kept = np.empty((*kept.shape[:3], room, kept.shape[4]), dtype=np.float32)
        self._kept[:, :, :, : self._count] = kept[:, :, :, used]
        return unseen[:, used]


class StepWeights:
    """A decoder's weights as they are now, as a step needs them.

    What can be multiplied beforehand is: a norm's gain and shift into the product after it, the
    scale of attention into its query.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.layers = [StepLayer(layer) for layer in decoder.layers]  # type: ignore[arg-type]
        self.places = array(decoder.places.weight)
        self.norm = array(decoder.norm.weight), array(decoder.norm.bias)


class StepLayer:
    """A decoder layer's weights, query, key and value together."""

    def __init__(self, layer: DecoderLayer) -> None:
        own, cross = layer.own, layer.cross
        self.heads = own.heads
        width = own.query.in_features
        scale = (width // own.heads) ** -0.5
        query = _after_norm(layer.norm, own.query)
        key_value = _after_norm(layer.norm, own.key_value)
        self.joint = (
            np.concatenate((query[0] * scale, key_value[0]), 1),
            np.concatenate((query[1] * scale, key_value[1])),
        )
        self.out = _product(own.out)
        weight, bias = _after_norm(layer.norm2, cross.query)
        self.query = weight * scale, bias * scale
        self.cross_out = _product(cross.out)
        up, down = (one for one in layer.forward_layers if isinstance(one, nn.Linear))
        self.up, self.down = _after_norm(layer.norm3, up), _product(down)

    def step(
        self, x: Array, kept: Array, unseen: Array, key: Array, value: Array, hidden: Array
    ) -> Array:
        """(rows, d) → (rows, d); writes its keys and values into the last places of `kept`."""
        rows = len(x)
        joint = (normal(x) @ self.joint[0] + self.joint[1]).reshape(rows, 3, self.heads, -1)
        kept[:, :, -rows:] = joint[:, 1:].transpose(1, 2, 0, 3)
        mixed = _attend(joint[:, 0], kept[0], kept[1], unseen)
        x = x + (mixed @ self.out[0] + self.out[1])
        query = (normal(x) @ self.query[0] + self.query[1]).reshape(rows, self.heads, -1)
        x += _attend(query, key, value, hidden) @ self.cross_out[0] + self.cross_out[1]
        grown = F.gelu(torch.from_numpy(normal(x) @ self.up[0] + self.up[1])).numpy()
        x += grown @ self.down[0] + self.down[1]
        return x


@contextmanager
def one_thread() -> Iterator[None]:
    """Keeps NumPy's products on one thread; a decorator, too.

    On so few rows threads wait for each other, and how many there are shows in the last digits.
    """
    with _threads().limit(limits=1, user_api="blas"):
        yield


@lru_cache(maxsize=1)
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


def normal(x: Array) -> Array:
    """Each row with mean 0 and variance 1, as a layer norm makes it before gain and shift.

    >>> normal(np.array([[1, 3]], dtype=np.float32)).round(3).tolist()
    [[-1.0, 1.0]]
    """
    size = x.shape[1]
    centred: Array = x - np.add.reduce(x, 1, keepdims=True) / np.float32(size)
    variance = np.einsum("ij,ij->i", centred, centred) / np.float32(size)
    centred /= np.sqrt(variance + np.float32(_EPSILON))[:, None]
    return centred


# Of torch's layer norm.
_EPSILON = 1e-5


def array(tensor: torch.Tensor) -> Array:
    """The numbers of a tensor on any device."""
    found: Array = tensor.detach().float().cpu().numpy()
    return found


def _attend(query: Array, key: Array, value: Array, unseen: Array) -> Array:
    """(rows, heads, size), twice (heads, tokens, size), (rows or 1, tokens) → (rows, d)."""
    scores = query.transpose(1, 0, 2) @ key.transpose(0, 2, 1)
    scores += unseen
    scores -= np.maximum.reduce(scores, 2, keepdims=True)
    np.exp(scores, out=scores)
    scores /= np.add.reduce(scores, 2, keepdims=True)
    mixed: Array = scores @ value
    rows: Array = mixed.transpose(1, 0, 2).reshape(len(query), -1)
    return rows


def _product(linear: nn.Linear) -> tuple[Array, Array]:
    """What a row is multiplied by and what is added."""
    return np.ascontiguousarray(array(linear.weight).T), array(linear.bias)


def _after_norm(norm: nn.LayerNorm, linear: nn.Linear) -> tuple[Array, Array]:
    """The same for a row that the norm would have given gain and shift."""
    weight, bias = _product(linear)
    return weight * array(norm.weight)[:, None], bias + array(norm.bias) @ weight
