"""Who stands where on one board: scores with their intervals, and intervals of ranks.

A bare rank claims an order that the questions may not support. So every system gets the ranks that
it takes in 95 % of 10,000 resamples of the questions (see `leaderboard.ranks`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from t2s_bench.analysis.slices import DIFFICULTIES, FEATURES
from t2s_bench.analysis.statistics import wilson_interval
from t2s_bench.leaderboard.facts import BenchmarkFacts
from t2s_bench.leaderboard.folder import Board
from t2s_bench.leaderboard.ranks import rank_intervals
from t2s_bench.runs.record import Record

ALL = "all"
# A slice of fewer questions says too little to be shown.
SLICE_LEAST = 5


@dataclass(frozen=True)
class Standing:
    """One system by one metric on one slice; scores are percentages.

    `questions` are those that the metric applies to. `ranks` is the 95 % interval of the rank, None
    for a ceiling.
    """

    name: str
    questions: int
    score: float | None
    low: float
    high: float
    ranks: tuple[int, int] | None


def slices_of(facts: BenchmarkFacts) -> dict[str, list[bool]]:
    """The questions of every slice by its name: all, each difficulty, each feature of the gold."""
    slices = {ALL: [True] * len(facts.ids)}
    for difficulty in sorted(set(facts.difficulties) - {""}, key=_difficulty_rank):
        slices[difficulty] = [found == difficulty for found in facts.difficulties]
    for feature in FEATURES:
        slices[feature] = [feature in found for found in facts.features]
    return {name: mask for name, mask in slices.items() if sum(mask) >= SLICE_LEAST}


def standings(
    board: Board, metric: str, slices: Mapping[str, Sequence[bool]] | None = None
) -> dict[str, list[Standing]]:
    """For every slice (default: all questions) the standings by one metric, best first.

    Systems without the metric are left out. Ranks are over the questions that the metric applies to
    in all systems.
    """
    chosen = slices or {ALL: [True] * len(board.facts.ids)}
    records = [record for record in board.records if metric in record.scores]
    ranked = [record for record in records if not record.ceiling]
    ranks = _ranks([record.scores[metric] for record in ranked], list(chosen.values()))
    found: dict[str, list[Standing]] = {}
    for number, (name, mask) in enumerate(chosen.items()):
        of_ranked = dict(zip((record.name for record in ranked), ranks[number], strict=True))
        listed = [
            _standing(record, record.scores[metric], mask, of_ranked.get(record.name))
            for record in records
        ]
        found[name] = sorted(listed, key=lambda s: (-1.0 if s.score is None else -s.score, s.name))
    return found


def _standing(
    record: Record,
    column: Sequence[float | None],
    mask: Sequence[bool],
    ranks: tuple[int, int] | None,
) -> Standing:
    values = [v for v, inside in zip(column, mask, strict=True) if inside and v is not None]
    if not values:
        return Standing(record.name, 0, None, 0.0, 100.0, ranks)
    mean = sum(values) / len(values)
    low, high = wilson_interval(min(mean, 1.0) * len(values), len(values))
    return Standing(record.name, len(values), 100 * mean, 100 * low, 100 * high, ranks)


def _ranks(
    columns: Sequence[Sequence[float | None]], masks: Sequence[Sequence[bool]]
) -> list[list[tuple[int, int]]]:
    if not columns:
        return [[] for _ in masks]
    common = [place for place, row in enumerate(zip(*columns, strict=True)) if None not in row]
    if not common:
        return [[(1, len(columns))] * len(columns) for _ in masks]
    return rank_intervals(
        [[column[place] or 0.0 for place in common] for column in columns],
        [[mask[place] for place in common] for mask in masks],
    )


def _difficulty_rank(name: str) -> tuple[int, str]:
    return (DIFFICULTIES.index(name) if name in DIFFICULTIES else len(DIFFICULTIES), name)
