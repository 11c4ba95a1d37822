"""How far a search goes and how it weighs."""

from __future__ import annotations

from dataclasses import dataclass, field

from t2s_bench.errors import BadInput

from .value import Weights


@dataclass(frozen=True)
class SearchSettings:
    """All that a search can be told; impossible values raise BadInput.

    `simulations` bounds the statements written and the visits to known ones; `exploration` is
    PUCT's c; `temperature` flattens (above 1) or sharpens the policy's priors, and draws samples.
    `beam` is how many statements are written from the root, `rollouts` how many from each leaf,
    `children` is k, `leaves` is how many wait for one call of the model. `worth` is the least that
    a batch of simulations must find to be followed by another: so much of the likeliest result's
    probability (0: the search goes on as long as its answer could change).
    """

    simulations: int = 50
    exploration: float = 1.414
    temperature: float = 0.8
    beam: int = 16
    rollouts: int = 2
    children: int = 4
    leaves: int = 8
    worth: float = 0.0
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        for name in ("simulations", "beam", "rollouts", "children", "leaves"):
            if getattr(self, name) < 1:
                raise BadInput(f"a search with {getattr(self, name)} {name}: give at least 1")
        if not 0 <= self.worth < 1:
            raise BadInput(f"a search with worth {self.worth}: give a share from 0 to below 1")
        if self.exploration < 0 or self.temperature <= 0:
            raise BadInput(
                f"a search with exploration {self.exploration} and temperature "
                f"{self.temperature}: give exploration of 0 or more and a temperature above 0"
            )
