"""The doctor: what is true of a dataset, before anything is measured on it.

Every gold is run and scored against itself, questions are compared with those of the other splits,
and the databases with their official description. What it finds is a property of the published
data, not of a system; nothing is changed.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import t2s_bench
from t2s_bench.benchmarks.benchmark import Benchmark, load
from t2s_bench.benchmarks.leakage import Pair, near_duplicates, repeated
from t2s_bench.benchmarks.manifest import read_manifest
from t2s_bench.benchmarks.registry import entries
from t2s_bench.benchmarks.schema_check import mismatches
from t2s_bench.metrics.catalog import METRICS
from t2s_bench.metrics.judge import Judgement
from t2s_bench.scoring import Scorer
from t2s_bench.types import Budget, Database, Example, Outcome

# How the executors begin the message of a result that is over its budget (not in time or steps).
_TOO_LARGE = ("more than ", "out of memory", "SQL longer than ")


@dataclass(frozen=True)
class GoldProblem:
    """A gold that gives no result: an `error`, or one that goes `over budget`."""

    id: str
    gold: int
    kind: str
    message: str


@dataclass(frozen=True)
class Ceiling:
    """What the golds themselves reach by a metric, in per cent of the `n` it applies to.

    `below` has the ids that do not get the full score.
    """

    value: float | None
    n: int
    below: tuple[str, ...] = ()


@dataclass(frozen=True)
class Leak:
    """The near duplicates between this split and another one of the same benchmark.

    `databases` are those that both ask about. `same` says that the other split asks the same
    questions, in another SQL dialect say: then they are no leak, and no pairs are listed.
    """

    split: str
    pairs: tuple[Pair, ...]
    databases: tuple[str, ...]
    same: bool = False


@dataclass(frozen=True)
class Checkup:
    """What the doctor found; `skipped` says why golds were not run, where they were not."""

    name: str
    version: str
    digest: str
    questions: int
    total: int
    missing: Mapping[str, int]
    golds: int
    golds_run: int
    with_rows: int
    problems: tuple[GoldProblem, ...]
    empty: tuple[str, ...]
    ceilings: Mapping[str, Ceiling]
    duplicate_ids: Mapping[str, tuple[str, ...]]
    repeated: tuple[tuple[str, str], ...]
    leaks: tuple[Leak, ...]
    schema: Mapping[str, tuple[str, ...]]
    budget: Budget
    notes: tuple[str, ...] = ()
    skipped: str = ""
    t2s_bench: str = t2s_bench.__version__
    sqlite: str = sqlite3.sqlite_version

    @property
    def left_out(self) -> int:
        """Questions of the source whose database is missing."""
        return self.total - self.questions


def check(
    benchmark: Benchmark,
    *,
    metrics: Iterable[str] | None = None,
    workers: int = 1,
    budget: Budget | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Checkup:
    """Examines a dataset; `progress` is called with the golds run so far and those to be run.

    `metrics` (default: all that take no wall-clock time) are those whose ceiling is measured. Golds
    for a server that is not connected are not run, and the result says so. The other splits of the
    benchmark, and those of the one it is derived from, are read where they are imported.

    Raises:
        UnknownName: no such metric.
        BadInput: a database cannot be read.
    """
    chosen = tuple(metrics or (known for known, metric in METRICS.items() if not metric.timed))
    skipped = _unreachable(benchmark)
    golds = _Golds()
    if not skipped:
        with Scorer(chosen, workers=workers, budget=budget) as scorer:
            golds = _run_golds(benchmark, scorer, progress)
    return Checkup(
        name=benchmark.name,
        version=benchmark.version,
        digest=benchmark.digest,
        questions=len(benchmark.examples),
        total=benchmark.total,
        missing=dict(benchmark.missing),
        golds=sum(len(example.golds) for example in benchmark.examples),
        golds_run=golds.run,
        with_rows=golds.run - len(golds.empty),
        problems=golds.problems,
        empty=golds.empty,
        ceilings=golds.ceilings,
        duplicate_ids=_duplicate_ids(benchmark),
        repeated=tuple(repeated(benchmark.examples)),
        leaks=tuple(_leaks(benchmark)),
        schema={
            db_id: tuple(lines)
            for db_id, database in benchmark.databases.items()
            if (lines := mismatches(database))
        },
        budget=budget or Budget(),
        notes=benchmark.notes,
        skipped=skipped,
    )


@dataclass(frozen=True)
class _Golds:
    """What running the golds showed; `run` counts those that gave a result."""

    run: int = 0
    problems: tuple[GoldProblem, ...] = ()
    empty: tuple[str, ...] = ()
    ceilings: Mapping[str, Ceiling] = field(default_factory=dict)


def _run_golds(
    benchmark: Benchmark, scorer: Scorer, progress: Callable[[int, int], None] | None
) -> _Golds:
    golds = list(_golds(benchmark))
    judged: dict[int, Judgement] = {}
    items = ((example, database, sql) for example, _, database, sql in golds)
    for done, (place, judgement) in enumerate(scorer.judge_all(items), 1):
        judged[place] = judgement
        if progress:
            progress(done, len(golds))
    problems, empty = [], []
    values: dict[str, list[tuple[str, float]]] = {metric: [] for metric in scorer.metrics}
    for place, (example, number, _, _) in enumerate(golds):
        judgement = judged[place]
        if judgement.predicted_rows is None:
            problems.append(_problem(example.id, number, judgement))
        elif not judgement.predicted_rows:
            empty.append(example.id)
        for metric, found in values.items():
            value = judgement.score.metrics.get(metric)
            if value is not None and number == 0:
                found.append((example.id, value))
    return _Golds(
        len(golds) - len(problems),
        tuple(problems),
        tuple(empty),
        {metric: _ceiling(metric, found) for metric, found in values.items()},
    )


def _golds(benchmark: Benchmark) -> Iterator[tuple[Example, int, Database, str]]:
    """Every gold as a prediction: the first against all of its question, the others alone."""
    for example in benchmark.examples:
        database = benchmark.databases[example.question.database]
        for number, sql in enumerate(example.golds):
            judged = dataclasses.replace(example, golds=(sql,)) if number else example
            yield judged, number, database, sql


def _problem(id: str, number: int, judgement: Judgement) -> GoldProblem:
    score = judgement.score
    over = score.outcome in (Outcome.GOLD_TIMEOUT, Outcome.PRED_TIMEOUT)
    over = over or score.error.startswith(_TOO_LARGE)
    return GoldProblem(id, number, "over budget" if over else "error", score.error)


def _ceiling(metric: str, values: list[tuple[str, float]]) -> Ceiling:
    if not values:
        return Ceiling(None, 0)
    best = METRICS[metric].best
    return Ceiling(
        100 * sum(value for _, value in values) / (best * len(values)),
        len(values),
        tuple(id for id, value in values if value != best),
    )


def _unreachable(benchmark: Benchmark) -> str:
    dialects = {
        database.dialect
        for database in benchmark.databases.values()
        if database.dialect != "sqlite" and not database.url
    }
    if not dialects:
        return ""
    return f"the golds are in {', '.join(sorted(dialects))}, and no such server is connected"


def _duplicate_ids(benchmark: Benchmark) -> dict[str, tuple[str, ...]]:
    """Official ids that repeat, with the ids that they were made unique by (`137@484`)."""
    found: dict[str, list[str]] = {}
    for id in (*benchmark.positions, *benchmark.left_out):
        official, at, position = id.rpartition("@")
        if at and position.isdecimal():
            found.setdefault(official, []).append(id)
    return {
        official: tuple(sorted(ids, key=lambda id: int(id.rpartition("@")[2])))
        for official, ids in sorted(found.items())
    }


def _leaks(benchmark: Benchmark) -> Iterator[Leak]:
    manifest = read_manifest(benchmark.folder)
    if not manifest:
        return
    entry = entries().get(manifest.name)
    folders = [benchmark.folder]
    if entry and entry.base:
        folders.append(benchmark.folder.parent / entry.base)
    for folder in folders:
        found = read_manifest(folder)
        for split, part in found.splits.items() if found else ():
            if not part.scored:
                continue
            other = load(folder, split)
            if other.name != benchmark.name:
                yield _leak(benchmark, other)


def _leak(benchmark: Benchmark, other: Benchmark) -> Leak:
    asked = [example.question.question for example in benchmark.examples]
    same = asked == [example.question.question for example in other.examples]
    return Leak(
        other.name,
        () if same else tuple(near_duplicates(benchmark.examples, other.examples)),
        tuple(sorted(benchmark.databases.keys() & other.databases.keys())),
        same,
    )
