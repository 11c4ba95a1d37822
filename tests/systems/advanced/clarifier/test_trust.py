"""A source is believed as far as it was right."""

from __future__ import annotations

from pathlib import Path

import pytest
from systems.advanced.clarifier.probes import Source
from systems.advanced.clarifier.trust import DEFAULTS, Observation, Trust


def test_what_contradicts_keeps_votes_by_the_odds() -> None:
    trust = Trust({**DEFAULTS, Source.SCHEMA: 0.8, Source.QUESTION: 0.4})
    assert trust.kept(Source.SCHEMA) == pytest.approx(0.25)
    assert trust.kept(Source.HUMAN) == 0.0
    assert trust.kept(Source.QUESTION) == 1.0


def test_fitting_counts_with_laplace_and_believes_nobody_unseen() -> None:
    seen = [Observation(Source.SCHEMA, True)] * 7
    seen += [Observation(Source.SCHEMA, False), Observation(Source.HUMAN, True)]
    trust = Trust.fit(seen)
    assert trust.shares[Source.SCHEMA] == pytest.approx(0.8)
    assert trust.kept(Source.DATABASE) == 1.0
    assert trust.shares[Source.HUMAN] == 1.0
    assert trust.findings[Source.SCHEMA] == 8


def test_trust_is_kept_with_the_checkpoint(tmp_path: Path) -> None:
    assert Trust.load(tmp_path) == Trust()
    trust = Trust.fit([Observation(Source.SCHEMA, True)] * 3)
    trust.save(tmp_path)
    assert Trust.load(tmp_path) == trust


def test_a_source_that_only_repeats_the_selection_is_not_believed() -> None:
    # Right in 88 of 100 cases, as the selection's odds of 2 said already; then at odds against it.
    echo = [Observation(Source.SCHEMA, n < 88, 2.0) for n in range(100)]
    assert Trust.fit(echo).shares[Source.SCHEMA] == pytest.approx(0.5, abs=0.02)
    news = [Observation(Source.SCHEMA, n < 50, -2.0) for n in range(100)]
    assert Trust.fit(news).shares[Source.SCHEMA] == pytest.approx(0.88, abs=0.02)
