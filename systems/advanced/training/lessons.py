"""What the trainer teaches, and what it asks of a model; both codecs fulfil the same contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from t2s_bench.types import Example

from ..codec.codec import Policy
from ..task import Evidence, Role, Task

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Lesson:
    """One supervised example for one role.

    SCHEMA and SQL lessons teach the gold of `example`. VALIDATION lessons teach whether the
    executed candidate `evidence` is `right`; `logprob` is what its writer gave it and `best` what
    it gave its likeliest candidate for the question. `weight` scales its loss.
    """

    role: Role
    task: Task
    example: Example
    evidence: Evidence | None = None
    right: bool = True
    logprob: float = 0.0
    best: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True)
class Rollout:
    """A statement that the model wrote, for reinforcement: its tokens and their log-probabilities.

    `logprobs` are those of the policy that wrote it, one a token, at temperature 1. `advantage` is
    relative to its group (the other rollouts of the same question and role). Of the validation role
    it is a verdict on the candidate of the lesson `judged`: one token, 1 (right) or 0.
    """

    role: Role
    task: Task
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    sql: str = ""
    advantage: float = 0.0
    judged: Lesson | None = None


@dataclass(frozen=True)
class Loss:
    """A differentiable loss, its named parts for the log, and how many tokens it covers."""

    total: torch.Tensor
    parts: Mapping[str, float]
    tokens: int


class Learner(Protocol):
    """A model that can be trained: the small one, or a pretrained one with adapters a role."""

    @property
    def module(self) -> torch.nn.Module:
        """All weights, for optimiser, device and data-parallel wrapping."""

    def parameters_of(self, role: Role) -> list[torch.nn.Parameter]:
        """The trainable parameters of a role (shared ones included)."""

    def loss(self, lessons: Sequence[Lesson]) -> Loss:
        """The mean supervised loss of a batch; lessons of several roles may be mixed."""

    def rollouts(
        self, task: Task, role: Role, n: int, *, temperature: float, seed: int
    ) -> list[Rollout]:
        """Samples n statements (repeats kept), without gradient; not of the validation role."""

    def token_logprobs(self, rollouts: Sequence[Rollout]) -> list[torch.Tensor]:
        """Log-probabilities of given tokens under the weights of now, with gradient."""

    def reference_logprobs(self, rollouts: Sequence[Rollout]) -> list[torch.Tensor]:
        """The same under the frozen weights with which reinforcement began, without gradient."""

    def verdict_logits(
        self, lessons: Sequence[Lesson], *, reference: bool = False
    ) -> list[torch.Tensor | None]:
        """The validation role's logit that each lesson's candidate is right, with gradient.

        None for a candidate that it does not judge (one that fails, say); `reference` takes the
        frozen weights.
        """

    def freeze_reference(self) -> None:
        """Keeps the weights of now as the reference."""

    def policy(self) -> Policy:
        """The model of now, for generation and search."""

    def save(self, folder: Path) -> None:
        """Writes weights and everything needed to load them, into an existing empty folder."""
