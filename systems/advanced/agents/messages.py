"""What the agents say to each other. Facts only: no agent sees another one's state."""

from __future__ import annotations

from dataclasses import dataclass

from t2s_bench.databases.schema import ForeignKey

from ..codec.codec import Constraint
from ..task import Linking
from .candidate import Candidate


@dataclass(frozen=True)
class SchemaProposal:
    """The schema agent's message: which part of the schema the answer needs.

    `linking` is what the SQL agent's session is opened with: connecting tables and the columns of
    their keys are raised to the relevance of a chosen item, and items that the recall guard lets go
    are exactly 0. `tables` are the chosen ones, best first; `connectors` were added to join them
    along `joins`; `pruned` names what was let go ('table' or 'table.column').
    """

    linking: Linking
    tables: tuple[str, ...]
    connectors: tuple[str, ...] = ()
    joins: tuple[ForeignKey, ...] = ()
    pruned: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidates:
    """The SQL agent's message: executed statements, best first."""

    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Critique:
    """What is wrong, in which clause, and what to hold fixed when it is written again."""

    clause: str
    reason: str
    constraint: Constraint


@dataclass(frozen=True)
class Verdict:
    """The validation agent's message on one candidate: accepted, or rejected with critiques.

    `logit` is that of being right. A rejection without a critique says: wrong, and nowhere in
    particular.
    """

    candidate: Candidate
    logit: float
    accepted: bool
    critiques: tuple[Critique, ...] = ()


@dataclass(frozen=True)
class Revision:
    """What came of one critique: what was written again with its logits, and which ones joined.

    `kept` are the places (in `written`) of those that are judged better than what they revise.
    """

    of: Candidate
    critique: Critique
    written: tuple[Candidate, ...]
    logits: tuple[float, ...]
    kept: tuple[int, ...]
