"""What the page of one run or of two shows, question by question, as JSON in parts.

The list needs ids, questions, SQL and outcomes of all questions at once; results, traces and
schemas are put in parts of their own that the page unpacks when a question is opened.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from t2s_bench.analysis.slices import DIFFICULTIES, FEATURES, features_of
from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.databases.schema import Schema, read_schema
from t2s_bench.errors import BadInput
from t2s_bench.execution.pool import JobFailure, Pool
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.packed import pack
from t2s_bench.types import Budget, Database, Example, Outcome, Prediction, Score
from t2s_bench.viewer.results import ResultsTask

# Questions in one part: unpacking one takes a few milliseconds.
PART = 50
# A page shows what a result looks like; nobody waits for a query that takes longer.
STEPS, SECONDS, BYTES = 100_000_000, 10.0, 50_000_000
_RESULTS = "t2s_bench.viewer.results:results"


@dataclass(frozen=True)
class Content:
    """`head` is there at once, `parts` are unpacked on request; see `reports.page`."""

    title: str
    head: Mapping[str, object]
    parts: Mapping[str, object]


@dataclass(frozen=True)
class _Run:
    label: str
    directory: RunDirectory
    predictions: Mapping[str, Prediction]
    scores: Mapping[str, Score]
    costs: Mapping[str, Mapping[str, object]]


def collect(
    runs: Sequence[tuple[str, RunDirectory]], benchmark: Benchmark, *, workers: int = 1
) -> Content:
    """Reads the runs (labelled, at most two) and executes gold and predictions once more.

    Shows the questions that all runs have scored. BadInput where there is none.
    """
    read = [_Run(label, d, d.predictions(), d.scores(), d.costs()) for label, d in runs]
    examples = [e for e in benchmark.examples if all(e.id in run.scores for run in read)]
    if not examples:
        raise BadInput(
            f"{read[0].directory.folder} has no scored question yet: go on with --resume"
        )
    results = list(_results(examples, read, benchmark.databases, workers))
    parts: dict[str, object] = {"list": _listed(examples, read)}
    for start in range(0, len(examples), PART):
        parts[f"questions-{start // PART}"] = [
            _question(example, read, result)
            for example, result in zip(
                examples[start : start + PART], results[start : start + PART], strict=True
            )
        ]
    names = _database_names(examples)
    for number, name in enumerate(names):
        parts[f"schema-{number}"] = _schema(benchmark.databases[name])
    labels = " and ".join(run.label for run in read)
    head = {
        "benchmark": f"{benchmark.name} {benchmark.version}".strip(),
        "summary": benchmark.summary_line(),
        "questions": len(examples),
        "part": PART,
        "databases": names,
        "outcomes": [str(outcome) for outcome in Outcome],
        "features": FEATURES,
        "runs": [_about(run, examples) for run in read],
    }
    return Content(f"{labels} on {head['benchmark']}", head, parts)


def _about(run: _Run, examples: Sequence[Example]) -> dict[str, object]:
    identity: Any = run.directory.lock.identity
    metrics = list(identity["scoring"]["metrics"])
    scores = {}
    for name in metrics:
        found = [v for e in examples if (v := run.scores[e.id].metrics.get(name)) is not None]
        scores[name] = 100 * sum(found) / len(found) if found else None
    return {
        "label": run.label,
        "system": identity["system"]["name"],
        "digest": run.directory.lock.digest,
        "done": run.directory.done,
        "metrics": scores,
    }


def _listed(examples: Sequence[Example], runs: Sequence[_Run]) -> dict[str, object]:
    """What the list and its filters need, column by column."""
    names = _database_names(examples)
    features = features_of(examples)
    levels = sorted({e.difficulty for e in examples}, key=_difficulty_rank)
    return {
        "ids": [e.id for e in examples],
        "questions": [e.question.question for e in examples],
        "databases": [names.index(e.question.database) for e in examples],
        "difficulties": pack([e.difficulty for e in examples], levels),
        "features": [[FEATURES.index(name) for name in features[e.id]] for e in examples],
        "golds": [e.golds[0] for e in examples],
        "runs": [
            {
                "sqls": [run.predictions[e.id].sql for e in examples],
                "outcomes": pack(
                    [str(run.scores[e.id].outcome) for e in examples], list(map(str, Outcome))
                ),
                "confidences": [_rounded(run.predictions[e.id].confidence) for e in examples],
            }
            for run in runs
        ],
    }


def _question(
    example: Example, runs: Sequence[_Run], results: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    """What an opened question needs beside what the list has."""
    return {
        "evidence": example.question.evidence,
        "golds": example.golds[1:],
        "gold_result": results[0],
        "runs": [
            {
                "metrics": dict(run.scores[example.id].metrics),
                "result": result,
                "prompt_tokens": run.predictions[example.id].prompt_tokens,
                "completion_tokens": run.predictions[example.id].completion_tokens,
                "seconds": _rounded(run.costs.get(example.id, {}).get("predict_seconds")),
                "candidates": [
                    [candidate.sql, json_safe(candidate.score)]
                    for candidate in run.predictions[example.id].candidates
                ],
                "trace": json_safe(run.predictions[example.id].trace),
            }
            for run, result in zip(runs, results[1:], strict=True)
        ],
    }


def _results(
    examples: Sequence[Example],
    runs: Sequence[_Run],
    databases: Mapping[str, Database],
    workers: int,
) -> Iterator[Sequence[Mapping[str, object]]]:
    scoring: Any = runs[0].directory.lock.identity["scoring"]
    given = Budget(**scoring["budget"])
    budget = replace(
        given,
        steps=min(given.steps, STEPS),
        seconds=min(given.seconds, SECONDS),
        bytes=min(given.bytes, BYTES),
    )
    tasks = (
        ResultsTask(
            _place(databases[example.question.database]),
            example.golds[0],
            len(example.golds),
            tuple(
                (run.predictions[example.id].sql, score.outcome, score.error)
                for run in runs
                for score in (run.scores[example.id],)
            ),
            budget,
        )
        for example in examples
    )
    found: dict[int, Sequence[Mapping[str, object]]] = {}
    with Pool(workers) as pool:
        for number, value in pool.map(_RESULTS, tasks):
            if isinstance(value, JobFailure):
                lost = {"status": value.kind, "error": value.message, "reason": value.message}
                value = [lost] * (1 + len(runs))
            assert isinstance(value, list)
            found[number] = value
    yield from (found[number] for number in range(len(examples)))


def _place(database: Database) -> str:
    return database.url or str(database.path)


def _schema(database: Database) -> dict[str, object]:
    """Tables with their columns and keys, for reading beside a query."""
    schema: Schema = read_schema(database.path, samples=0)
    return {
        "tables": [
            {
                "name": table.name,
                "rows": table.rows,
                "columns": [[c.name, c.type, int(bool(c.primary_key))] for c in table.columns],
                "keys": [
                    [", ".join(key.columns), key.parent, ", ".join(key.parent_columns)]
                    for key in schema.foreign_keys
                    if key.table == table.name
                ],
            }
            for table in schema.tables
        ]
    }


def json_safe(value: Any) -> Any:
    """JSON without NaN and infinities, which a browser refuses: they become text.

    >>> json_safe({"value": [0.5, float("nan")]})
    {'value': [0.5, 'nan']}
    """
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_safe(item) for item in value]
    return value


def _database_names(examples: Sequence[Example]) -> list[str]:
    return list(dict.fromkeys(example.question.database for example in examples))


def _difficulty_rank(name: str) -> tuple[int, str]:
    return (DIFFICULTIES.index(name) if name in DIFFICULTIES else len(DIFFICULTIES), name)


def _rounded(value: object) -> float | None:
    return None if value is None else float(f"{float(str(value)):.4g}")
