"""How boards, metrics and ranks are called wherever they are shown."""

from __future__ import annotations

from t2s_bench.leaderboard.folder import Board
from t2s_bench.metrics.catalog import METRICS


def board_title(board: Board) -> str:
    """The benchmark's name and version."""
    return f"{board.facts.name} {board.facts.version}".strip()


def metric_title(name: str) -> str:
    """A metric in words, with its name.

    >>> metric_title("ex")
    'execution accuracy (BIRD) · ex'
    """
    return f"{METRICS[name].title} · {name}" if name in METRICS else name


def rank_text(ranks: tuple[int, int] | None) -> str:
    """An interval of ranks; what has none is a ceiling.

    >>> rank_text((2, 4)), rank_text((1, 1)), rank_text(None)
    ('2–4', '1', 'ceiling')
    """
    if ranks is None:
        return "ceiling"
    low, high = ranks
    return str(low) if low == high else f"{low}–{high}"


def rules_text(board: Board) -> str:
    """What the figures depend on, in one line."""
    scoring = board.rules["scoring"]
    engine = board.rules["engine"].get("server") or f"SQLite {board.rules['versions']['sqlite']}"
    return (
        f"benchmark {board.facts.digest[:12]} · profile {scoring['profile']} · "
        f"budget {scoring['budget']['steps']:,} steps · {engine}"
    )
