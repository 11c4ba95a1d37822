"""The tools of the embedded benchmark are scripts beside their data, not part of the library."""

from __future__ import annotations

import sys
from pathlib import Path

MINI = Path(__file__).resolve().parents[2] / "data" / "mini"
sys.path.insert(0, str(MINI))
