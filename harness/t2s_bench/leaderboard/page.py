"""The interactive leaderboard: one HTML file with every number already worked out.

Scores, intervals, ranks, p-values and calibration are computed here, once for every slice, so that
the page only sorts and shows. It holds outcomes by question id, no SQL and no question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations

from t2s_bench.analysis.paired import paired_difference
from t2s_bench.analysis.slices import FEATURES
from t2s_bench.analysis.statistics import holm
from t2s_bench.leaderboard.folder import Board
from t2s_bench.leaderboard.names import board_title, metric_title, rules_text
from t2s_bench.leaderboard.published import AVERAGE, Published
from t2s_bench.leaderboard.six_sets import measured_rows
from t2s_bench.leaderboard.standings import ALL, Standing, slices_of, standings
from t2s_bench.metrics.calibration import brier, expected_calibration_error, reliability
from t2s_bench.reports.page import asset, page
from t2s_bench.runs.packed import pack
from t2s_bench.runs.record import Record
from t2s_bench.types import Outcome

_SCRIPTS = (
    "dom.js",
    "leaderboard/choices.js",
    "leaderboard/standings.js",
    "leaderboard/details.js",
    "leaderboard/cost.js",
    "leaderboard/heatmap.js",
    "leaderboard/calibration.js",
    "leaderboard/questions.js",
    "leaderboard/published.js",
    "leaderboard/main.js",
)
# One digit an outcome, in the order of the type.
_CODES = {outcome: str(number) for number, outcome in enumerate(Outcome)}


def leaderboard_page(boards: Sequence[Board], published: Published) -> str:
    """The page's text: the same boards give the same bytes."""
    return page(
        "t2s-bench leaderboard",
        asset("leaderboard/body.html"),
        styles=("base.css", "leaderboard/page.css"),
        scripts=_SCRIPTS,
        data={
            "boards": [_board(board) for board in boards],
            "published": _published(boards, published),
        },
    )


def _board(board: Board) -> dict[str, object]:
    facts = board.facts
    slices = slices_of(facts)
    difficulties = set(facts.difficulties)
    return {
        "name": facts.name,
        "title": board_title(board),
        "summary": facts.summary,
        "complete": facts.complete,
        "rules": rules_text(board),
        "licence": facts.licence,
        "citation": facts.citation,
        "metrics": [{"name": name, "title": metric_title(name)} for name in board.metrics],
        "slices": [
            {
                "name": name,
                "kind": ALL if name == ALL else "difficulty" if name in difficulties else "feature",
                "questions": sum(mask),
            }
            for name, mask in slices.items()
        ],
        "outcomes": [str(outcome) for outcome in Outcome],
        "systems": [_system(record, board) for record in board.records],
        "standings": {
            metric: {
                name: {standing.name: _standing(standing) for standing in listed}
                for name, listed in standings(board, metric, slices).items()
            }
            for metric in board.metrics
        },
        "pairs": {metric: _pairs(board, metric) for metric in board.metrics},
        "questions": {
            "ids": facts.ids,
            "databases": pack(facts.databases),
            "difficulties": pack(facts.difficulties),
            "features": [
                [FEATURES.index(feature) for feature in found if feature in FEATURES]
                for found in facts.features
            ],
            "feature_names": FEATURES,
        },
    }


def _system(record: Record, board: Board) -> dict[str, object]:
    system, questions = record.identity["system"], len(record.outcomes)
    cost = record.cost
    spent = not record.predicted_elsewhere
    return {
        "name": record.name,
        "system": system["name"],
        "ceiling": record.ceiling,
        "elsewhere": record.predicted_elsewhere,
        "off": system.get("off", []),
        "options": system.get("options", {}),
        "seed": system.get("seed"),
        "digest": system["digest"],
        "run": record.digest,
        "versions": record.identity["versions"],
        "hardware": record.hardware,
        "date": record.date,
        "note": record.note,
        "ceilings": record.ceilings,
        "cost": {
            "tokens": _each(cost["prompt_tokens"] + cost["completion_tokens"], questions)
            if spent
            else None,
            "prompt_tokens": cost["prompt_tokens"] if spent else None,
            "completion_tokens": cost["completion_tokens"] if spent else None,
            "seconds": _each(cost["predict_seconds"], questions) if spent else None,
            "steps": _each(cost["steps"], questions),
        },
        "outcomes": "".join(_CODES[outcome] for outcome in record.outcomes),
        "calibration": _calibration(record, board),
    }


def _calibration(record: Record, board: Board) -> dict[str, object] | None:
    """The figures that a report has, with no confidence that is no probability."""
    if record.ceiling or not record.confidences or board.metric not in record.scores:
        return None
    answers = zip(record.confidences, record.scores[board.metric], strict=True)
    pairs = [(c, s) for c, s in answers if c is not None and s is not None and 0 <= c <= 1]
    if not pairs:
        return None
    return {
        "bins": [
            {"questions": found.questions, "confidence": found.confidence, "score": found.accuracy}
            for found in reliability(pairs)
        ],
        "error": expected_calibration_error(pairs),
        "brier": brier(pairs),
    }


def _standing(standing: Standing) -> list[object]:
    """Questions, score, interval, ranks: as the page's scripts index it."""
    score = None if standing.score is None else round(standing.score, 6)
    return [
        standing.questions,
        score,
        round(standing.low, 3),
        round(standing.high, 3),
        *(standing.ranks or (None, None)),
    ]


def _pairs(board: Board, metric: str) -> list[list[object]]:
    """Every pair of systems: names, won, lost, difference with interval in points, p (Holm)."""
    records = [record for record in board.records if metric in record.scores and not record.ceiling]
    names, found = [], []
    for first, second in combinations(records, 2):
        values = [
            (a, b)
            for a, b in zip(first.scores[metric], second.scores[metric], strict=True)
            if a is not None and b is not None
        ]
        names.append((first.name, second.name))
        found.append(paired_difference([a for a, _ in values], [b for _, b in values]))
    adjusted = holm([pair.p for pair in found])
    return [
        [
            *both,
            pair.won,
            pair.lost,
            *(round(100 * value, 3) for value in (pair.difference, pair.low, pair.high)),
            float(f"{p:.3g}"),
        ]
        for both, pair, p in zip(names, found, adjusted, strict=True)
    ]


def _published(boards: Sequence[Board], published: Published) -> dict[str, object]:
    return {
        "average": AVERAGE,
        "six_sets": published.six_sets,
        "sources": {key: asdict(source) for key, source in published.sources.items()},
        "benchmarks": {key: asdict(found) for key, found in published.benchmarks.items()},
        "figures": [asdict(figure) for figure in published.figures],
        "measured": [asdict(row) for row in measured_rows(boards, published.six_sets)],
    }


def _each(total: float, questions: int) -> float:
    return float(f"{total / questions:.4g}")
