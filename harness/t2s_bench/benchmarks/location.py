"""Where benchmarks lie: the data folder, and the embedded benchmark beside the code."""

from __future__ import annotations

import os
from pathlib import Path

import t2s_bench


def source_checkout() -> Path | None:
    """The root of the source checkout this package runs from, or None for an installed one."""
    package = Path(t2s_bench.__file__).resolve().parent
    root = package.parent.parent
    inside = package.parent.name == "harness" and (root / "pyproject.toml").is_file()
    return root if inside else None


def data_folder(data: str | os.PathLike[str] | None = None) -> Path:
    """The folder that imported benchmarks go to and are read from; it need not exist yet.

    In this order: `data` (the option `--data`), the environment variable `T2S_DATA`, `data/` of a
    source checkout, the user's data folder (`XDG_DATA_HOME`, else `~/.local/share`).
    """
    chosen = data or os.environ.get("T2S_DATA")
    if chosen:
        return Path(chosen).expanduser()
    root = source_checkout()
    if root:
        return root / "data"
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "t2s-bench"


def embedded_folder(name: str) -> Path:
    """The folder of a benchmark that is part of the project: in the checkout or in the wheel."""
    root = source_checkout()
    if root:
        return root / "data" / name
    return Path(t2s_bench.__file__).resolve().parent / "_data" / name
