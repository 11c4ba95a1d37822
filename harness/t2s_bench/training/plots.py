"""Plots of a training as PNG files: loss, reward, and execution accuracy by phase and difficulty.

Drawn from metrics.jsonl alone, so that they can be drawn again from a directory at any time. Needs
matplotlib (the extra `train`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from t2s_bench.errors import MissingExtra
from t2s_bench.training.directory import read_metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Line = Mapping[str, object]
EX = "ex"
# Okabe and Ito's colours, which the colour-blind can tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")


def draw(folder: Path) -> list[str]:
    """Writes what can be drawn and returns the files' names; raises MissingExtra."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("matplotlib", "train", "plots of a training") from error
    lines = placed(read_metrics(folder))
    drawn = []
    plots: tuple[tuple[str, str, Callable[[Axes, Sequence[Line]], bool]], ...] = (
        ("loss.png", "loss", lambda axes, lines: _by_phase(axes, lines, "loss")),
        ("reward.png", "mean reward", lambda axes, lines: _by_phase(axes, lines, "reward")),
        ("ex.png", "execution accuracy, %", _accuracy),
        ("ex_by_difficulty.png", "execution accuracy, %", _by_difficulty),
    )
    for name, label, plot in plots:
        figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
        axes = figure.subplots()
        if not plot(axes, lines):
            continue
        axes.set_xlabel("step, all phases one after another")
        axes.set_ylabel(label)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        figure.savefig(folder / name)
        drawn.append(name)
    return drawn


def placed(lines: Iterable[Line]) -> list[dict[str, object]]:
    """The lines with `place`: the step counted on through the phases."""
    listed = list(lines)
    longest: dict[int, int] = {}
    for line in listed:
        phase, step = _whole(line["phase"]), _whole(line["step"])
        longest[phase] = max(longest.get(phase, 0), step)
    start, starts = 0, {}
    for phase in sorted(longest):
        starts[phase] = start
        start += longest[phase]
    return [
        {**line, "place": starts[_whole(line["phase"])] + _whole(line["step"])} for line in listed
    ]


def smoothed(values: Sequence[float], share: float = 0.1) -> list[float]:
    """Exponential moving average without a bias towards the first value (Adam's correction).

    >>> smoothed([2.0, 2.0, 2.0])
    [2.0, 2.0, 2.0]
    """
    average, weight, out = 0.0, 0.0, []
    for value in values:
        average += share * (value - average)
        weight += share * (1 - weight)
        out.append(round(average / weight, 12))
    return out


def _by_phase(axes: Axes, lines: Sequence[Line], key: str) -> bool:
    drawn = False
    for phase in sorted({_whole(line["phase"]) for line in lines}):
        points = [
            (_number(line["place"]), _number(line[key]))
            for line in lines
            if line["phase"] == phase and line["kind"] == "train" and _is_number(line.get(key))
        ]
        if not points:
            continue
        places, values = zip(*points, strict=True)
        colour = _COLOURS[(phase - 1) % len(_COLOURS)]
        axes.plot(places, values, color=colour, alpha=0.25, linewidth=0.8)
        axes.plot(places, smoothed(values), color=colour, label=f"phase {phase}")
        drawn = True
    return drawn


def _accuracy(axes: Axes, lines: Sequence[Line]) -> bool:
    points = [
        (_number(line["place"]), 100 * _number(line[EX]))
        for line in lines
        if line["kind"] == "eval" and _is_number(line.get(EX))
    ]
    if not points:
        return False
    places, values = zip(*points, strict=True)
    axes.plot(places, values, color=_COLOURS[0], marker="o", label="development slice")
    for line in lines:
        if line["kind"] == "eval":
            axes.axvline(_number(line["place"]), color="#cccccc", linewidth=0.6, zorder=0)
    return True


def _by_difficulty(axes: Axes, lines: Sequence[Line]) -> bool:
    """A line for each difficulty: keys of the form `ex_easy`."""
    tests = [line for line in lines if line["kind"] == "eval"]
    names = list(dict.fromkeys(k for line in tests for k in line if k.startswith(f"{EX}_")))
    for number, name in enumerate(names):
        points = [
            (_number(line["place"]), 100 * _number(line[name]))
            for line in tests
            if _is_number(line.get(name))
        ]
        places, values = zip(*points, strict=True)
        colour = _COLOURS[number % len(_COLOURS)]
        axes.plot(places, values, color=colour, marker="o", label=name[len(EX) + 1 :])
    return bool(names)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(value: object) -> float:
    assert isinstance(value, (int, float))
    return float(value)


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
