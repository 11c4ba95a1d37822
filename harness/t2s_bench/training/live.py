"""A training as it goes, in the terminal: the newest figures and the course of loss and reward."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from t2s_bench.training.directory import Listener

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 60
_LINES = 5
_COURSES = ("loss", "reward", "ex")


class View:
    """Collects what is recorded; `shown` is what the terminal shows of it."""

    def __init__(self) -> None:
        self._values: dict[str, deque[float]] = {}
        self._newest: dict[str, Mapping[str, object]] = {}
        self._said: deque[str] = deque(maxlen=_LINES)
        self._begun = monotonic()

    def record(self, line: Mapping[str, object]) -> None:
        """Takes a line of metrics.jsonl."""
        self._newest[str(line["kind"])] = line
        for name in _COURSES:
            value = line.get(name)
            if isinstance(value, (int, float)):
                self._values.setdefault(name, deque(maxlen=600)).append(float(value))

    def say(self, text: str) -> None:
        """Takes a line of the log."""
        self._said.append(text)

    def shown(self) -> Group:
        """The courses, the newest figures, the last lines of the log."""
        table = Table.grid(padding=(0, 2))
        for name, values in self._values.items():
            table.add_row(name, sparkline(list(values), _WIDTH), f"{values[-1]:.4g}")
        newest = self._newest.get("train", {})
        figures = "  ".join(
            f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in newest.items()
            if name not in ("kind", *_COURSES)
        )
        seconds = int(monotonic() - self._begun)
        figures += f"  elapsed {seconds // 60}:{seconds % 60:02}"
        return Group(table, Text(figures, style="dim"), *map(Text, self._said))


def sparkline(values: Sequence[float], width: int) -> str:
    """The course of values in at most `width` characters, each the mean of its share.

    >>> sparkline([0, 1, 2, 3], 4)
    '▁▃▆█'
    """
    if not values:
        return ""
    count = min(width, len(values))
    cells = []
    for place in range(count):
        part = values[place * len(values) // count : (place + 1) * len(values) // count]
        cells.append(sum(part) / len(part))
    low, high = min(cells), max(cells)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[int((cell - low) * scale + 0.5)] for cell in cells)


@contextmanager
def live(console: Console) -> Iterator[Listener]:
    """A listener that keeps the view up to date; where it is no terminal, lines of the log."""
    if not console.is_terminal:
        yield Listener(say=lambda text: console.print(text, highlight=False, markup=False))
        return
    view = View()
    with Live(get_renderable=view.shown, console=console, refresh_per_second=4):
        yield Listener(view.record, view.say)
