"""Statements for the validator to learn from, each by a writer that has not seen its database.

The databases of the training set are dealt into folds. For each fold a fresh learner learns to
write on the others, in a stage of its own that goes on like any other; then it writes for the
questions of its fold and for synthetic ones on the same databases (`SYNTHETIC` times as many at
most), by beam search and by sampling. Its statements are
executed, judged by the scorer and kept in the training's directory, so that a training that goes on
does not write them again:

    phase1/candidates1/statements.jsonl     of the first fold: id, sql, logprob, right

With one writer (`validation_writers=1`) the small model's critic starts as that writer, which knows
of SQL what a critic needs and has not seen the questions of its fold either; it is kept there, too.
Of several, each has seen the questions of the other folds, so there the critic starts anew.

Several processes share the questions. Where the learner is a pretrained model, its adapters step
aside for each fold and come back after it: a second base model would take the memory twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from zlib import crc32

from t2s_bench.errors import BadInput, UserError
from t2s_bench.training.atomic import write_folder
from t2s_bench.types import Example

from ..agents.sql import Drawing, SqlAgent
from ..small_model.learner import SmallLearner
from ..small_model.model import SmallModel
from ..task import Role
from . import checkpoints
from .data import Data
from .lessons import Lesson
from .loop import Stage, fit
from .optimisation import Optimiser
from .teaching import lessons, taught
from .work import Work

FOLDER = "candidates"
WRITER = "writer"
NAME = "statements.jsonl"
# With synthetic questions the validator chose better on other databases (docs/lab-notebook.md).
SYNTHETIC = 2


@dataclass(frozen=True)
class Statement:
    """One statement for the question `id`; `right` is None where its gold is broken."""

    id: str
    sql: str
    logprob: float
    right: bool | None


def folds(databases: Iterable[str], count: int) -> list[frozenset[str]]:
    """The databases dealt out in the order of a hash of their names.

    >>> [sorted(fold) for fold in folds(["a", "b", "c", "d"], 2)]
    [['c', 'd'], ['a', 'b']]
    """
    names = sorted(set(databases), key=lambda name: (crc32(f"fold:{name}".encode()), name))
    if len(names) < count:
        raise BadInput(
            f"validation_folds is {count}, but there are {len(names)} databases to train on: "
            f"set validation_folds={len(names) if len(names) > 1 else 0}"
        )
    return [frozenset(names[place::count]) for place in range(count)]


def write_candidates(work: Work) -> None:
    """Trains the writer of each fold and keeps what it writes; what is there is left alone."""
    options = work.options
    if checkpoints.is_spread(work.optimiser):
        raise UserError(
            "validation_folds trains several writers in turn, which FSDP and DeepSpeed cannot "
            "swap: set validation_folds=0, or launch without them"
        )
    if work.chat is not None and options.tuning != "lora":
        raise UserError(
            "validation_folds sets the learnt weights aside for each fold, and with tuning=full "
            "they are the whole model: set tuning=lora or validation_folds=0"
        )
    databases = {example.question.database for example in work.data.train}
    dealt = folds(databases, options.validation_folds)
    for number, fold in enumerate(dealt[: options.writers], start=1):
        folder = work.run.phase(1) / f"{FOLDER}{number}"
        if folder.is_dir():
            work.steps_before(_stage(work, number))
            continue
        with writer(work, work.data.only(frozenset(databases - fold)), number) as own:
            fit(own, _stage(own, number))
            asked = questions_of(work.data, fold)
            mine = asked[work.optimiser.place :: work.optimiser.processes]
            found = _gathered(written(own, mine), asked)
            if work.run.main:
                write_folder(folder, lambda place: _write(place, own, found))  # noqa: B023 (at once)
        if work.run.main:
            right = sum(bool(one.right) for one in found)
            work.run.log(
                f"fold {number}: {len(found)} statements for {len(asked)} questions of "
                f"{len(fold)} databases, {right} right"
            )
        work.optimiser.accelerator.wait_for_everyone()


def questions_of(data: Data, fold: frozenset[str]) -> list[Example]:
    """The questions of a fold, and synthetic ones spread evenly over those on its databases."""
    there = [one for one in data.train if one.question.database in fold]
    own = [one for one in there if one.id not in data.synthetic]
    made = [one for one in there if one.id in data.synthetic]
    count = synthetic_count(len(own), len(made))
    return own + [made[n * len(made) // count] for n in range(count)]


def synthetic_count(own: int, made: int) -> int:
    """How many of the synthetic questions there are written for; all where there are no others."""
    return min(made, SYNTHETIC * own) if own else made


def tunes_critic(work: Work) -> bool:
    """Whether the small model's critic starts as the one writer, which is kept for it."""
    return work.options.tunes_critic and isinstance(work.learner, SmallLearner)


