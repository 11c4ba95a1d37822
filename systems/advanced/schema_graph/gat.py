"""A graph attention network over a question's schema graph: what each table and column is worth.

Nodes are the graph's items, with a vector of their words and their marks; edges are its relations
that tell something (the "other" pairs of the dense graph are left out), each with the embedding of
its type. GATv2 layers (Brody et al. 2022, torch-geometric) pass messages along them; the logit of a
table or column is read from its node and the mean of the question's words.

Words become vectors by a language model's `embed`, or, where there is none, by a learnt bag of
hashed words and letter groups. What it deliberately does not do: see the SQL; that is the target.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from t2s_bench.errors import BadInput, MissingExtra

from .build import FEATURES, RELATIONS
from .graph import Kind, SchemaGraph

WEIGHTS, CONFIG = "gat.safetensors", "gat.json"
BUCKETS = 8192
# A question uses about one item in six.
POSITIVE_WEIGHT = 3.0
Embedder = Callable[[Sequence[str]], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class GatConfig:
    """`size` is that of nodes; `text_size` that of given word vectors, 0 for hashed words."""

    heads: int = 8
    layers: int = 3
    size: int = 512
    text_size: int = 0
    edge_size: int = 64
    dropout: float = 0.1
    relations: tuple[str, ...] = RELATIONS
    features: tuple[str, ...] = FEATURES

    def __post_init__(self) -> None:
        if self.size % self.heads:
            raise BadInput(
                f"schema_embedding_dim {self.size} must be a multiple of schema_gat_heads "
                f"{self.heads}"
            )


@dataclass(frozen=True)
class GraphBatch:
    """Graphs as one: nodes behind each other, edges between their numbers.

    `bags` and `starts` are hashed words of each node (see `nn.EmbeddingBag`), `vectors` are given
    ones: one of both is None. `judged` are the numbers of tables and columns.
    """

    bags: torch.Tensor | None
    starts: torch.Tensor | None
    vectors: torch.Tensor | None
    features: torch.Tensor
    kinds: torch.Tensor
    graphs: torch.Tensor
    edges: torch.Tensor
    types: torch.Tensor
    judged: torch.Tensor
    count: int


class SchemaGat(nn.Module):
    """The network; `embedder` gives the vectors of texts where `config.text_size` is not 0."""

    def __init__(self, config: GatConfig, embedder: Embedder | None = None) -> None:
        super().__init__()
        try:
            convolution: Any = import_module("torch_geometric.nn").GATv2Conv
        except ImportError as error:
            raise MissingExtra("torch-geometric", "train", "the schema graph network") from error
        if bool(config.text_size) != (embedder is not None):
            raise ValueError("text_size and embedder belong together")
        self.config = config
        self.embedder = embedder
        size = config.size
        self.words: nn.Module
        if config.text_size:
            self.words = nn.Sequential(
                nn.LayerNorm(config.text_size), nn.Linear(config.text_size, size)
            )
        else:
            self.words = nn.EmbeddingBag(BUCKETS, size, mode="mean", include_last_offset=True)
        self.marks = nn.Linear(len(config.features), size)
        self.kinds = nn.Embedding(len(Kind), size)
        self.edges = nn.Embedding(len(config.relations), config.edge_size)
        self.convolutions = nn.ModuleList(
            convolution(
                size,
                size // config.heads,
                heads=config.heads,
                edge_dim=config.edge_size,
                dropout=config.dropout,
                add_self_loops=False,
            )
            for _ in range(config.layers)
        )
        self.before = nn.ModuleList(nn.LayerNorm(size) for _ in range(config.layers))
        self.mixers = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(size), nn.Linear(size, 2 * size), nn.GELU(), nn.Linear(2 * size, size)
            )
            for _ in range(config.layers)
        )
        self.after = nn.LayerNorm(size)
        self.judge = nn.Sequential(
            nn.Linear(3 * size, size), nn.GELU(), nn.Dropout(config.dropout), nn.Linear(size, 1)
        )
        self.dropout = nn.Dropout(config.dropout)

    def batch(self, graphs: Sequence[SchemaGraph]) -> GraphBatch:
        """Graphs as tensors on the network's device."""
        device = self.kinds.weight.device
        texts = [" ".join(item.words) or item.text for graph in graphs for item in graph.items]
        bags = starts = vectors = None
        if self.embedder is not None:
            distinct = list(dict.fromkeys(texts))
            rows = {text: row for row, text in enumerate(distinct)}
            made = torch.from_numpy(self.embedder(distinct)).to(device)
            vectors = made[torch.tensor([rows[text] for text in texts], device=device)]
        else:
            pieces = [_hashed(text) for text in texts]
            ends = np.cumsum([0, *map(len, pieces)])
            bags = torch.tensor([one for own in pieces for one in own], device=device)
            starts = torch.from_numpy(ends).to(device)
        kept = _telling(self.config.relations)
        edges, types, offset = [], [], 0
        for graph in graphs:
            source, target = np.nonzero(kept[graph.relations])
            edges.append(np.stack([source, target]) + offset)
            types.append(graph.relations[source, target])
            offset += len(graph.items)
        kinds = [list(Kind).index(item.kind) for graph in graphs for item in graph.items]
        numbers = np.repeat(np.arange(len(graphs)), [len(graph.items) for graph in graphs])
        judged = [
            n for n, kind in enumerate(kinds) if list(Kind)[kind] in (Kind.TABLE, Kind.COLUMN)
        ]
        features = np.concatenate([graph.features for graph in graphs]).astype(np.float32)
        return GraphBatch(
            bags,
            starts,
            vectors,
            torch.from_numpy(features).to(device),
            torch.tensor(kinds, device=device),
            torch.from_numpy(numbers).to(device),
            torch.from_numpy(np.concatenate(edges, 1).astype(np.int64)).to(device),
            torch.from_numpy(np.concatenate(types).astype(np.int64)).to(device),
            torch.tensor(judged, device=device),
            len(graphs),
        )

    def nodes(self, batch: GraphBatch) -> torch.Tensor:
        """A vector for each item: (items of all graphs, size)."""
        if batch.vectors is not None:
            texts = self.words(batch.vectors)
        else:
            texts = self.words(batch.bags, batch.starts)
        states: torch.Tensor = texts + self.marks(batch.features) + self.kinds(batch.kinds)
        types = self.edges(batch.types)
        for norm, convolution, mixer in zip(
            self.before, self.convolutions, self.mixers, strict=True
        ):
            passed = convolution(norm(states), batch.edges, edge_attr=types)
            states = states + self.dropout(passed)
            states = states + self.dropout(mixer(states))
        normed: torch.Tensor = self.after(states)
        return normed

    def forward(self, batch: GraphBatch) -> torch.Tensor:
        """The logits of all tables and columns, in the order of `batch.judged`."""
        states = self.nodes(batch)
        words = batch.kinds == 0
        question = states.new_zeros(batch.count, states.shape[1])
        question = question.index_add(0, batch.graphs[words], states[words])
        counts = torch.bincount(batch.graphs[words], minlength=batch.count).clamp(min=1)
        question = question / counts[:, None]
        own, asked = states[batch.judged], question[batch.graphs[batch.judged]]
        logits: torch.Tensor = self.judge(torch.cat([own, asked, own * asked], 1)).squeeze(1)
        return logits

    def loss(
        self, graphs: Sequence[SchemaGraph], used: Sequence[npt.NDArray[np.float32]]
    ) -> torch.Tensor:
        """Binary cross-entropy over tables and columns; `used[i]` is 1 for each item in use."""
        batch = self.batch(graphs)
        target = torch.from_numpy(np.concatenate(used)).to(batch.judged.device)[batch.judged]
        weight = torch.tensor(POSITIVE_WEIGHT, device=target.device)
        return F.binary_cross_entropy_with_logits(self(batch), target, pos_weight=weight)

    def save(self, folder: Path) -> None:
        """Writes weights and configuration into an existing folder."""
        from safetensors.torch import save_file

        weights = {key: tensor.contiguous().cpu() for key, tensor in self.state_dict().items()}
        save_file(weights, str(folder / WEIGHTS))
        (folder / CONFIG).write_text(json.dumps(asdict(self.config), indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path, embedder: Embedder | None = None) -> SchemaGat:
        """What `save` wrote; BadInput where it does not fit this version's graph."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            said: dict[str, Any] = json.loads((folder / CONFIG).read_text())
            weights = load_file(str(folder / WEIGHTS))
        except (OSError, ValueError, SafetensorError) as error:
            raise BadInput(f"{folder} holds no schema graph network: {error}") from error
        said |= {key: tuple(said[key]) for key in ("relations", "features")}
        config = GatConfig(**said)
        if (config.relations, config.features) != (RELATIONS, FEATURES):
            raise BadInput(
                f"{folder} was trained on other relations of the schema graph: train it again"
            )
        if config.text_size and embedder is None:
            raise BadInput(f"{folder} needs the language model it was trained with")
        gat = cls(config, embedder if config.text_size else None)
        gat.load_state_dict(weights)
        return gat.eval()


@lru_cache(maxsize=4)
def _telling(relations: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which relations become edges: not those that hold of nearly every pair."""
    return np.array(
        [
            name != "none" and not name.endswith(" other") and not name.startswith("word farther")
            for name in relations
        ]
    )


@lru_cache(maxsize=65_536)
def _hashed(text: str) -> tuple[int, ...]:
    """Buckets of a text's words and of their groups of three letters."""
    pieces = []
    for word in text.lower().split():
        framed = f"<{word}>"
        pieces.append(framed)
        pieces += [framed[at : at + 3] for at in range(len(framed) - 2)]
    return tuple(zlib.crc32(piece.encode()) % BUCKETS for piece in pieces)
