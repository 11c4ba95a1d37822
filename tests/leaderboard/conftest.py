"""What the leaderboard's tests share."""

from __future__ import annotations

import pytest
from tests.leaderboard.boards import make_board, make_facts, make_record

from t2s_bench.leaderboard.folder import Board


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium")


@pytest.fixture
def town() -> Board:
    """A ceiling, two equal systems, a weaker one made elsewhere, and one that answers nothing."""
    facts = make_facts()
    return make_board(
        facts,
        [
            make_record(facts, "all-knowing", [1] * 8, ceiling=True, confidences=[1.0] * 8),
            make_record(facts, "fast", [1, 1, 1, 1, 1, 1, 0, 0], tokens=800),
            make_record(facts, "faster", [1, 1, 1, 1, 1, 1, 0, 0], tokens=80, off=["gat"]),
            make_record(facts, "published", [1, 1, 0, 0, 0, 0, 0, 0], elsewhere=True),
            make_record(facts, "silent", [0] * 8, note="says nothing"),
        ],
    )
