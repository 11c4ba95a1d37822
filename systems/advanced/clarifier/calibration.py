"""From signals to the probability of being right, fitted on validation questions.

Two ways: `logistic` weighs all signals (multivariate Platt scaling), `isotonic` maps the logistic
score by a rising function besides. What is reported is always cross-fitted: each question's
confidence comes from a fit on other questions, of other databases where these are told; the fit
that is kept uses all.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from t2s_bench.errors import BadInput
from t2s_bench.metrics.calibration import (
    area_under_risk_coverage,
    brier,
    expected_calibration_error,
)

from ..calibration_file import NAME, number, read_section, write_section
from .isotonic import Isotonic
from .logistic import Logistic
from .uncertainty import FEATURES, Signals

SECTION = "confidence"
FOLDS = 5
# Nobody can be surer than a few hundred validation questions allow.
LOWEST, HIGHEST = 0.005, 0.995

Method = Literal["logistic", "isotonic"]


@dataclass(frozen=True)
class Report:
    """How good the confidence is on questions that it was not fitted on, against the raw one.

    Raw is the votes' share of the chosen result. ECE, Brier score and AURC as the harness has them.
    """

    questions: int
    accuracy: float
    ece: float
    brier: float
    aurc: float
    raw_ece: float
    raw_brier: float
    raw_aurc: float


@dataclass(frozen=True)
class Calibration:
    """A fitted confidence, with the report on its cross-fitted twin."""

    logistic: Logistic
    isotonic: Isotonic | None = None
    report: Report | None = None

    @classmethod
    def fit(
        cls,
        signals: Sequence[Signals],
        right: Sequence[bool],
        method: Method = "logistic",
        groups: Sequence[str] | None = None,
    ) -> Calibration:
        """From questions of two groups at least, of three for `isotonic`.

        Groups are databases; without them each question is its own. The isotonic curve is fitted
        on scores that are cross-fitted, too.
        """
        rows = [one.vector() for one in signals]
        keys = list(groups) if groups is not None else [str(n) for n in range(len(rows))]
        least = 2 if method == "logistic" else 3
        if len(set(keys)) < least:
            raise BadInput(
                f"a calibration by method={method} needs questions of {least} databases at least, "
                f"not of {len(set(keys))}: give it more validation questions"
            )
        held_out = _cross_fitted(rows, right, keys, lambda x, y, g: _fit(x, y, method, g))
        found = _fit(rows, right, method, keys)
        return cls(found.logistic, found.isotonic, _report(signals, right, held_out))

    def confidence(self, signals: Signals) -> float:
        """The probability that the answer is right."""
        return self._predict([signals.vector()])[0]

    def _predict(self, rows: Sequence[Sequence[float]]) -> list[float]:
        shares = self.logistic.predict(rows)
        if self.isotonic is not None:
            shares = self.isotonic.predict(shares)
        return [min(max(share, LOWEST), HIGHEST) for share in shares]

    def save(self, folder: Path, section: str = SECTION) -> None:
        """Writes the fit and its report into the checkpoint's calibration file."""
        content: dict[str, object] = {
            "features": list(FEATURES),
            "means": list(self.logistic.means),
            "scales": list(self.logistic.scales),
            "weights": list(self.logistic.weights),
            "bias": self.logistic.bias,
        }
        if self.isotonic is not None:
            content["isotonic"] = [list(self.isotonic.scores), list(self.isotonic.shares)]
        if self.report is not None:
            content["cross_fitted"] = dict(self.report.__dict__)
        write_section(folder, section, content)

    @classmethod
    def load(cls, folder: Path, section: str = SECTION) -> Calibration | None:
        """The checkpoint's calibration, or None; raises BadInput for one of other signals."""
        found = read_section(folder, section)
        if found is None:
            return None
        if found.get("features") != list(FEATURES):
            raise BadInput(
                f"{folder / NAME}: fitted on other signals than {', '.join(FEATURES)}: "
                "calibrate the checkpoint again"
            )
        means, scales, weights = (
            _numbers(found.get(key), folder, len(FEATURES))
            for key in ("means", "scales", "weights")
        )
        knots = found.get("isotonic")
        isotonic = None
        if isinstance(knots, list) and len(knots) == 2:
            isotonic = Isotonic(_numbers(knots[0], folder), _numbers(knots[1], folder))
        said = found.get("cross_fitted")
        report = Report(**said) if isinstance(said, dict) else None
        return cls(
            Logistic(means, scales, weights, number(found, "bias", folder)), isotonic, report
        )


def raw_confidence(signals: Signals) -> float:
    """The confidence of a checkpoint without a calibration: the votes' share of the result."""
    return min(max(signals.share, 0.0), 1.0)


def _fit(
    rows: Sequence[Sequence[float]], right: Sequence[bool], method: Method, groups: Sequence[str]
) -> Calibration:
    logistic = Logistic.fit(rows, right)
    if method == "logistic":
        return Calibration(logistic)
    # A curve over scores of the same fit would inherit its over-fitting.
    scores = _cross_fitted(rows, right, groups, lambda x, y, g: Calibration(Logistic.fit(x, y)))
    return Calibration(logistic, Isotonic.fit(scores, [float(one) for one in right]))


def _cross_fitted(
    rows: Sequence[Sequence[float]],
    right: Sequence[bool],
    groups: Sequence[str],
    fit: Callable[[list[Sequence[float]], list[bool], list[str]], Calibration],
) -> list[float]:
    """Each row's probability by a fit without its fold; groups are dealt out whole, by size."""
    sizes = Counter(groups)
    folds = [0] * min(FOLDS, len(sizes))
    fold_of = {}
    for group in sorted(sizes, key=lambda name: (-sizes[name], name)):
        fold_of[group] = folds.index(min(folds))
        folds[fold_of[group]] += sizes[group]
    found = [math.nan] * len(rows)
    for fold in range(len(folds)):
        inside = [n for n, group in enumerate(groups) if fold_of[group] != fold]
        outside = [n for n, group in enumerate(groups) if fold_of[group] == fold]
        fitted = fit(
            [rows[n] for n in inside], [right[n] for n in inside], [groups[n] for n in inside]
        )
        for n, share in zip(outside, fitted._predict([rows[n] for n in outside]), strict=True):
            found[n] = share
    return found


def _report(signals: Sequence[Signals], right: Sequence[bool], held_out: Sequence[float]) -> Report:
    said = [float(one) for one in right]
    pairs = list(zip(held_out, said, strict=True))
    raw = [(raw_confidence(one), hit) for one, hit in zip(signals, said, strict=True)]
    return Report(
        len(pairs),
        sum(said) / len(said),
        expected_calibration_error(pairs),
        brier(pairs),
        area_under_risk_coverage(pairs),
        expected_calibration_error(raw),
        brier(raw),
        area_under_risk_coverage(raw),
    )


def _numbers(value: object, folder: Path, count: int | None = None) -> tuple[float, ...]:
    if isinstance(value, list) and (count is None or len(value) == count):
        numbers = [float(one) for one in value if isinstance(one, (int, float))]
        if len(numbers) == len(value):
            return tuple(numbers)
    raise BadInput(f"{folder / NAME}: a list of numbers is damaged: calibrate the checkpoint again")
