"""Where things that can be made again lie: gold results, value indexes, parsed features.

The environment variable `T2S_CACHE` names the folder; else it is the platform's cache folder.
(`T2S_DATA` names the folder of benchmarks: see `benchmarks.location`.)
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """The folder for what can be made again; it need not exist yet."""
    if "T2S_CACHE" in os.environ:
        return Path(os.environ["T2S_CACHE"]).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "t2s-bench"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "t2s-bench"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "t2s-bench"
