"""A calibrated confidence means what it says on questions that it was not fitted on."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
from systems.advanced.clarifier.calibration import Calibration, Method, raw_confidence
from systems.advanced.clarifier.logistic import Logistic
from systems.advanced.clarifier.uncertainty import FEATURES, Signals

from t2s_bench.errors import BadInput
from t2s_bench.metrics.calibration import brier, expected_calibration_error


def drawn(count: int, seed: int) -> tuple[list[Signals], list[bool], list[str]]:
    """Questions of an over-confident model: right by σ of share, logit and entropy."""
    generator = random.Random(seed)
    found, right, groups = [], [], []
    for number in range(count):
        share = min(1.0, max(0.2, generator.gauss(0.8, 0.2)))
        logit = generator.gauss(0, 1.5)
        entropy = generator.random()
        chance = 1 / (1 + math.exp(-(2 * (share - 0.9) + 0.8 * logit - entropy)))
        found.append(Signals(share, share, entropy, -2.0, -0.2, logit, logit, 0.5, 1.0, 0.0))
        right.append(generator.random() < chance)
        groups.append(f"database {number % 20}")
    return found, right, groups


@pytest.mark.parametrize("method", ["logistic", "isotonic"])
def test_the_calibrated_error_is_below_the_raw_one_on_held_out_questions(method: Method) -> None:
    signals, right, groups = drawn(1500, 1)
    fitted = Calibration.fit(signals, right, method, groups)
    others, truth, _ = drawn(1500, 2)
    pairs = [(fitted.confidence(one), float(hit)) for one, hit in zip(others, truth, strict=True)]
    raw = [(raw_confidence(one), float(hit)) for one, hit in zip(others, truth, strict=True)]
    assert expected_calibration_error(pairs) < 0.08 < 0.3 < expected_calibration_error(raw)
    assert brier(pairs) < brier(raw) - 0.1
    assert fitted.report is not None
    assert fitted.report.ece == pytest.approx(expected_calibration_error(pairs), abs=0.04)
    assert fitted.report.raw_ece > fitted.report.ece
    assert fitted.report.aurc < fitted.report.raw_aurc


def test_the_report_is_cross_fitted_on_whole_databases() -> None:
    """Signals that only tell the databases apart fit well, and say nothing about new ones."""
    generator = random.Random(3)
    signals, right, groups = [], [], []
    for number in range(8):
        for _ in range(30):
            mark = generator.random() * 0.01
            values = [mark + (number == n) for n in range(8)] + [1.0, 0.0]
            signals.append(Signals(*values))
            right.append(number % 2 == 0)
            groups.append(f"database {number}")
    by_database = Calibration.fit(signals, right, groups=groups).report
    by_question = Calibration.fit(signals, right).report
    assert by_database is not None and by_question is not None
    assert by_question.brier < 0.05
    assert by_database.brier > 0.2


def test_newton_finds_the_stationary_point_and_ignores_constant_signals() -> None:
    generator = np.random.default_rng(5)
    rows = np.hstack([generator.normal(size=(200, 2)), np.full((200, 1), 7.0)])
    right = (generator.random(200) < 1 / (1 + np.exp(-rows[:, 0]))).tolist()
    fitted = Logistic.fit(rows.tolist(), right)
    assert fitted.weights[2] == 0.0
    design = (rows[:, :2] - fitted.means[:2]) / np.array(fitted.scales[:2])
    positive = sum(right)
    targets = np.where(right, (positive + 1) / (positive + 2), 1 / (202 - positive))
    gradient = design.T @ (targets - np.array(fitted.predict(rows.tolist())))
    assert gradient == pytest.approx(np.array(fitted.weights[:2]), abs=1e-6)


def test_classes_that_can_be_parted_give_finite_weights() -> None:
    fitted = Logistic.fit([[float(n)] for n in range(20)], [n >= 10 for n in range(20)])
    assert math.isfinite(fitted.weights[0])
    assert fitted.predict([[0.0]])[0] < 0.1 < 0.9 < fitted.predict([[19.0]])[0]
    assert 0.5 < Logistic.fit([[1.0], [2.0]], [True, True]).predict([[1.5]])[0] < 1.0


@pytest.mark.parametrize("method", ["logistic", "isotonic"])
def test_a_calibration_is_kept_with_the_checkpoint(tmp_path: Path, method: Method) -> None:
    signals, right, groups = drawn(100, 1)
    fitted = Calibration.fit(signals, right, method, groups)
    assert Calibration.load(tmp_path) is None
    fitted.save(tmp_path)
    assert Calibration.load(tmp_path) == fitted
    first = (tmp_path / "calibration.json").read_bytes()
    Calibration.fit(signals, right, method, groups).save(tmp_path)
    assert (tmp_path / "calibration.json").read_bytes() == first


def test_other_signals_and_damage_are_refused(tmp_path: Path) -> None:
    signals, right, groups = drawn(100, 1)
    Calibration.fit(signals, right, groups=groups).save(tmp_path)
    path = tmp_path / "calibration.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({"confidence": {**whole["confidence"], "weights": [1.0]}}))
    with pytest.raises(BadInput, match="damaged"):
        Calibration.load(tmp_path)
    path.write_text(json.dumps({"confidence": {**whole["confidence"], "features": ["share"]}}))
    with pytest.raises(BadInput, match="other signals"):
        Calibration.load(tmp_path)


def test_one_database_is_not_enough() -> None:
    signals, right, _ = drawn(20, 1)
    with pytest.raises(BadInput, match="2 databases at least, not of 1"):
        Calibration.fit(signals, right, groups=["one"] * 20)
    with pytest.raises(BadInput, match="method=isotonic needs questions of 3"):
        Calibration.fit(signals, right, "isotonic", ["one", "two"] * 10)


def test_the_vector_is_in_the_order_of_the_features() -> None:
    one = Signals(*map(float, range(len(FEATURES))))
    assert one.vector() == tuple(getattr(one, name) for name in FEATURES)
