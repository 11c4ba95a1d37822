"""What speaks for and against an answer before anybody says whether it is right.

Numbers only, in a fixed order, for the calibration to weigh. None of them looks at the gold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from ..agents.candidate import Candidate
from ..agents.selection import Selection
from ..task import Linking

# Log-probabilities below this are all the same: hopeless.
LOWEST_LOGPROB = -50.0


@dataclass(frozen=True)
class Signals:
    """One answer's signals.

    `share` is the chosen result's score (its share of belief, of the votes where nothing was
    judged), `margin` its lead over the next one (negative where a search overruled the votes),
    `entropy` that of the scores in nats. `logprob` and `mean_logprob` are those of the chosen
    statement, whole and a token. `logit` is the validator's, `logit_margin` its lead over the
    best-judged other result; both are 0 where nothing was judged. `linking_entropy` is the number
    of columns that the linking is undecided on (binary entropies in bits), as log(1 + n). `running`
    is the share of candidates that run, `empty` 1 where the chosen result is.
    """

    share: float
    margin: float
    entropy: float
    logprob: float
    mean_logprob: float
    logit: float
    logit_margin: float
    linking_entropy: float
    running: float
    empty: float

    def vector(self) -> tuple[float, ...]:
        """The values in the order of `FEATURES`."""
        return astuple(self)


FEATURES = tuple(field.name for field in fields(Signals))


def signals(
    candidates: Sequence[Candidate],
    selection: Selection,
    logits: Sequence[float] | None = None,
    linking: Linking | None = None,
) -> Signals:
    """The signals of a selection's chosen answer."""
    chosen = candidates[selection.chosen]
    others = selection.groups[1:]
    share, *rivalling = selection.scores
    logit = logit_margin = 0.0
    if logits is not None:
        logit = logits[selection.chosen]
        rivals = [max(logits[place] for place in group.places) for group in others]
        logit_margin = logit - max(rivals) if rivals else 0.0
    return Signals(
        share,
        share - max(rivalling, default=0.0),
        entropy(selection.scores),
        max(chosen.logprob, LOWEST_LOGPROB),
        max(chosen.mean_logprob, LOWEST_LOGPROB),
        logit,
        logit_margin,
        math.log1p(_undecided(linking)) if linking is not None else 0.0,
        sum(one.evidence.runs for one in candidates) / len(candidates),
        float(chosen.evidence.empty or not chosen.evidence.runs),
    )


def entropy(shares: Sequence[float]) -> float:
    """Shannon's entropy in nats; shares of 0 add nothing.

    >>> entropy([1.0, 0.0]) == 0, round(entropy([0.5, 0.5]), 4)
    (True, 0.6931)
    """
    return -sum(share * math.log(share) for share in shares if share > 0)


def _undecided(linking: Linking) -> float:
    """The sum of the columns' binary entropies in bits: 1 for each that could go either way."""
    return sum(
        entropy([share, 1 - share]) / math.log(2) for table in linking.columns for share in table
    )
