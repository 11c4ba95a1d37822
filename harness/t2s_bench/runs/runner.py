"""Running a system on a benchmark: predict, score and record, question by question.

The next question is predicted while workers score the ones before it. What is in the run directory
is not done again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from t2s_bench.benchmarks.benchmark import Benchmark
from t2s_bench.metrics.judge import Judgement
from t2s_bench.runs.answering import Answers
from t2s_bench.runs.directory import RunWriter
from t2s_bench.scoring import Scorer
from t2s_bench.types import Database, Example, Prediction, Score


@dataclass(frozen=True)
class Progress:
    """How far a run is; `correct` counts the first metric's matches among the scored."""

    total: int
    predicted: int
    scored: int
    correct: float


Listener = Callable[[Progress], None]
# Answers these examples; closing it ends what it has started.
Answering = Callable[[Sequence[Example]], Generator[Answers, None, None]]


def predict_and_score(
    answer: Answering,
    benchmark: Benchmark,
    examples: Sequence[Example],
    writer: RunWriter,
    scorer: Scorer,
    listener: Listener | None = None,
) -> None:
    """Brings a run to the point where every example has a prediction and a score.

    `answer` is called only if something is left to predict, and its batches are recorded as they
    come. Interrupting it at any moment loses at most the batches being predicted.
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

    def answered() -> Generator[tuple[str, Prediction], None, None]:
        missing = [example for example in examples if example.id not in predictions]
        yield from ((id, predictions[id]) for id in by_id if id in predictions)
        if not missing:
            return
        with closing(answer(missing)) as batches:
            for batch in batches:
                writer.add_predictions(batch)
                counts[0] += len(batch)
                yield from batch

    ids: list[str] = []

    def tasks(answers: Iterator[tuple[str, Prediction]]) -> Iterator[tuple[Example, Database, str]]:
        for id, prediction in answers:
            if id in scores:
                continue
            example = by_id[id]
            ids.append(id)
            yield example, benchmark.databases[example.question.database], prediction.sql

    with closing(answered()) as answers:
        for number, judgement in scorer.judge_all(tasks(answers)):
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
