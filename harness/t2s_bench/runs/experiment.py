"""From a loaded system to a finished run directory: what `t2s-bench run` does, as one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.metrics.candidates import judge_candidates
from t2s_bench.plugins import LoadedSystem
from t2s_bench.reports.markdown import to_markdown
from t2s_bench.reports.report import Report, gold_ceiling, make_report
from t2s_bench.runs.directory import RunWriter
from t2s_bench.runs.lock import Scoring, make_lock
from t2s_bench.runs.runner import Listener, predict_and_score
from t2s_bench.runs.side_by_side import Crew, answer
from t2s_bench.scoring import Scorer
from t2s_bench.types import Example


def run_system(
    system: LoadedSystem,
    benchmark: Benchmark,
    examples: Sequence[Example],
    folder: Path,
    scoring: Scoring,
    *,
    workers: int = 1,
    resume: bool = False,
    fresh: bool = False,
    command: tuple[str, ...] = (),
    listener: Listener | None = None,
    crew: Crew | None = None,
) -> Report:
    """Runs a system and returns the report that now stands in the run directory.

    So many `workers` score, and as many processes answer where the system answers side by side:
    those of the `crew`, or some that end with the run.
    Raises NotComparable when `resume` meets a run of another identity, and BadInput when the
    folder holds a run and neither `resume` nor `fresh` is given.
    """
    lock = make_lock(benchmark, tuple(examples), system_identity(system), scoring, command)
    with (
        nullcontext(crew) if crew is not None else Crew() as answerers,
        RunWriter(folder, lock, resume=resume, fresh=fresh) as writer,
        Scorer(
            scoring.metrics, workers=workers, budget=scoring.budget, profile=scoring.profile
        ) as scorer,
    ):
        answering = partial(
            answer,
            system,
            databases=benchmark.databases,
            check=writer.check_system,
            most=workers,
            crew=answerers,
        )
        predict_and_score(answering, benchmark, examples, writer, scorer, listener)
        return finish(writer, benchmark, examples, scorer)


def finish(
    writer: RunWriter, benchmark: Benchmark, examples: Sequence[Example], scorer: Scorer
) -> Report:
    """Writes the reports and the end mark of a run whose questions are all scored."""
    directory = writer.directory
    predictions, scores = directory.predictions(), directory.scores()
    costs = directory.costs()
    several = any(len(prediction.candidates) > 1 for prediction in predictions.values())
    report = make_report(
        directory.lock,
        benchmark,
        examples,
        predictions,
        scores,
        costs,
        gold_ceiling(benchmark, examples, scorer),
        judge_candidates(benchmark, predictions, scorer, scores, _gold_steps(costs))
        if several
        else (),
    )
    writer.finish((example.id for example in examples), report, to_markdown(report))
    return report


def _gold_steps(costs: Mapping[str, Mapping[str, object]]) -> dict[str, int]:
    """The steps of each question's gold, where it runs."""
    found = {id: cost.get("gold_steps") for id, cost in costs.items()}
    return {id: steps for id, steps in found.items() if isinstance(steps, int)}


def system_identity(system: LoadedSystem) -> Mapping[str, object]:
    """What identifies a system in a lock."""
    return {
        "name": system.name,
        "digest": system.digest,
        "ceiling": system.ceiling,
        "options": system.options,
        "off": sorted(system.off),
        "seed": system.seed,
    }
