"""The README's picture of one board: every system's score with its interval, as SVG.

Written by hand, element by element: the same records give the same bytes on every machine, which a
plotting library does not promise. Colours follow the reader's light or dark setting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from t2s_bench.leaderboard.folder import Board
from t2s_bench.leaderboard.names import board_title, metric_title, rank_text
from t2s_bench.leaderboard.standings import Standing

_WIDTH, _LEFT, _RIGHT = 820, 210, 150
_TOP, _ROW, _BOTTOM = 64, 26, 46
_LONGEST_NAME = 26

_STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1f2430 }
.title { font-size: 15px; font-weight: 600 }
.small { font-size: 12px; fill: #5b6472 }
.value { font-variant-numeric: tabular-nums; font-weight: 600 }
.grid { stroke: #e3e6eb }
.band { fill: #f4f6f8 }
.bar { stroke: #2563a8; stroke-width: 6; stroke-opacity: .3 }
.dot { fill: #2563a8 }
.ceiling .bar { stroke: #8a8f99 } .ceiling .dot { fill: #8a8f99 }
.paper { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e7ee } .small { fill: #9aa4b2 } .grid { stroke: #2b313b }
  .band { fill: #1b2028 } .paper { fill: #12161c }
  .bar { stroke: #6cb0f5 } .dot { fill: #6cb0f5 }
}
""".strip()


def standings_plot(board: Board, standings: Sequence[Standing]) -> str:
    """The SVG's text; `standings` are those of one slice, in the order to be shown."""
    shown = [standing for standing in standings if standing.score is not None]
    ceilings = {record.name for record in board.records if record.ceiling}
    lowest = min((standing.low for standing in shown), default=0.0)
    start = max(0, 10 * int((lowest - 2) // 10))
    height = _TOP + _ROW * len(shown) + _BOTTOM
    inside = _WIDTH - _LEFT - _RIGHT

    def x(score: float) -> float:
        return round(_LEFT + inside * (min(score, 100.0) - start) / (100 - start), 1)

    bottom = _TOP + _ROW * len(shown)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" aria-labelledby="t">',
        f'<title id="t">{escape(_summary(board, shown))}</title>',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{_WIDTH}" height="{height}" rx="8"/>',
        f'<text class="title" x="20" y="30">{escape(board_title(board))}</text>',
        f'<text class="small" x="20" y="49">{escape(metric_title(board.metric))}, '
        f"%, with 95 % interval</text>",
        f'<text class="small" x="{_WIDTH - 20}" y="49" text-anchor="end">score · rank</text>',
    ]
    for row in range(0, len(shown), 2):
        parts.append(
            f'<rect class="band" x="12" y="{_TOP + _ROW * row}" width="{_WIDTH - 24}" '
            f'height="{_ROW}" rx="4"/>'
        )
    for tick in range(start, 101, 10):
        parts.append(f'<path class="grid" d="M{x(tick)} {_TOP}V{bottom + 6}"/>')
        parts.append(
            f'<text class="small" x="{x(tick)}" y="{bottom + 22}" text-anchor="middle">'
            f"{tick}</text>"
        )
    for row, standing in enumerate(shown):
        parts += _row(standing, _TOP + _ROW * row + _ROW // 2, x, standing.name in ceilings)
    return "\n".join([*parts, "</svg>", ""])


def _row(standing: Standing, y: int, x: Callable[[float], float], ceiling: bool) -> list[str]:
    name = standing.name
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 1]}…"
    assert standing.score is not None
    return [
        f'<g class="{"ceiling" if ceiling else "system"}">',
        f'<text x="{_LEFT - 16}" y="{y + 4.5}" text-anchor="end">{escape(name)}</text>',
        f'<path class="bar" d="M{x(standing.low)} {y}H{x(standing.high)}"/>',
        f'<circle class="dot" cx="{x(standing.score)}" cy="{y}" r="5"/>',
        f'<text class="value" x="{_WIDTH - 88}" y="{y + 4.5}" text-anchor="end">'
        f"{standing.score:.2f}</text>",
        f'<text class="small" x="{_WIDTH - 20}" y="{y + 4.5}" text-anchor="end">'
        f"{rank_text(standing.ranks)}</text>",
        "</g>",
    ]


def _summary(board: Board, shown: Sequence[Standing]) -> str:
    scores = ", ".join(
        f"{s.name} {s.score:.1f} ({s.low:.1f} to {s.high:.1f})"
        for s in shown
        if s.score is not None
    )
    return f"{board_title(board)}, {board.metric}: {scores}"
