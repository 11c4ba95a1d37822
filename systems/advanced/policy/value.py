"""What a statement is worth to the search: three parts with stated weights, each between 0 and 1.

- `head`: the model's value head, the probability that the best completion is right;
- `execution`: what running it showed; of an unfinished one, its executable beginning;
- `agreement`: the share that its result has of the probability of all candidates that run:
  self-consistency, with the policy's own probabilities in place of counts.

The first two stay as they are once measured; agreement changes as candidates come. A statement that
does not run is worth nothing. No gold SQL is within reach here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import exp

from t2s_bench.errors import BadInput

from ..task import Evidence, Task

# How much a result of each kind speaks for a statement. Gold statements seldom find nothing.
EMPTY, ALL_NULL = 0.4, 0.3
# For each literal that the question names and no cell of the database has.
MISSING_LITERAL = 0.5
# A beginning that does not run may only be too large without its conditions.
BEGINNING_FAILS = 0.25
_LITERAL = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True)
class Weights:
    """How the three parts are blended; they add up to 1."""

    head: float = 0.5
    execution: float = 0.2
    agreement: float = 0.3

    def __post_init__(self) -> None:
        parts = (self.head, self.execution, self.agreement)
        if min(parts) < 0 or abs(sum(parts) - 1) > 1e-9:
            raise BadInput(
                f"weights {parts} of head, execution and agreement: give three that are not "
                "negative and add up to 1"
            )

    def fixed(self, head: float, execution: float | None) -> float:
        """Head and execution; the head speaks for both where nothing was executed (None)."""
        return self.head * head + self.execution * (head if execution is None else execution)


def execution_score(task: Task, evidence: Evidence, finished: bool) -> float | None:
    """What execution says of a statement, or None for a beginning without anything to execute."""
    if not evidence.sql and not finished:
        return None
    if not evidence.runs:
        return 0.0 if finished else BEGINNING_FAILS
    score = 1.0
    if evidence.all_null:
        score = ALL_NULL
    elif evidence.empty:
        score = EMPTY
    return score * MISSING_LITERAL ** missing_literals(task, evidence.sql)


def missing_literals(task: Task, sql: str) -> int:
    """How many text literals of a statement are value candidates that no cell has.

    A literal that the graph does not know is not counted: it may stand in a cell that the question
    does not name, and if not, the result tells.
    """
    values = task.graph.value_items
    numbers = [values[text] for text in dict.fromkeys(_LITERAL.findall(sql)) if text in values]
    return sum(not task.graph.items[number].sources for number in numbers)


class Agreement:
    """The policy's probability of each result, over the candidates that run.

    Probabilities are relative to that of the first candidate, so that long statements, all of them
    unlikely, can be compared.
    """

    def __init__(self) -> None:
        self._reference: float | None = None
        self._with: dict[object, float] = {}
        self.total = 0.0

    def odds(self, logprob: float) -> float:
        """A probability relative to the first candidate's."""
        return exp(min(logprob - (self._reference or 0.0), 700.0))

    def add(self, evidence: Evidence, logprob: float) -> None:
        """Counts one more candidate; one that does not run agrees with none."""
        if self._reference is None:
            self._reference = logprob
        if evidence.runs:
            self.total += self.odds(logprob)
            self._with[evidence.result] = self.of(evidence) + self.odds(logprob)

    def of(self, evidence: Evidence | None) -> float:
        """The relative probability of a result; 0 where there is none."""
        return self._with.get(evidence.result, 0.0) if evidence and evidence.runs else 0.0

    @property
    def most(self) -> float:
        """The relative probability of the likeliest result; 0 where nothing runs."""
        return max(self._with.values(), default=0.0)

    def share(self, evidence: Evidence) -> float:
        """The share of a result, 0 where nothing runs."""
        return self.of(evidence) / self.total if self.total else 0.0

    def possible_share(self, logprob: float) -> float:
        """The share that an unfinished statement would have if all of its mass had one result."""
        odds = self.odds(logprob)
        return min(1.0, odds / self.total) if self.total else 1.0
