"""The baseline of a gate: what a run scored, question by question, as one small JSON file.

    tier       1: deterministic, so that any changed question is a regression; 2: a model's run
    benchmark, system, scoring, versions, engine    the run's identity
    score M    every question's value by metric M, packed, in the benchmark's order

No SQL and no text of the benchmark: questions are named by the digest of their ids. Metrics that
measure wall-clock time are left out, because they never repeat.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2s_bench.analysis.scored_run import ScoredRun, rules
from t2s_bench.errors import BadInput
from t2s_bench.metrics.catalog import METRICS
from t2s_bench.runs import records
from t2s_bench.runs.packed import pack, unpack
from t2s_bench.runs.record import json_lines

FORMAT = 1
TIERS = (1, 2)
# An engine is named only by runs on a database server.
_IDENTITY = ("benchmark", "system", "scoring", "versions", "engine")
# Sums of floats may differ in their last digits between machines.
_DECIMALS = 6

Values = tuple[float | None, ...]


@dataclass(frozen=True)
class Baseline:
    """What a later run is held against; the first metric decides at tier 2."""

    tier: int
    identity: Mapping[str, Any]
    scores: Mapping[str, Values]

    @property
    def name(self) -> str:
        """The system's name."""
        return str(self.identity["system"]["name"])


def make_baseline(run: ScoredRun, tier: int) -> Baseline:
    """The baseline that a run makes; BadInput where all its metrics measure time."""
    scores = {name: rounded(run, name) for name in run.metrics if not METRICS[name].timed}
    if not scores:
        raise BadInput(f"{run.label} is scored by time alone, which never repeats: add a metric")
    identity = {key: run.identity[key] for key in _IDENTITY if key in run.identity}
    return Baseline(tier, identity, scores)


def rounded(run: ScoredRun, metric: str) -> Values:
    """A run's values as a baseline keeps them."""
    return tuple(
        None if value is None else round(float(value), _DECIMALS) for value in run.values(metric)
    )


def likely_tier(run: ScoredRun) -> int:
    """1 for recorded predictions and for a system that used no tokens, 2 for a model's run."""
    if "predictions_file" in run.identity["system"]:
        return 1
    asked = any(p.prompt_tokens or p.completion_tokens for p in run.predictions.values())
    return 2 if asked else 1


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Writes the file, a line a field, so that a change is a short diff."""
    fields = {
        "format": FORMAT,
        "tier": baseline.tier,
        **baseline.identity,
        **{f"score {name}": pack(values) for name, values in baseline.scores.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    records.replace(path, json_lines(fields).encode())


def read_baseline(path: Path) -> Baseline:
    """Reads the file; BadInput where there is none or it is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        baseline = Baseline(
            content["tier"],
            {key: content[key] for key in _IDENTITY if key in content},
            {
                key.removeprefix("score "): tuple(unpack(content[key]))
                for key in content
                if key.startswith("score ")
            },
        )
        known = content["format"] == FORMAT
        questions = baseline.identity["benchmark"]["questions"]
        rules(baseline.identity)
    except FileNotFoundError as error:
        raise BadInput(
            f"there is no baseline at {path}: write one with t2s-bench gate RUN --update "
            f"--baseline {path}"
        ) from error
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is not a baseline ({error!r})") from error
    if not known:
        raise BadInput(f"{path} has format {content['format']}, this version reads {FORMAT}")
    if baseline.tier not in TIERS:
        raise BadInput(f"{path} has tier {baseline.tier!r}: possible are 1 and 2")
    if not baseline.scores or any(len(v) != questions for v in baseline.scores.values()):
        raise BadInput(f"{path} is cut off: write it again with --update")
    return baseline
