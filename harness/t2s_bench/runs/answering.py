"""Asking a system in this process: batch by batch, timed, its errors told as its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from t2s_bench.errors import BadInput, UserError
from t2s_bench.plugins import LoadedSystem, error_text
from t2s_bench.system import OracleSystem, System
from t2s_bench.types import Database, Example, Prediction, Question

Answers = Sequence[tuple[str, Prediction]]
# Takes what a started system says of itself, and may refuse it.
Check = Callable[[Mapping[str, object]], None]


def answer_here(
    loaded: LoadedSystem,
    examples: Sequence[Example],
    databases: Mapping[str, Database],
    check: Check,
) -> Generator[Answers, None, None]:
    """Starts the system and yields its answers in the order of the examples, a batch at a time."""
    system = loaded.start()
    if isinstance(system, OracleSystem):
        for example in examples:
            yield [(example.id, _ask_oracle(system, example, databases))]
        return
    try:
        check(system.describe())
        for start in range(0, len(examples), system.batch_size):
            yield ask(system, requests_of(examples[start : start + system.batch_size], databases))
    finally:
        system.close()


def requests_of(
    examples: Sequence[Example], databases: Mapping[str, Database]
) -> Sequence[tuple[Question, Database]]:
    """What a system gets to see of these examples."""
    return [(example.question, databases[example.question.database]) for example in examples]


def ask(system: System, requests: Sequence[tuple[Question, Database]]) -> Answers:
    """One batch; a system that does not time its answers gets its share of the batch.

    An error of the system's own is a BadInput with its file and line.
    """
    ids = [question.id for question, _ in requests]
    made = _timed(lambda: system.predict_batch(requests), ids, system.setup.folder)
    return list(zip(ids, made, strict=True))


def _ask_oracle(
    system: OracleSystem, example: Example, databases: Mapping[str, Database]
) -> Prediction:
    database = databases[example.question.database]
    folder = system.setup.folder
    return _timed(lambda: [system.predict(example, database)], [example.id], folder)[0]


def place_of(ids: Sequence[str]) -> str:
    """Names a batch's first question, the one that an error is most likely about."""
    return f"question '{ids[0]}'{f' or the {len(ids) - 1} after it' if len(ids) > 1 else ''}"


def _timed(
    predict: Callable[[], Sequence[Prediction]], ids: Sequence[str], folder: Path
) -> Sequence[Prediction]:
    started = time.perf_counter()
    try:
        made = predict()
        if len(made) != len(ids):
            raise ValueError(f"{len(made)} predictions for {len(ids)} questions")
        for item in made:
            if not isinstance(item, Prediction):
                raise TypeError(f"the answer is {type(item).__name__}, not Prediction")
    except UserError:
        raise
    except Exception as error:
        raise BadInput(
            f"the system failed on {place_of(ids)}: {error_text(error, folder)}. Mend it, then go "
            "on with --resume or start over with --fresh"
        ) from error
    share = (time.perf_counter() - started) / len(ids)
    return [item if item.seconds else replace(item, seconds=share) for item in made]
