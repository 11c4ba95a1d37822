"""Running a system on a benchmark: predict, score and record, question by question.

The next question is predicted while workers score the ones before it. What is in the run directory
is not done again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.errors import BadInput, UserError
from t2s_bench.metrics.judge import Judgement
from t2s_bench.plugins import error_text
from t2s_bench.runs.directory import RunWriter
from t2s_bench.scoring import Scorer
from t2s_bench.system import OracleSystem, System
from t2s_bench.types import Database, Example, Prediction, Score


@dataclass(frozen=True)
class Progress:
    """How far a run is; `correct` counts the first metric's matches among the scored."""

    total: int
    predicted: int
    scored: int
    correct: float


Listener = Callable[[Progress], None]


def predict_and_score(
    start_system: Callable[[], System | OracleSystem],
    benchmark: Benchmark,
    examples: Sequence[Example],
    writer: RunWriter,
    scorer: Scorer,
    listener: Listener | None = None,
) -> None:
    """Brings a run to the point where every example has a prediction and a score.

    The system is started only if something is left to predict. Interrupting it at any moment loses
    at most the batch being predicted.
    """
    predictions = writer.directory.predictions()
    scores = writer.directory.scores()
    by_id = {example.id: example for example in examples}
    primary = scorer.metrics[0]
    counts = [len(predictions), 0, 0.0]

    def note(score: Score) -> None:
        counts[1] += 1
        counts[2] += score.metrics.get(primary) or 0.0
        if listener:
            listener(Progress(len(examples), int(counts[0]), int(counts[1]), counts[2]))

    for id in by_id.keys() & scores.keys():
        note(scores[id])

    def answered() -> Iterator[tuple[str, Prediction]]:
        missing = [example for example in examples if example.id not in predictions]
        yield from ((id, predictions[id]) for id in by_id if id in predictions)
        if not missing:
            return
        system = start_system()
        try:
            if isinstance(system, System):
                writer.check_system(system.describe())
            for batch in _batches(system, missing):
                made = _predict(system, batch, benchmark.databases)
                answers = [(batch[place].id, prediction) for place, prediction in enumerate(made)]
                writer.add_predictions(answers)
                counts[0] += len(batch)
                yield from answers
        finally:
            if isinstance(system, System):
                system.close()

    ids: list[str] = []

    def tasks() -> Iterator[tuple[Example, Database, str]]:
        for id, prediction in answered():
            if id in scores:
                continue
            example = by_id[id]
            ids.append(id)
            yield example, benchmark.databases[example.question.database], prediction.sql

    for number, judgement in scorer.judge_all(tasks()):
        writer.add_score(judgement.score, cost_of(judgement))
        assert judgement.score.id == ids[number]
        note(judgement.score)


def cost_of(judgement: Judgement) -> Mapping[str, object]:
    """What a judgement's executions cost, as executions.jsonl records it."""
    return {
        "rows": judgement.predicted_rows,
        "steps": judgement.predicted_steps,
        "seconds": judgement.predicted_seconds,
        "gold_rows": judgement.gold_rows,
        "gold_steps": judgement.gold_steps,
    }


def _batches(
    system: System | OracleSystem, examples: Sequence[Example]
) -> Iterator[Sequence[Example]]:
    size = system.batch_size if isinstance(system, System) else 1
    return (examples[start : start + size] for start in range(0, len(examples), size))


def _predict(
    system: System | OracleSystem,
    batch: Sequence[Example],
    databases: Mapping[str, Database],
) -> Sequence[Prediction]:
    """Asks the system; a system that does not time its answers gets its share of the batch."""
    started = time.perf_counter()
    try:
        if isinstance(system, OracleSystem):
            made: Sequence[Prediction] = [
                system.predict(example, databases[example.question.database]) for example in batch
            ]
        else:
            made = system.predict_batch(
                [(example.question, databases[example.question.database]) for example in batch]
            )
        if len(made) != len(batch):
            raise ValueError(f"{len(made)} predictions for {len(batch)} questions")
    except UserError:
        raise
    except Exception as error:
        raise BadInput(
            f"the system failed on question '{batch[0].id}'"
            f"{f' or the {len(batch) - 1} after it' if len(batch) > 1 else ''}: "
            f"{error_text(error, system.setup.folder)}. Mend it, then go on with --resume or start "
            "over with --fresh"
        ) from error
    share = (time.perf_counter() - started) / len(batch)
    return [item if item.seconds else replace(item, seconds=share) for item in made]
