"""A constraint while the small model writes.

What is forbidden cannot be written; what is required is likelier until it stands there, and the
statement cannot end before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..codec.codec import Constraint
from ..codec.pointer.vocabulary import END, ID, SIZE
from ..task import Task
from .generation import Adjust
from .names import item_numbers

# Added to the log-odds of what is required and not yet written.
WANTED = 2.0


def adjustment(constraint: Constraint, task: Task) -> Adjust:
    """The change of scores; names that neither schema nor vocabulary knows count for nothing."""
    required = _numbers(constraint.require, task)
    forbidden = np.array(sorted(_numbers(constraint.forbid, task)), dtype=np.int64)

    def adjust(tokens: tuple[int, ...], scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        scores = scores.copy()
        if len(forbidden):
            scores[forbidden] = -np.inf
        missing = sorted(required - set(tokens))
        if missing:
            scores[missing] += WANTED
            scores[END] = -np.inf
        return scores

    return adjust


def _numbers(names: frozenset[str], task: Task) -> set[int]:
    items = item_numbers(task.schema, task.graph)
    numbers = set()
    for name in names:
        if name.lower() in items:
            numbers.add(SIZE + items[name.lower()])
        elif name.upper() in ID:
            numbers.add(ID[name.upper()])
    return numbers
