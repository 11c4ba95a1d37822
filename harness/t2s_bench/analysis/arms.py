"""The arms of an ablation: which components are switched off in which run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from t2s_bench.errors import BadInput, UnknownName

FULL = "full"
BASE = "base"
CONTROL = "control"
# 2⁶ = 64 runs.
MOST_FOR_SHAPLEY = 6
_WORDS = ("each", "all", "shapley")


@dataclass(frozen=True)
class Arm:
    """One run of an experiment: its name, which is also its folder's, and what is off in it."""

    name: str
    off: frozenset[str]


@dataclass(frozen=True)
class Design:
    """The arms in the order in which they run, the full system first.

    `shapley` says that all subsets are among them, `control` that an equal-token control is wanted
    beside the base.
    """

    arms: tuple[Arm, ...]
    shapley: bool
    control: bool


def design(system: str, components: Sequence[str], wanted: Iterable[str]) -> Design:
    """Reads what `--ablate` was given.

    `gat` leaves one component out, `gat+mcts` both; `each` one at a time; `all` each and the bare
    base; `shapley` runs all subsets. Raises UnknownName for a component that is not there and
    BadInput for a system without components or with too many for all subsets.

    >>> [arm.name for arm in design("s", ["gat", "mcts"], ["all"]).arms]
    ['full', 'without-gat', 'without-mcts', 'base']
    """
    listed = list(wanted)
    if not components:
        raise BadInput(f"{system} declares no components, so there is nothing to switch off")
    sets: list[tuple[str, ...]] = [()]
    for text in listed:
        if text in ("each", "all"):
            sets += [(name,) for name in components]
            sets += [tuple(components)] if text == "all" else []
        elif text == "shapley":
            sets += _subsets(system, components)
        else:
            names = [name.strip() for name in text.split("+")]
            for name in names:
                if name not in components:
                    raise UnknownName(f"component of {system}", name, [*components, *_WORDS])
            sets.append(tuple(names))
    arms = {frozenset(off): Arm(_name(off, components), frozenset(off)) for off in sets}
    return Design(
        tuple(arms.values()),
        shapley="shapley" in listed,
        control=not {"all", "shapley"}.isdisjoint(listed),
    )


def _subsets(system: str, components: Sequence[str]) -> list[tuple[str, ...]]:
    count = len(components)
    if count > MOST_FOR_SHAPLEY:
        raise BadInput(
            f"{system} has {count} components, so Shapley values need {2**count} runs: at most "
            f"{MOST_FOR_SHAPLEY} components ({2**MOST_FOR_SHAPLEY} runs) are possible; take "
            "--ablate each"
        )
    return [off for size in range(1, count + 1) for off in combinations(components, size)]


def _name(off: Sequence[str], components: Sequence[str]) -> str:
    if not off:
        return FULL
    if len(components) > 1 and set(off) == set(components):
        return BASE
    return "without-" + "+".join(name for name in components if name in off)
