"""Own and synthetic examples in fixed shares of every batch, each kind easy before hard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Drawing(Protocol):
    """What draws the places of a step's examples; see `Curriculum`."""

    def share(self, step: int) -> float:
        """The share of examples that is open at a step."""

    def batch(self, step: int) -> list[int]:
        """The places of a step's examples."""


class Mixture:
    """Two drawings side by side; `places` say which of all examples each one's places are.

    The two kinds take turns in a batch, so that every part of it has both. Where both are grouped
    by length (with the same seed), the short of the one meet the short of the other.
    """

    def __init__(self, drawings: Sequence[tuple[Drawing, Sequence[int]]]) -> None:
        self._drawings = drawings

    def share(self, step: int) -> float:
        """The share that is open; all kinds are paced alike."""
        return self._drawings[0][0].share(step)

    def batch(self, step: int) -> list[int]:
        """The places of a step's examples among all."""
        drawn = [[places[n] for n in one.batch(step)] for one, places in self._drawings]
        return interleaved(drawn)


def sizes(batch: int, share: float) -> tuple[int, int]:
    """How many own and how many synthetic examples a batch has; of each one at least.

    >>> sizes(64, 0.33), sizes(4, 0.01)
    ((43, 21), (3, 1))
    """
    synthetic = min(max(round(share * batch), 1), batch - 1)
    return batch - synthetic, synthetic


def interleaved(groups: Sequence[Sequence[int]]) -> list[int]:
    """All members, those of each group spread evenly and in their order.

    >>> interleaved([[1, 2, 3, 4], [8, 9]])
    [1, 8, 2, 3, 9, 4]
    """
    keyed = [
        ((place + 0.5) / len(group), number, one)
        for number, group in enumerate(groups)
        for place, one in enumerate(group)
    ]
    return [one for _, _, one in sorted(keyed)]
