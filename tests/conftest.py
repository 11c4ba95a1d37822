"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with third-party benchmarks and reference verdicts, or a skip."""
    folder = Path(os.environ.get("T2S_SHARED", ROOT.parent / "shared"))
    if not (folder / "eval_reference").is_dir():
        pytest.skip(f"no third-party data at {folder} (set T2S_SHARED to its folder)")
    return folder
