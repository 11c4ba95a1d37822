"""The decoder one token at a time: what `Decoder.states` computes, for the live rows of one task.

A step of a few rows costs hardly any arithmetic; its time is that of its calls. So here the weights
are NumPy arrays, whose calls take a fraction of torch's, made ready once (see `StepWeights`), on
whatever device the model is. All written tokens of all rows stand in one list, and a row sees its
own ones: choosing rows anew copies no keys and values. Several decoders of the same sizes step
together, their weights stacked, in as many calls as one. For inference: there is no dropout, and no
gradient goes through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Voice:
    """A decoder with what it knows of one task."""

    decoder: Decoder
    memory: Memory


class Stepping:
    """Rows that have been read up to their last token, ready for the next.

    `weights` are the voices' decoders' as they are now; the memories are those of one task, in the
    graph of which all voices number the same items. Rows may be of different lengths.
    """

    def __init__(
        self,
        voices: Sequence[Voice],
        weights: StepWeights,
        begin: int,
        rows: Sequence[Sequence[int]],
    ) -> None:
        self._weights = weights
        memories = [voice.memory for voice in voices]
        # Each array begins with the voice.
        self._cross = [
            (_stacked(key[0] for key, _ in layer), _stacked(value[0] for _, value in layer))
            for layer in zip(*(memory.cross for memory in memories), strict=True)
        ]
        self._hidden = array(memories[0].hidden[0, 0])
        self._sources = _stacked(memory.sources[0] for memory in memories)
        self._targets = _stacked(memory.targets[0] for memory in memories).transpose(0, 2, 1)
        self._bias = _stacked(memory.bias[:1] for memory in memories)
        if any(rows):
            self._read(voices, [[begin, *row] for row in rows])
            return
        # The first token is a step like any other, which takes less than reading it does.
        count, heads, _, size = self._cross[0][0].shape
        self._kept = np.empty((len(self._cross), count, 2, heads, 0, size), dtype=np.float32)
        self._count = 0
        self._lengths = np.zeros(len(rows), dtype=np.int64)
        self._unseen = np.empty((len(rows), 0), dtype=np.float32)
        self.write(range(len(rows)), [begin] * len(rows))

    def _read(self, voices: Sequence[Voice], rows: Sequence[Sequence[int]]) -> None:
        longest = max(map(len, rows))
        read = [[*row, *(0,) * (longest - len(row))] for row in rows]
        self._lengths = np.array([len(row) for row in rows])
        last, kept = [], []
        for voice in voices:
            states, written = voice.decoder.states(
                torch.tensor(read, device=voice.memory.bias.device),
                voice.memory.shared_by(len(rows)),
            )
            last.append(array(states)[np.arange(len(rows)), self._lengths - 1])
            kept.append([[one.transpose(0, 1).flatten(1, 2) for one in kv] for kv in written])
        self._last = np.stack(last)
        # (layers, voices, keys and values, heads, room, size): the tokens of all rows, one after
        # another.
        self._kept = np.stack(
            [np.stack([_stacked(kv) for kv in layer]) for layer in zip(*kept, strict=True)]
        )
        self._count = len(rows) * longest
        # (rows, tokens): 0 where a row sees a token, else HIDDEN.
        places = np.arange(self._count)
        of_row = places // longest == np.arange(len(rows))[:, None]
        self._unseen = np.where(
            of_row & (places % longest < self._lengths[:, None]), 0, HIDDEN
        ).astype(np.float32)

    def logits(self) -> Array:
        """Scores of the next token of each row (rows, V + n), the voices' mean."""
        scores: Array = np.add.reduce(self._last @ self._targets + self._bias, 0)
        scores /= np.float32(len(self._last))
        return scores

    def take(self, places: Sequence[int]) -> None:
        """The rows are now these, in their order; a row may come several times."""
        self._lengths, self._last = self._lengths[places], self._last[:, places]
        self._unseen = self._unseen[places]

    def write(self, places: Sequence[int], tokens: Sequence[int]) -> None:
        """The rows are now these, each with its token after it."""
        lengths, unseen = self._lengths[places], self._unseen[places]
        rows = len(tokens)
        if self._count + rows > self._kept.shape[4]:
            unseen = self._make_room(unseen, rows)
        self._count += rows
        own = np.full((rows, rows), HIDDEN, dtype=np.float32)
        np.fill_diagonal(own, 0)
        self._unseen = unseen = np.concatenate((unseen, own), 1)
        x = self._sources[:, tokens] + self._weights.places[:, lengths]
        for layer, kept, cross in zip(self._weights.layers, self._kept, self._cross, strict=True):
            x = layer.step(x, kept[:, :, :, : self._count], unseen, *cross, self._hidden)
        gain, shift = self._weights.norm
        self._last = normal(x) * gain + shift
        self._lengths = lengths + 1

    def _make_room(self, unseen: Array, rows: int) -> Array:
        """Forgets what none of these rows sees, and takes more room where that is not enough."""
        used = np.flatnonzero((unseen == 0).any(0))
        self._count = len(used)
        kept = self._kept
        room = max(_ROOM, 2 * (self._count + rows))
        self._kept = np.empty((*kept.shape[:4], room, kept.shape[5]), dtype=np.float32)
        self._kept[:, :, :, :, : self._count] = kept[:, :, :, :, used]
        return unseen[:, used]


