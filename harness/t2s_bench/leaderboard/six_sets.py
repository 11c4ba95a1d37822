"""The average over six benchmarks by which papers compare, published and measured, in two tables.

BIRD dev, Spider test, Spider 2.0, Spider-DK, EHRSQL and ScienceBenchmark, as `published.toml` names
them. A published average is quoted as its source prints it; a measured one needs all six benchmarks
complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from t2s_bench.leaderboard.folder import Board
from t2s_bench.leaderboard.published import AVERAGE, Published
from t2s_bench.leaderboard.standings import ALL, standings


@dataclass(frozen=True)
class PublishedRow:
    """One published system under one way of decoding: (score, source) by benchmark."""

    system: str
    decoding: str
    cells: Mapping[str, tuple[float, str]]


@dataclass(frozen=True)
class MeasuredRow:
    """One measured system: percentages by benchmark, and their mean where all six are there."""

    system: str
    cells: Mapping[str, float]
    average: float | None


def published_rows(published: Published) -> list[PublishedRow]:
    """Systems with a published average, highest first.

    A row takes each benchmark from the first source that has it for the same decoding.
    """
    wanted = (*published.six_sets, AVERAGE)
    rows: dict[tuple[str, str], dict[str, tuple[float, str]]] = {}
    for figure in published.figures:
        cells = rows.setdefault((figure.system, figure.decoding), {})
        for key in wanted:
            if key in figure.scores:
                cells.setdefault(key, (figure.scores[key], figure.source))
    listed = [PublishedRow(*key, cells) for key, cells in rows.items() if AVERAGE in cells]
    return sorted(listed, key=lambda row: (-row.cells[AVERAGE][0], row.system))


def measured_rows(boards: Sequence[Board], six_sets: Sequence[str]) -> list[MeasuredRow]:
    """Systems recorded on complete ones of the six, those with most of them first."""
    rows: dict[str, dict[str, float]] = {}
    for board in boards:
        if board.facts.name in six_sets and board.facts.complete:
            for standing in standings(board, board.metric)[ALL]:
                if standing.score is not None and standing.ranks is not None:
                    rows.setdefault(standing.name, {})[board.facts.name] = standing.score
    listed = [
        MeasuredRow(
            name, cells, sum(cells.values()) / len(cells) if len(cells) == len(six_sets) else None
        )
        for name, cells in rows.items()
    ]
    return sorted(listed, key=lambda row: (-len(row.cells), -(row.average or 0.0), row.system))
