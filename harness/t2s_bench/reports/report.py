"""A run's report as data: what the terminal, Markdown and `--json` show.

Every rate carries its count, its Wilson interval and the ceiling that the gold itself reaches.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from statistics import NormalDist, fmean, stdev

import t2s_bench
from t2s_bench.analysis.slices import DIFFICULTIES, FEATURES, features_of
from t2s_bench.analysis.statistics import wilson_interval
from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.metrics.calibration import calibration
from t2s_bench.metrics.candidates import CandidateScores
from t2s_bench.metrics.catalog import METRICS
from t2s_bench.reports.exact_match import difficulties, exact_match_section
from t2s_bench.runs import records
from t2s_bench.runs.lock import Lock
from t2s_bench.scoring import Scorer
from t2s_bench.settings import cache_folder
from t2s_bench.types import Example, Outcome, Prediction, Score

Report = Mapping[str, object]


def make_report(
    lock: Lock,
    benchmark: Benchmark,
    examples: Sequence[Example],
    predictions: Mapping[str, Prediction],
    scores: Mapping[str, Score],
    costs: Mapping[str, Mapping[str, object]],
    ceilings: Mapping[str, float | None],
    candidates: Sequence[CandidateScores] = (),
) -> Report:
    """Puts the report of a complete run together.

    Has a section `candidates` where these are given, `calibration` where predictions carry
    confidences (a question is right by the first metric's outcome), and `exact_match` where `em` or
    `em_values` is among the metrics. Spider's questions are sliced by hardness.
    """
    scoring = lock.identity["scoring"]
    assert isinstance(scoring, Mapping)
    names = list(scoring["metrics"])
    listed = [scores[example.id] for example in examples]
    levels = difficulties(benchmark, examples)
    exact = exact_match_section(benchmark, examples, predictions, scoring)
    return {
        "run": lock.digest,
        "system": lock.identity["system"],
        "benchmark": {
            "name": benchmark.name,
            "version": benchmark.version,
            "digest": benchmark.digest,
            "questions": len(examples),
            "summary": _summary(benchmark, examples),
        },
        "scoring": scoring,
        "metrics": {
            name: {"title": METRICS[name].title, **_rate(listed, name), "ceiling": ceilings[name]}
            for name in names
        },
        "outcomes": dict(Counter(str(score.outcome) for score in listed).most_common()),
        "slices": {
            "difficulty": _slices(examples, scores, names, lambda e: (levels[e.id],), DIFFICULTIES),
            "database": _slices(examples, scores, names, lambda e: (e.question.database,)),
            "feature": _slices(examples, scores, names, _feature_key(examples), FEATURES),
        },
        "cost": _cost(predictions.values(), costs.values()),
        **({"candidates": _candidates(candidates)} if candidates else {}),
        **({"exact_match": exact} if exact else {}),
        **_calibration(listed, predictions),
    }


def gold_ceiling(
    benchmark: Benchmark, examples: Sequence[Example], scorer: Scorer
) -> dict[str, float | None]:
    """The percentage that the first gold of every question reaches when it is the prediction.

    Kept on disk by everything it depends on, because it is the same for every system.
    """
    identity = [
        benchmark.digest,
        [example.id for example in examples],
        scorer.metrics,
        scorer.profile,
        asdict(scorer.budget),
        dict(benchmark.engine),
        # A metric that is mended gives another ceiling: its version is that of the package.
        t2s_bench.__version__,
    ]
    name = sha256(json.dumps(identity).encode()).hexdigest()[:32]
    path = cache_folder() / "ceilings" / f"{name}.json"
    try:
        kept = json.loads(path.read_text())
        return {metric: kept[metric] for metric in scorer.metrics}
    except (OSError, ValueError, KeyError):
        pass
    databases = benchmark.databases
    items = ((e, databases[e.question.database], e.golds[0]) for e in examples)
    scores = [judgement.score for _, judgement in scorer.judge_all(items)]
    ceilings = {metric: _mean(scores, metric)[0] for metric in scorer.metrics}
    path.parent.mkdir(parents=True, exist_ok=True)
    records.replace(path, json.dumps(ceilings).encode())
    return ceilings


def _summary(benchmark: Benchmark, examples: Sequence[Example]) -> str:
    if len(examples) < len(benchmark.examples):
        return f"scored {len(examples):,} chosen of {benchmark.total:,}"
    return benchmark.summary_line()


def _mean(scores: Iterable[Score], name: str) -> tuple[float | None, int]:
    """Percentage and the number of questions it is over."""
    values = [v for score in scores if (v := score.metrics.get(name)) is not None]
    return (100 * sum(values) / len(values) if values else None), len(values)


def _rate(scores: Sequence[Score], name: str) -> dict[str, object]:
    value, count = _mean(scores, name)
    if value is None:
        return {"value": None, "n": 0, "low": None, "high": None}
    if not METRICS[name].bounded:
        return {"value": value, "n": count, **_normal_interval(scores, name)}
    low, high = wilson_interval(min(value, 100.0) / 100 * count, count)
    return {"value": value, "n": count, "low": 100 * low, "high": 100 * high}


def _candidates(scores: Sequence[CandidateScores]) -> dict[str, object]:
    return {
        str(found.k): {
            name: _share(getattr(found, name), found.questions)
            for name in ("pass_at_k", "any_of_first", "majority", "soft")
        }
        for found in scores
    }


def _share(value: float, count: int) -> dict[str, object]:
    low, high = wilson_interval(value * count, count)
    return {"value": 100 * value, "n": count, "low": 100 * low, "high": 100 * high}


def _calibration(
    scores: Sequence[Score], predictions: Mapping[str, Prediction]
) -> dict[str, object]:
    """Confidences that are no probabilities are left out and counted."""
    claimed = [
        (confidence, float(score.outcome is Outcome.MATCH))
        for score in scores
        if (confidence := predictions[score.id].confidence) is not None
    ]
    pairs = [pair for pair in claimed if 0 <= pair[0] <= 1]
    if not pairs:
        return {}
    return {"calibration": {**calibration(pairs), "left_out": len(claimed) - len(pairs)}}


def _normal_interval(scores: Sequence[Score], name: str) -> dict[str, float | None]:
    """Mean plus and minus 1.96 standard errors: for values that no bound holds."""
    values = [100 * v for score in scores if (v := score.metrics.get(name)) is not None]
    if len(values) < 2:
        return {"low": None, "high": None}
    half = NormalDist().inv_cdf(0.975) * stdev(values) / len(values) ** 0.5
    return {"low": max(0.0, fmean(values) - half), "high": fmean(values) + half}


def _slices(
    examples: Sequence[Example],
    scores: Mapping[str, Score],
    names: Sequence[str],
    keys_of: Callable[[Example], Iterable[str]],
    order: Sequence[str] = (),
) -> dict[str, object]:
    groups: dict[str, list[Score]] = {}
    for example in examples:
        for key in keys_of(example):
            groups.setdefault(key or "unlabelled", []).append(scores[example.id])
    ranked = sorted(groups, key=lambda key: (order.index(key) if key in order else len(order), key))
    return {
        key: {"n": len(groups[key]), "metrics": {name: _rate(groups[key], name) for name in names}}
        for key in ranked
    }


def _feature_key(examples: Sequence[Example]) -> Callable[[Example], Iterable[str]]:
    features = features_of(examples)
    return lambda example: features[example.id]


def _cost(
    predictions: Iterable[Prediction], costs: Iterable[Mapping[str, object]]
) -> dict[str, object]:
    listed, spent = list(predictions), list(costs)

    def total(key: str) -> float:
        return sum(float(str(line[key])) for line in spent if line.get(key) is not None)

    return {
        "prompt_tokens": sum(prediction.prompt_tokens for prediction in listed),
        "completion_tokens": sum(prediction.completion_tokens for prediction in listed),
        "predict_seconds": total("predict_seconds"),
        "execute_seconds": total("seconds"),
        "steps": int(total("steps")),
    }
