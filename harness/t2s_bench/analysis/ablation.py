"""What switching components off does: every arm against the full system, on the same questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from t2s_bench.analysis.arms import CONTROL, FULL, Arm
from t2s_bench.analysis.paired import PairedDifference, paired_difference, verdict
from t2s_bench.analysis.scored_run import ScoredRun, common_values, require_comparable
from t2s_bench.analysis.shapley import Contribution, shapley_values
from t2s_bench.analysis.statistics import holm
from t2s_bench.metrics.calibration import expected_calibration_error


@dataclass(frozen=True)
class Cost:
    """What an answer costs on average: tokens and wall-clock seconds a question."""

    prompt_tokens: float
    completion_tokens: float
    seconds: float


@dataclass(frozen=True)
class ArmResult:
    """An arm beside the full system: `pair` is the arm minus full, and None for full itself.

    `p` is adjusted for the number of arms (Holm); `ece` is that of its answers' confidences, None
    where none carries one.
    """

    arm: Arm
    score: float
    ece: float | None
    cost: Cost
    pair: PairedDifference | None
    p: float | None
    verdict: str


@dataclass(frozen=True)
class Ablation:
    """An experiment's result; `contributions` is empty unless all subsets were run."""

    metric: str
    questions: int
    arms: tuple[ArmResult, ...]
    contributions: tuple[Contribution, ...]


def ablate(runs: Mapping[Arm, ScoredRun], metric: str, components: Sequence[str] = ()) -> Ablation:
    """Compares the arms with the first, which is the full system.

    With `components`, whose subsets must all be among the arms, also their Shapley values.
    NotComparable where the arms did not answer the same questions under the same rules.
    """
    require_comparable(list(runs.values()), metric)
    arms = list(runs)
    full = runs[arms[0]]
    assert arms[0].name == FULL
    pairs = [paired_difference(*common_values(full, runs[arm], metric)[1:]) for arm in arms[1:]]
    adjusted = holm([pair.p for pair in pairs])
    results = [
        ArmResult(arms[0], _mean(full, metric), _ece(full, metric), cost_of(full), None, None, "")
    ]
    for arm, pair, p in zip(arms[1:], pairs, adjusted, strict=True):
        run = runs[arm]
        score, ece = _mean(run, metric), _ece(run, metric)
        results.append(ArmResult(arm, score, ece, cost_of(run), pair, p, verdict(pair, p)))
    contributions = _contributions(runs, metric, components) if components else ()
    return Ablation(metric, len(full.scores), tuple(results), contributions)


def cost_of(run: ScoredRun) -> Cost:
    """The mean cost of a run's answers."""
    total = max(1, len(run.scores))
    seconds = (float(str(line.get("predict_seconds") or 0)) for line in run.costs.values())
    return Cost(
        sum(prediction.prompt_tokens for prediction in run.predictions.values()) / total,
        sum(prediction.completion_tokens for prediction in run.predictions.values()) / total,
        sum(seconds) / total,
    )


def _contributions(
    runs: Mapping[Arm, ScoredRun], metric: str, components: Sequence[str]
) -> tuple[Contribution, ...]:
    """Over the questions to which the metric applies in every arm."""
    everything = frozenset(components)
    columns = {
        everything - arm.off: run.values(metric) for arm, run in runs.items() if arm.name != CONTROL
    }
    kept = [
        place
        for place, values in enumerate(zip(*columns.values(), strict=True))
        if None not in values
    ]
    scores = {
        subset: [float(values[place] or 0) for place in kept] for subset, values in columns.items()
    }
    return shapley_values(components, scores)


def _ece(run: ScoredRun, metric: str) -> float | None:
    """Confidences that are no probabilities are left out, as in a run's report."""
    pairs = [
        (confidence, value)
        for id, value in zip(run.scores, run.values(metric), strict=True)
        if value is not None
        and id in run.predictions
        and (confidence := run.predictions[id].confidence) is not None
        and 0 <= confidence <= 1
    ]
    return expected_calibration_error(pairs) if pairs else None


def _mean(run: ScoredRun, metric: str) -> float:
    values = [value for value in run.values(metric) if value is not None]
    return sum(values) / max(1, len(values))