class StepWeights:
    """The weights of one decoder or several, as they are now and as a step needs them.

    What can be multiplied beforehand is: a norm's gain and shift into the product after it, the
    scale of attention into its query. The decoders must have the same sizes.
    """

    def __init__(self, decoders: Sequence[Decoder]) -> None:
        layers = zip(*(decoder.layers for decoder in decoders), strict=True)
        self.layers = [StepLayer(layer) for layer in layers]
        self.places = _stacked(decoder.places.weight for decoder in decoders)
        self.norm = (
            _stacked(decoder.norm.weight[None] for decoder in decoders),
            _stacked(decoder.norm.bias[None] for decoder in decoders),
        )


class StepLayer:
    """The weights of a layer of each decoder, query, key and value together."""

    def __init__(self, layers: Sequence[DecoderLayer]) -> None:
        self.heads = layers[0].own.heads
        scale = (layers[0].own.query.in_features // self.heads) ** -0.5
        products = [_products(layer, scale) for layer in layers]
        self.joint, self.out, self.query, self.cross_out, self.up, self.down = (
            (np.stack([weight for weight, _ in each]), np.stack([bias[None] for _, bias in each]))
            for each in zip(*products, strict=True)
        )

    def step(
        self, x: Array, kept: Array, unseen: Array, key: Array, value: Array, hidden: Array
    ) -> Array:
        """(voices, rows, d) → the same; writes its keys and values to the end of `kept`."""
        voices, rows, _ = x.shape
        shape = (voices, rows, 3, self.heads, -1)
        joint = (normal(x) @ self.joint[0] + self.joint[1]).reshape(shape)
        kept[:, :, :, -rows:] = joint[:, :, 1:].transpose(0, 2, 3, 1, 4)
        mixed = _attend(joint[:, :, 0], kept[:, 0], kept[:, 1], unseen)
        x = x + (mixed @ self.out[0] + self.out[1])
        query = (normal(x) @ self.query[0] + self.query[1]).reshape(voices, rows, self.heads, -1)
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
    size = x.shape[-1]
    centred: Array = x - np.add.reduce(x, -1, keepdims=True) / np.float32(size)
    variance = np.einsum("...i,...i->...", centred, centred) / np.float32(size)
    centred /= np.sqrt(variance + np.float32(_EPSILON))[..., None]
    return centred


# Of torch's layer norm.
_EPSILON = 1e-5


def array(tensor: torch.Tensor) -> Array:
    """The numbers of a tensor on any device."""
    found: Array = tensor.detach().float().cpu().numpy()
    return found


def _attend(query: Array, key: Array, value: Array, unseen: Array) -> Array:
    """Queries (voices, rows, heads, size) → (voices, rows, d).

    Keys and values are (voices, heads, tokens, size), `unseen` is (rows or 1, tokens).
    """
    scores = query.transpose(0, 2, 1, 3) @ key.transpose(0, 1, 3, 2)
    scores += unseen
    scores -= np.maximum.reduce(scores, 3, keepdims=True)
    np.exp(scores, out=scores)
    scores /= np.add.reduce(scores, 3, keepdims=True)
    mixed: Array = scores @ value
    rows: Array = mixed.transpose(0, 2, 1, 3).reshape(*query.shape[:2], -1)
    return rows


def _stacked(tensors: Iterable[torch.Tensor]) -> Array:
    return np.stack([array(one) for one in tensors])


def _products(layer: DecoderLayer, scale: float) -> list[tuple[Array, Array]]:
    """What `StepLayer` stacks: each a matrix and what is added."""
    query, key_value = (
        _after_norm(layer.norm, one) for one in (layer.own.query, layer.own.key_value)
    )
    cross, cross_bias = _after_norm(layer.norm2, layer.cross.query)
    up, down = (one for one in layer.forward_layers if isinstance(one, nn.Linear))
    return [
        (
            np.concatenate((query[0] * scale, key_value[0]), 1),
            np.concatenate((query[1] * scale, key_value[1])),
        ),
        _product(layer.own.out),
        (cross * scale, cross_bias * scale),
        _product(layer.cross.out),
        _after_norm(layer.norm3, up),
        _product(down),
    ]


def _product(linear: nn.Linear) -> tuple[Array, Array]:
    """What a row is multiplied by and what is added."""
    return np.ascontiguousarray(array(linear.weight).T), array(linear.bias)


def _after_norm(norm: nn.LayerNorm, linear: nn.Linear) -> tuple[Array, Array]:
    """The same for a row that the norm would have given gain and shift."""
    weight, bias = _product(linear)
    return weight * array(norm.weight)[:, None], bias + array(norm.bias) @ weight
