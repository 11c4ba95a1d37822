"""What search, agents and clarifier see of a model: partial SQL that grows clause by clause.

Two codecs stand below: `pointer` (the small model: vocabulary tokens and pointers to items) and
`chat` (pretrained models: a prompt and SQL text). Nothing above knows which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..task import Evidence, Linking, Task


@dataclass(frozen=True)
class Partial:
    """SQL as far as it is written: up to a clause boundary, or to its end.

    `tokens` are the codec's own and include the keyword that opens the next clause. `sql` is the
    whole statement where `finished`; before, the longest executable statement of the clauses that
    are complete, or "" where there is none yet. `logprob` is the natural log-probability of all
    tokens at temperature 1. `greedy`: each token is known to be the likeliest in its place.
    """

    tokens: tuple[int, ...] = ()
    sql: str = ""
    logprob: float = 0.0
    finished: bool = False
    greedy: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Constraint:
    """What the clarifier holds fixed when SQL is written again.

    Names are SQL text as the schema spells it: 'table' or 'table.column', a literal, or a keyword
    in capitals ('DESC', 'MAX', 'DISTINCT', 'INTERSECT'). `sentence` says the same in words.
    """

    require: frozenset[str] = field(default_factory=frozenset)
    forbid: frozenset[str] = field(default_factory=frozenset)
    sentence: str = ""


@dataclass(frozen=True)
class Cost:
    """Tokens spent: read once per opened task, and written or scored since."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Session(Protocol):
    """One task opened on a model: its prompt is encoded once and shared by all calls.

    Every method is deterministic given its arguments (and the seed where there is one).
    """

    @property
    def task(self) -> Task:
        """What is answered."""

    @property
    def cost(self) -> Cost:
        """What this session has cost so far."""

    def extend(
        self,
        partials: Sequence[Partial],
        n: int,
        *,
        temperature: float,
        seed: int = 0,
        to_end: bool = False,
        constraint: Constraint | None = None,
    ) -> list[list[Partial]]:
        """Up to n distinct continuations of each partial, each one clause longer (or to the end).

        At temperature 0 the likeliest by beam search, best first; else samples, each distinct one
        once, in the order drawn. `Partial()` is the empty statement. A finished partial has none.
        """

    def logprobs(self, sqls: Sequence[str]) -> list[float]:
        """Log-probability of whole statements; -inf for one that the codec cannot express."""

    def values(self, partials: Sequence[Partial]) -> list[float]:
        """The value head's probability that the best completion is right."""

    def judge(self, evidence: Sequence[Evidence]) -> list[float]:
        """The validation role's logit that each executed SQL is right; higher is better.

        The difference of two logits is the logit of the pairwise preference (Bradley–Terry).
        """

    def critique(self, evidence: Evidence) -> Constraint | None:
        """Where the validation role thinks an executed SQL is wrong, or None: nothing to say."""


class Policy(Protocol):
    """A model with its codec, ready to open tasks."""

    def open(self, task: Task, linking: Linking | None = None) -> Session:
        """Encodes a task; `linking` (of the schema agent or a linker) ranks the schema for it."""

    def link(self, task: Task) -> Linking:
        """The schema role's relevance of every table and column."""
