"""Comparing runs: paired differences, slices, and the questions on which they part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from t2s_bench.analysis.paired import PairedDifference, paired_difference, verdict
from t2s_bench.analysis.scored_run import ScoredRun, common_values, require_comparable
from t2s_bench.analysis.slices import DIFFICULTIES, FEATURES, features_of
from t2s_bench.analysis.statistics import holm
from t2s_bench.types import Example, Outcome

_ORDERS: Mapping[str, Sequence[str]] = {
    "difficulty": DIFFICULTIES,
    "database": (),
    "feature": FEATURES,
}


@dataclass(frozen=True)
class Flip:
    """A question on which the second run is better (`won`) or worse than the first."""

    id: str
    won: bool
    outcomes: tuple[Outcome, Outcome]
    sqls: tuple[str, str]


@dataclass(frozen=True)
class Comparison:
    """The second run against the first, by one metric.

    `agreement` is the share of questions with equal values, `oracle` the mean of the better of both
    on every question. `p` is adjusted for the number of runs (Holm); `pair.p` is not. `slices`
    holds differences by kind and name; their intervals are not adjusted for how many they are.
    """

    first: str
    second: str
    metric: str
    pair: PairedDifference
    p: float
    verdict: str
    agreement: float
    oracle: float
    slices: Mapping[str, Mapping[str, PairedDifference]]
    flips: tuple[Flip, ...]


def compare_with_first(
    runs: Sequence[ScoredRun], metric: str, examples: Sequence[Example] = ()
) -> tuple[Comparison, ...]:
    """Every further run against the first; NotComparable where they must not be compared.

    With `examples` (the benchmark's) there are slices; without, none.
    """
    require_comparable(runs, metric)
    first, others = runs[0], runs[1:]
    keys = _slice_keys([example for example in examples if example.id in first.scores])
    pairs = [common_values(first, other, metric) for other in others]
    differences = [paired_difference(ours, theirs) for _, ours, theirs in pairs]
    adjusted = holm([pair.p for pair in differences])
    return tuple(
        _comparison(first, other, metric, values, difference, p, keys)
        for other, values, difference, p in zip(others, pairs, differences, adjusted, strict=True)
    )


def all_pairs(
    runs: Sequence[ScoredRun], metric: str
) -> list[tuple[ScoredRun, ScoredRun, PairedDifference, float]]:
    """Every pair of runs with its difference and its p-value adjusted over all pairs (Holm)."""
    require_comparable(runs, metric)
    pairs = list(combinations(runs, 2))
    found = [paired_difference(*common_values(a, b, metric)[1:]) for a, b in pairs]
    adjusted = holm([pair.p for pair in found])
    return [(a, b, pair, p) for (a, b), pair, p in zip(pairs, found, adjusted, strict=True)]


def _comparison(
    first: ScoredRun,
    second: ScoredRun,
    metric: str,
    values: tuple[list[str], list[float], list[float]],
    pair: PairedDifference,
    p: float,
    keys: Mapping[str, Mapping[str, Sequence[str]]],
) -> Comparison:
    ids, ours, theirs = values
    total = max(1, len(ids))
    return Comparison(
        first.label,
        second.label,
        metric,
        pair,
        p,
        verdict(pair, p),
        agreement=sum(a == b for a, b in zip(ours, theirs, strict=True)) / total,
        oracle=sum(map(max, ours, theirs)) / total,
        slices={kind: _slices(values, groups, _ORDERS[kind]) for kind, groups in keys.items()},
        flips=tuple(
            _flip(id, b > a, first, second)
            for id, a, b in zip(ids, ours, theirs, strict=True)
            if a != b
        ),
    )


def _flip(id: str, won: bool, first: ScoredRun, second: ScoredRun) -> Flip:
    def sql(run: ScoredRun) -> str:
        return run.predictions[id].sql if id in run.predictions else ""

    outcomes = first.scores[id].outcome, second.scores[id].outcome
    return Flip(id, won, outcomes, (sql(first), sql(second)))


def _slice_keys(examples: Sequence[Example]) -> dict[str, dict[str, tuple[str, ...]]]:
    """By kind of slice, the names of the slices that each question is in."""
    if not examples:
        return {}
    return {
        "difficulty": {e.id: (e.difficulty,) if e.difficulty else () for e in examples},
        "database": {e.id: (e.question.database,) for e in examples},
        "feature": features_of(examples),
    }


def _slices(
    values: tuple[list[str], list[float], list[float]],
    groups: Mapping[str, Sequence[str]],
    order: Sequence[str],
) -> dict[str, PairedDifference]:
    members: dict[str, tuple[list[float], list[float]]] = {}
    for id, a, b in zip(*values, strict=True):
        for name in groups[id]:
            ours, theirs = members.setdefault(name, ([], []))
            ours.append(a)
            theirs.append(b)
    ranked = sorted(members, key=lambda n: (order.index(n) if n in order else len(order), n))
    return {name: paired_difference(*members[name]) for name in ranked}
