"""The gate stops what it must, lets pass what chance explains, and refuses what it cannot judge."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.analysis.runs import run

from t2s_bench.analysis.baseline import (
    Baseline,
    likely_tier,
    make_baseline,
    read_baseline,
    write_baseline,
)
from t2s_bench.analysis.gate import Status, gate, judge_loss
from t2s_bench.analysis.paired import paired_difference
from t2s_bench.analysis.statistics import detectable_difference
from t2s_bench.errors import BadInput, NotComparable
from t2s_bench.types import Prediction

PLACE = Path("baseline.json")
ONLY_EX = {"scoring": {"metrics": ["ex"]}}


def baseline(values: Sequence[float | None], tier: int) -> Baseline:
    return make_baseline(run("s", values, **ONLY_EX), tier)


@pytest.mark.parametrize(("before", "after"), [(1, 0), (0, 1), (None, 1)])
def test_at_tier_1_any_changed_question_is_a_regression(before: float | None, after: float) -> None:
    result = gate(run("s", [1, 0, after], **ONLY_EX), baseline([1, 0, before], 1), PLACE)
    assert result.status is Status.REGRESSION
    (change,) = result.changes
    assert (change.id, change.metric, change.before, change.after) == ("q2", "ex", before, after)


def test_an_unchanged_run_is_fine_at_both_tiers() -> None:
    for tier in (1, 2):
        result = gate(run("s", [1, 0, None], **ONLY_EX), baseline([1, 0, None], tier), PLACE)
        assert result.status is Status.FINE
        assert not result.changes


@pytest.mark.parametrize(
    ("won", "lost", "questions", "expected"),
    [
        (0, 6, 500, Status.REGRESSION),
        (0, 5, 500, Status.WARNING),
        (10, 20, 500, Status.WARNING),
        (20, 10, 500, Status.FINE),
        (0, 9, 1000, Status.WARNING),
        (0, 10, 1000, Status.REGRESSION),
    ],
)
def test_at_tier_2_a_loss_must_be_significant_and_a_point(
    won: int, lost: int, questions: int, expected: Status
) -> None:
    rest = [1.0] * (questions - won - lost)
    after = run("s", [1.0] * won + [0.0] * lost + rest, **ONLY_EX)
    result = gate(after, baseline([0.0] * won + [1.0] * lost + rest, 2), PLACE)
    assert result.status is expected
    assert ("would have seen" in result.reason) is (expected is not Status.REGRESSION)


@pytest.mark.parametrize("discordance", [0.02, 0.1, 0.3])
def test_false_alarms_stay_under_one_in_twenty(discordance: float) -> None:
    """Two thousand runs of 500 questions that are lost and won by chance alone."""
    assert alarms(discordance, 0.0) < 0.05


def test_a_true_loss_of_the_detectable_size_is_caught_four_times_in_five() -> None:
    assert 0.77 <= alarms(0.1, detectable_difference(500, 0.1)) <= 0.86


def alarms(discordance: float, loss: float) -> float:
    """How often the gate fails a run with this true loss."""
    shares = [(discordance - loss) / 2, (discordance + loss) / 2, 1 - discordance]
    drawn = np.random.default_rng(0).multinomial(500, shares, size=2_000)
    return sum(verdict(int(won), int(lost)) is Status.REGRESSION for won, lost, _ in drawn) / 2_000


@cache
def verdict(won: int, lost: int) -> Status:
    rest = [1.0] * (500 - won - lost)
    before, after = [0.0] * won + [1.0] * lost + rest, [1.0] * won + [0.0] * lost + rest
    return judge_loss(paired_difference(before, after))[0]


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"system": {"name": "t"}}, "system.name"),
        ({"benchmark": {"digest": "e"}}, "benchmark.digest"),
        ({"versions": {"sqlite": "3.41"}}, "versions.sqlite"),
        ({"scoring": {"metrics": ["ex_spider"]}}, "scoring.metrics: ex → none"),
        ({"engine": {"server": "PostgreSQL 17"}}, "engine.server"),
    ],
)
def test_what_cannot_be_judged_is_refused_and_named(
    changed: dict[str, Mapping[str, Any]], key: str
) -> None:
    other = run("s", [1, 0], **{**ONLY_EX, **changed})
    with pytest.raises(NotComparable, match=key):
        gate(other, baseline([1, 0], 1), PLACE)


def test_a_new_system_digest_is_what_a_gate_is_for_and_is_shown() -> None:
    result = gate(run("s", [1], system={"digest": "y"}, **ONLY_EX), baseline([1], 1), PLACE)
    assert result.status is Status.FINE
    assert result.identity == ("system.digest: x → y",)


def test_a_baseline_is_small_free_of_sql_and_reads_back(tmp_path: Path) -> None:
    values = [1.0, 0.0, None, 0.123456789] * 250
    written = baseline(values, 2)
    write_baseline(written, tmp_path / "b.json")
    assert read_baseline(tmp_path / "b.json") == written
    text = (tmp_path / "b.json").read_text()
    assert len(text) < 3_000
    assert "SELECT" not in text


def test_damaged_baselines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    with pytest.raises(BadInput, match="--update"):
        read_baseline(path)
    write_baseline(baseline([1, 0], 1), path)
    good = json.loads(path.read_text())
    damaged: list[object] = [
        [],
        {},
        {**good, "tier": 3},
        {**good, "format": 9},
        {**good, "versions": {}},
        {**good, "score ex": {"values": [1.0], "codes": "0"}},
    ]
    for bad in damaged:
        path.write_text(json.dumps(bad))
        with pytest.raises(BadInput, match=r"b\.json"):
            read_baseline(path)


def test_recorded_predictions_and_systems_without_a_model_are_tier_1() -> None:
    asked = run("s", [1])
    asked.predictions["q0"] = Prediction("SELECT 1", completion_tokens=5)  # type: ignore[index]
    assert likely_tier(asked) == 2
    assert likely_tier(run("s", [1])) == 1
    asked.identity["system"]["predictions_file"] = "p.sql"
    assert likely_tier(asked) == 1
