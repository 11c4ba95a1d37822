"""What a search or a vote has spent, for comparisons at equal cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..codec.codec import Constraint, Partial, Session


@dataclass(frozen=True)
class Spent:
    """Calls of the model, rows in them, and tokens written or scored; executions of SQL."""

    extend_calls: int = 0
    value_calls: int = 0
    rows: int = 0
    completion_tokens: int = 0
    executions: int = 0


class Meter:
    """Counts what goes through to a session from now on."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._before = session.cost.completion_tokens
        self._extends = self._values = self._rows = self._executions = 0

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
        """See `codec.Session`; up to n rows a partial."""
        self._extends += 1
        self._rows += n * len(partials)
        return self.session.extend(
            partials, n, temperature=temperature, seed=seed, to_end=to_end, constraint=constraint
        )

    def values(self, partials: Sequence[Partial]) -> list[float]:
        """See `codec.Session`; one row a partial."""
        self._values += 1
        self._rows += len(partials)
        return self.session.values(partials)

    def executed(self, count: int) -> None:
        """Notes executions, repeats included."""
        self._executions += count

    @property
    def spent(self) -> Spent:
        """So far."""
        return Spent(
            self._extends,
            self._values,
            self._rows,
            self.session.cost.completion_tokens - self._before,
            self._executions,
        )
