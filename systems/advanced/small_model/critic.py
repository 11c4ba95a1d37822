"""The critic (validation role): how likely a statement is right for its question.

It is a second writer, of databases that the first one does not share with it where it was trained
so, that has been taught to judge: it reads the question's graph with an encoder of its own and the
statement with a decoder of its own, and is told what execution showed and how likely the first
writer found it. Its verdict is a logit, so that differences are pairwise preferences. Its value
head judges beginnings, of which nothing is known but their tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p

import torch
from torch import nn

from ..codec.pointer.vocabulary import BEGIN, SIZE
from ..schema_graph.graph import SchemaGraph
from ..task import Evidence
from .agreement import FIGURES, agreement
from .configuration import SmallConfig
from .decoder import Decoder, Memory
from .dropout import Dropout
from .encoder import Encoder
from .inputs import Batch

# What is told of a statement (see `marks`), and the critic's own likelihood of it.
MARKS, OWN = 8 + FIGURES, 2
# The least log-probability of a token that counts.
LEAST_LIKELY = -10.0


def marks(
    evidence: Evidence,
    logprob: float,
    best_logprob: float,
    tokens: Sequence[int],
    graph: SchemaGraph,
) -> list[float]:
    """What the critic is told besides the statement; all of about unit size.

    The policy's log-probabilities are part of it: how sure the writer was, in all, a token, and
    against its own best; and how the statement agrees with the graph.
    """
    return [
        float(evidence.runs),
        float(evidence.empty),
        float(evidence.rows == 1),
        log1p(min(evidence.rows, 10_000)) / 4,
        evidence.columns / 3,
        max(logprob, -20.0) / 5,
        max(logprob / max(len(tokens), 1), -3.0),
        max(logprob - best_logprob, -10.0) / 3,
        *agreement(tokens, graph, SIZE),
    ]


class Critic(nn.Module):
    """Encoder, decoder, and two heads: the verdict on statements, the value of beginnings."""

    def __init__(self, config: SmallConfig) -> None:
        super().__init__()
        width = config.width
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.marks = nn.Linear(MARKS + OWN, width)
        self.out = nn.Sequential(
            nn.Linear(3 * width, width), nn.GELU(), Dropout(config.dropout), nn.Linear(width, 1)
        )
        self.value = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))

    def remember(self, batch: Batch) -> Memory:
        """Encodes tasks, once for all their statements."""
        items, relevance = self.encoder(batch)
        return self.decoder.memory(items, batch.mask, relevance)

    def forward(
        self, memory: Memory, tokens: torch.Tensor, lengths: torch.Tensor, told: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Verdicts (S,) and the values of all beginnings (S, t + 1), both logits.

        Statements (S, t) each with a memory of its own (`Memory.take`), told marks (S, MARKS);
        value k is that of the first k tokens.
        """
        states, own = self.read(memory, tokens)
        written = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
        mean = (states[:, 1:] * written[..., None]).sum(1) / lengths[:, None]
        at_end = states[torch.arange(len(states), device=states.device), lengths]
        verdict = self.verdict(mean, at_end, (own * written).sum(1), lengths, told)
        return verdict, self.value(states).squeeze(-1)

    def read(self, memory: Memory, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Statements (S, t) → the state at each beginning (S, t + 1, d), and (S, t) likelihoods.

        The likelihoods are the tokens' log-probabilities, bounded below.
        """
        statements = torch.cat((torch.full_like(tokens[:, :1], BEGIN), tokens), 1)
        states, _ = self.decoder.states(statements, memory)
        return states.float(), self.likelihoods(states[:, :-1], tokens, memory)

    def likelihoods(
        self, before: torch.Tensor, tokens: torch.Tensor, memory: Memory
    ) -> torch.Tensor:
        """Bounded log-probabilities (S, t) of tokens after the states (S, t, d) before them."""
        chosen = self.decoder.logits(before, memory).log_softmax(-1)
        return chosen.gather(2, tokens[..., None]).squeeze(-1).clamp(min=LEAST_LIKELY)

    def verdict(
        self,
        mean: torch.Tensor,
        at_end: torch.Tensor,
        own: torch.Tensor,
        lengths: torch.Tensor,
        told: torch.Tensor,
    ) -> torch.Tensor:
        """Logits (S,) of statements, from the states after their tokens: the mean, and the last.

        Both (S, d), with the statements' log-probabilities, lengths (S,) and marks (S, MARKS).
        """
        marked = torch.cat(
            (told, own[:, None].clamp(min=-20.0) / 5, (own / lengths)[:, None].clamp(min=-3.0)), 1
        )
        logits: torch.Tensor = self.out(torch.cat((mean, at_end, self.marks(marked)), 1))
        return logits.squeeze(-1)


def padded(
    statements: Sequence[Sequence[int]], device: torch.device | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Token lists as (S, t) with their lengths (S,); t is 1 at least."""
    longest = max(1, *map(len, statements))
    rows = [[*tokens, *(0,) * (longest - len(tokens))] for tokens in statements]
    lengths = [len(tokens) for tokens in statements]
    return torch.tensor(rows, device=device), torch.tensor(lengths, device=device)
