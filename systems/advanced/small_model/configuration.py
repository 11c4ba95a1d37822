"""The small model's shape; written beside its weights, so that they load as they were trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SmallConfig:
    """Sizes of the encoder over a question's graph, of the decoder, and of the critic.

    `typed` says whether attention knows the types of the graph's edges (the component `gat`);
    without them it is plain attention and the relevance of schema items comes from outside.
    `relations` and `features` are how many types and marks the graph builder knows, `vocabulary`
    how many tokens the codec has besides pointers. `words` is filled from the training data.
    """

    relations: int
    features: int
    vocabulary: int
    words: int = 0
    typed: bool = True
    width: int = 192
    heads: int = 6
    feedforward: int = 768
    encoder_layers: int = 4
    decoder_layers: int = 3
    ngram_buckets: int = 4096
    longest_question: int = 96
    longest_sql: int = 96
    dropout: float = 0.15
