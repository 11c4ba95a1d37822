"""From graphs to tensors: what one task is for the small model, and how several make a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import torch

from ..schema_graph.graph import Kind, SchemaGraph
from .word_table import WordTable

KINDS = tuple(Kind)


@dataclass(frozen=True)
class Inputs:
    """One task: per item its words' numbers, its kind, its place in the question, its marks.

    `words` are numbers of the word table, one item after another, `counts` how many each item has
    (at least one). `relevance` is a linker's log-odds for each item (0 where it says nothing).
    """

    words: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.uint8]
    places: npt.NDArray[np.int16]
    features: npt.NDArray[np.uint8]
    relations: npt.NDArray[np.uint8]
    relevance: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.kinds)


@dataclass(frozen=True)
class Batch:
    """Several tasks, items padded to the longest (B tasks, n items).

    `mask` (B, n) is true for real items. Words are listed once for the whole batch: `ids`,
    `pieces` and `starts` as `WordTable.lookup` gives them; `flat` and `owner` say which word
    belongs to which row of (B * n), `last` is each row's last word, `counts` how many it has.
    """

    ids: torch.Tensor
    pieces: torch.Tensor
    starts: torch.Tensor
    flat: torch.Tensor
    owner: torch.Tensor
    last: torch.Tensor
    counts: torch.Tensor
    kinds: torch.Tensor
    places: torch.Tensor
    features: torch.Tensor
    relations: torch.Tensor
    relevance: torch.Tensor
    mask: torch.Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on a device; itself where it is there already."""
        tensors = {one.name: getattr(self, one.name) for one in fields(self)}
        if all(tensor.device == device for tensor in tensors.values()):
            return self
        return Batch(**{name: tensor.to(device) for name, tensor in tensors.items()})


def make_inputs(
    graph: SchemaGraph,
    table: WordTable,
    relevance: Sequence[float] | None = None,
    longest_question: int = 96,
) -> Inputs:
    """Numbers a graph's words and takes over its arrays; places beyond the longest are equal."""
    numbers: list[int] = []
    counts: list[int] = []
    for item in graph.items:
        words = item.words or (item.text.lower() or "?",)
        numbers.extend(map(table.number, words))
        counts.append(len(words))
    kinds = [KINDS.index(item.kind) for item in graph.items]
    places = [
        min(n + 1, longest_question - 1) if item.kind is Kind.WORD else 0
        for n, item in enumerate(graph.items)
    ]
    return Inputs(
        np.array(numbers, dtype=np.int64),
        np.array(counts, dtype=np.int64),
        np.array(kinds, dtype=np.uint8),
        np.array(places, dtype=np.int16),
        graph.features,
        graph.relations,
        np.zeros(len(kinds), dtype=np.float32)
        if relevance is None
        else np.array(relevance, dtype=np.float32),
    )


def make_batch(inputs: Sequence[Inputs], table: WordTable) -> Batch:
    """Pads several tasks to one batch."""
    rows, items = len(inputs), max(map(len, inputs))
    kinds = np.zeros((rows, items), dtype=np.int64)
    places = np.zeros((rows, items), dtype=np.int64)
    counts = np.ones((rows, items), dtype=np.int64)
    features = np.zeros((rows, items, inputs[0].features.shape[1]), dtype=np.float32)
    relations = np.zeros((rows, items, items), dtype=np.int64)
    relevance = np.zeros((rows, items), dtype=np.float32)
    mask = np.zeros((rows, items), dtype=bool)
    owner: list[npt.NDArray[np.int64]] = []
    last = np.zeros((rows, items), dtype=np.int64)
    all_words = np.concatenate([one.words for one in inputs])
    unique, flat = np.unique(all_words, return_inverse=True)
    offset = 0
    for row, one in enumerate(inputs):
        n = len(one)
        kinds[row, :n], places[row, :n] = one.kinds, one.places
        counts[row, :n], features[row, :n] = one.counts, one.features
        relations[row, :n, :n], relevance[row, :n] = one.relations, one.relevance
        mask[row, :n] = True
        owner.append(np.repeat(np.arange(n) + row * items, one.counts))
        last[row, :n] = flat[offset + np.cumsum(one.counts) - 1]
        offset += len(one.words)
    ids, pieces, starts = table.lookup(unique)
    return Batch(
        *map(torch.from_numpy, (ids, pieces, starts, flat, np.concatenate(owner), last, counts)),
        *map(torch.from_numpy, (kinds, places, features, relations, relevance, mask)),
    )
