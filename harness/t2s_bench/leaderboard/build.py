"""Everything that is generated in a leaderboard's folder: writing it, and finding what drifted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from t2s_bench.errors import BadInput
from t2s_bench.leaderboard.folder import Board, read_boards
from t2s_bench.leaderboard.plot import standings_plot
from t2s_bench.leaderboard.published import read_published
from t2s_bench.leaderboard.readme import readme
from t2s_bench.leaderboard.standings import ALL, standings
from t2s_bench.runs import records as files

PLOTS = "plots"


def generated(folder: Path, html: Path | None = None) -> dict[Path, bytes]:
    """README.md and the plots, and on request the page, by their paths: from records alone."""
    boards = read_boards(folder)
    published = read_published(folder)
    plots = _plot_names(boards)
    contents = {folder / "README.md": readme(boards, plots, published).encode()}
    for board, name in zip(boards, plots, strict=True):
        plot = standings_plot(board, standings(board, board.metric)[ALL])
        contents[folder / name] = plot.encode()
    if html is not None:
        from t2s_bench.leaderboard.page import leaderboard_page

        contents[html] = leaderboard_page(boards, published).encode()
    return contents


def write(contents: Mapping[Path, bytes], folder: Path) -> list[Path]:
    """Writes what differs and removes plots of boards that are gone; the paths it touched."""
    touched = []
    for path, content in contents.items():
        if not path.exists() or path.read_bytes() != content:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise BadInput(f"cannot create {path.parent}: {error.strerror}") from error
            files.replace(path, content)
            touched.append(path)
    for path in _stale(contents, folder):
        path.unlink()
        touched.append(path)
    return touched


def drift(contents: Mapping[Path, bytes], folder: Path) -> list[str]:
    """A line for each file that is not what the records give."""
    lines = []
    for path, content in contents.items():
        if not path.exists():
            lines.append(f"{path} is missing")
        elif path.read_bytes() != content:
            lines.append(f"{path} differs from the records")
    return lines + [f"{path} is of a board that is gone" for path in _stale(contents, folder)]


def _stale(contents: Mapping[Path, bytes], folder: Path) -> list[Path]:
    return [path for path in sorted((folder / PLOTS).glob("*.svg")) if path not in contents]


def _plot_names(boards: list[Board]) -> list[str]:
    """A further board of the same benchmark (other rules, other content) gets a number."""
    names: list[str] = []
    for board in boards:
        taken = sum(other.facts.name == board.facts.name for other in boards[: len(names)])
        names.append(f"{PLOTS}/{board.facts.name}{f'-{taken + 1}' if taken else ''}.svg")
    return names
