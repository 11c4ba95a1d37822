"""The regression gate: may this run pass, held against a baseline?

Tier 1 (deterministic systems, recorded predictions): any question whose value changed, by any
metric of the baseline, is a regression; a gain too, since it says that something judges differently
than it did. Tier 2 (models): a loss is a regression if McNemar's exact test shows it (p < 0.05) and
it is a point or more; a smaller loss is a warning. Without any true change, tier 2 fails less than
one run in twenty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from t2s_bench.analysis.baseline import Baseline, Values, rounded
from t2s_bench.analysis.paired import SIGNIFICANT, PairedDifference, paired_difference
from t2s_bench.analysis.scored_run import ScoredRun, rules
from t2s_bench.errors import NotComparable
from t2s_bench.runs.lock import differences
from t2s_bench.types import Outcome

LEAST_LOSS = 0.01


class Status(str, Enum):
    """What a gate says."""

    FINE = "fine"
    WARNING = "warning"
    REGRESSION = "regression"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Change:
    """A question whose value by a metric is not the baseline's; `outcome` is the run's."""

    id: str
    metric: str
    before: float | None
    after: float | None
    outcome: Outcome


@dataclass(frozen=True)
class GateResult:
    """The verdict with its reasons.

    `pairs` holds, by metric, the run minus the baseline; the first decides at tier 2. `identity`
    lists what differs between the two runs besides their scores.
    """

    status: Status
    reason: str
    tier: int
    name: str
    pairs: dict[str, PairedDifference]
    changes: tuple[Change, ...]
    identity: tuple[str, ...]


def gate(run: ScoredRun, baseline: Baseline, place: Path) -> GateResult:
    """Holds a run against the baseline that was read from `place`.

    NotComparable names the keys where the two were not made on the same questions under the same
    rules, or are not of the same system.
    """
    _require_comparable(run, baseline, place)
    changes, pairs = [], {}
    for metric, before in baseline.scores.items():
        after = rounded(run, metric)
        pairs[metric] = _pair(before, after)
        changes += [
            Change(id, metric, old, new, score.outcome)
            for (id, score), old, new in zip(run.scores.items(), before, after, strict=True)
            if old != new
        ]
    first = next(iter(pairs.values()))
    status, reason = judge_exactly(first, changes) if baseline.tier == 1 else judge_loss(first)
    ours = {key: run.identity[key] for key in baseline.identity}
    identity = differences(baseline.identity, ours)
    return GateResult(
        status, reason, baseline.tier, baseline.name, pairs, tuple(changes), tuple(identity)
    )


def judge_exactly(pair: PairedDifference, changes: Sequence[Change]) -> tuple[Status, str]:
    """Tier 1: nothing may change."""
    if not changes:
        return Status.FINE, f"all {pair.questions:,} questions score as in the baseline"
    questions = len({change.id for change in changes})
    return Status.REGRESSION, (
        f"{questions:,} of {pair.questions:,} questions score otherwise than in the baseline, and "
        "at tier 1 none may; if this is meant, accept it with --update"
    )


def judge_loss(pair: PairedDifference) -> tuple[Status, str]:
    """Tier 2: no significant loss of a point or more."""
    seen = f"the gate would have seen a loss of {100 * pair.detectable:.1f} points 4 times in 5"
    counts = f"{pair.won:,} questions won, {pair.lost:,} lost, p = {pair.p:.2g}"
    # A loss of exactly one point must not pass by the rounding of a division.
    if pair.p < SIGNIFICANT and pair.difference <= -LEAST_LOSS + 1e-9:
        return (
            Status.REGRESSION,
            f"a significant loss of {-100 * pair.difference:.2f} points ({counts})",
        )
    if pair.difference < 0:
        lost = f"a loss of {-100 * pair.difference:.2f} points that chance explains ({counts})"
        if pair.p < SIGNIFICANT:
            lost = f"a significant loss of less than a point ({counts})"
        return Status.WARNING, f"{lost}; {seen}"
    return Status.FINE, f"no loss ({counts}); {seen}"


def _pair(before: Values, after: Values) -> PairedDifference:
    both = [(a, b) for a, b in zip(before, after, strict=True) if a is not None and b is not None]
    return paired_difference([a for a, _ in both], [b for _, b in both])


def _require_comparable(run: ScoredRun, baseline: Baseline, place: Path) -> None:
    ours = {"system": {"name": run.identity["system"]["name"]}, **rules(run.identity)}
    theirs = {"system": {"name": baseline.name}, **rules(baseline.identity)}
    found = list(differences(theirs, ours))
    missing = [metric for metric in baseline.scores if metric not in run.metrics]
    found += [f"scoring.metrics: {metric} → none" for metric in missing]
    if found:
        raise NotComparable(
            f"the run and {place} are not comparable ({'; '.join(found)}): run on the same "
            "questions under the same rules, or write a new baseline with --update"
        )