def _stage(work: Work, number: int) -> Stage[Lesson]:
    options = work.options
    return taught(
        work,
        1,
        f"fold{number}",
        options.fold_steps,
        options.learning_rate,
        lambda: lessons(work),
        averaging=options.weight_averaging,
    )


@contextmanager
def writer(work: Work, data: Data, number: int) -> Iterator[Work]:
    """The same work with other data and a learner as the first was, before it learnt."""
    if work.chat is not None:
        module = work.learner.module
        first = {name: one.clone() for name, one in checkpoints.weights_of(module).items()}
        yield replace(work, data=data)
        checkpoints.load_weights(module, first)
        return
    work.optimiser.seed_step(crc32(f"fold {number}".encode()) % 100_003, 0)
    learner = work.make_learner([work.task(example) for example in data.train])
    if isinstance(learner, SmallLearner):
        # A fellow was trained on all of the databases.
        learner.model.fellow = None
    optimiser = Optimiser(learner, work.options, work.seed)
    yield replace(work, data=data, learner=learner, optimiser=optimiser)


def written(work: Work, examples: Sequence[Example]) -> list[Statement]:
    """What the writer of now writes for each question, executed; likeliest of equal ones kept."""
    options = work.options
    count = options.validation_candidates
    agent = SqlAgent(work.prober, Drawing(count, count, options.policy_temperature))
    work.learner.module.eval()
    policy = work.learner.policy()
    found: list[tuple[Example, str, float]] = []
    for example in examples:
        seed = crc32(f"{work.seed}/{example.id}".encode()) >> 1
        proposed = agent.propose(policy.open(work.task(example)), seed).candidates
        # What does not run needs no learning to be refused.
        found += [(example, one.sql, one.logprob) for one in proposed if one.evidence.runs]
    right = work.right([(example, sql) for example, sql, _ in found])
    return [
        Statement(example.id, sql, logprob, hit)
        for (example, sql, logprob), hit in zip(found, right, strict=True)
    ]


def start_critic(work: Work) -> None:
    """The small model's critic becomes the one writer."""
    assert isinstance(work.learner, SmallLearner)
    folder = work.run.phase(1) / f"{FOLDER}1" / WRITER
    work.learner.model.critic_from(SmallModel.load(folder))


def cross_fitted(work: Work) -> list[Lesson]:
    """A validation lesson for each statement that the folds' writers left, executed again."""
    statements = [
        statement
        for number in range(1, work.options.writers + 1)
        for statement in _read(work.run.phase(1) / f"{FOLDER}{number}" / NAME)
        if statement.right is not None
    ]
    known = {example.id: example for example in work.data.train}
    found: list[Lesson] = []
    for id, group in groupby(statements, key=lambda one: one.id):
        example, own = known[id], list(group)
        assert example.database is not None
        seen = work.prober.run(example.database, [one.sql for one in own])
        best = max(one.logprob for one in own)
        found += [
            Lesson(
                Role.VALIDATION,
                work.task(example),
                example,
                # Whole results of all statements would fill the memory.
                evidence=replace(evidence, result=hash(evidence.result)),
                right=bool(one.right),
                logprob=one.logprob,
                best=best,
            )
            for one, evidence in zip(own, seen, strict=True)
            if evidence.runs
        ]
    return found


def _gathered(found: list[Statement], asked: Sequence[Example]) -> list[Statement]:
    """The statements of all processes in the order of the questions, as one process has them."""
    from accelerate.utils import gather_object  # type: ignore[import-untyped]

    rows = [asdict(one) for one in found]
    places = {example.id: place for place, example in enumerate(asked)}
    return sorted((Statement(**row) for row in gather_object(rows)), key=lambda s: places[s.id])


def _write(folder: Path, work: Work, found: Sequence[Statement]) -> None:
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in found)
    with (folder / NAME).open("w", encoding="utf-8") as file:
        file.writelines(lines)
    if tunes_critic(work):
        (folder / WRITER).mkdir()
        work.learner.save(folder / WRITER)


def _read(path: Path) -> list[Statement]:
    with path.open(encoding="utf-8") as file:
        return [Statement(**json.loads(line)) for line in file]
