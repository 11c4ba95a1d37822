"""Fixtures of the agents' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from systems.advanced.evidence import Prober


@pytest.fixture(scope="module")
def prober() -> Iterator[Prober]:
    with Prober() as running:
        yield running
