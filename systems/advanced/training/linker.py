"""The graph attention network beside a pretrained model: trained first, then read by its prompts.

It learns which tables and columns the gold uses, with an optimiser of its own; its guard is
measured on the calibration databases. From then on the chat model's prompts show the schema as it
ranks it, and its nodes are added to the tokens that name them (the projection learns in the joint
stage). The small model needs none of this: its encoder is such a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from t2s_bench.training.atomic import write_folder

from ..schema_graph.disambiguator import Disambiguator, used_items
from ..schema_graph.gat import GatConfig, SchemaGat
from ..task import Linking, Role, Task
from .lessons import Lesson, Loss
from .loop import fit
from .optimisation import Optimiser
from .roles import used
from .teaching import taught
from .work import Work

if TYPE_CHECKING:
    import torch

    from ..codec.chat_learner import ChatLearner

# Where the network lies within a phase and within the final model.
FOLDER = "linker"
# The network starts from random weights, whatever the language model's rate is.
RATE = 1e-3


class GatLearner:
    """What the loop needs of a learner, for the graph network alone."""

    def __init__(self, gat: SchemaGat) -> None:
        self.gat = gat

    @property
    def module(self) -> torch.nn.Module:
        """All weights."""
        return self.gat

    def loss(self, lessons: Sequence[Lesson]) -> Loss:
        """The mean over tables and columns, which are its tokens."""
        targets = [
            used_items(lesson.task, gold_linking(lesson.task, lesson.example.golds[0]))
            for lesson in lessons
        ]
        total = self.gat.loss([lesson.task.graph for lesson in lessons], targets)
        return Loss(total, {"link": float(total.detach())}, sum(map(len, targets)))


def train_linker(work: Work, learner: ChatLearner) -> None:
    """Trains the network, measures its guard, and gives it to the chat model."""
    options = work.options
    config = GatConfig(
        heads=options.schema_gat_heads,
        layers=options.schema_gat_layers,
        size=options.schema_embedding_dim,
    )
    own = GatLearner(SchemaGat(config))
    alone = replace(work, learner=own, optimiser=Optimiser(own, options, work.seed))  # type: ignore[arg-type]

    def make() -> list[Lesson]:
        return [
            Lesson(Role.SCHEMA, work.task(example), example, weight=weight)
            for example, weight in zip(work.data.train, work.data.weights, strict=True)
        ]

    fit(alone, taught(alone, 3, FOLDER, options.phase3_steps, RATE, make))
    linker = Disambiguator(own.gat)
    tasks = [work.task(example) for example in work.data.calibration]
    golds = [
        gold_linking(task, example.golds[0])
        for task, example in zip(tasks, work.data.calibration, strict=True)
    ]
    guard = linker.measure(tasks, golds)
    work.run.log(
        f"linker: all that the gold uses is kept in {100 * guard.strict_recall:.1f} % of "
        f"{guard.questions} questions, with {100 * guard.shown:.0f} % of the columns"
    )
    if work.run.main:
        write_folder(work.run.phase(3) / f"{FOLDER}_model", linker.save)
    work.optimiser.accelerator.wait_for_everyone()
    learner.use_linker(linker)


def load_linker(work: Work, learner: ChatLearner) -> None:
    """Gives the chat model the network of a phase 3 that is finished."""
    folder = work.run.phase(3) / f"{FOLDER}_model"
    if folder.is_dir():
        learner.use_linker(Disambiguator.load(folder))


def gold_linking(task: Task, gold: str) -> Linking:
    """1 for each table and column that the gold uses, else 0."""
    names = used(gold, task)
    return Linking(
        tuple(float(table.name in names) for table in task.schema.tables),
        tuple(
            tuple(float(f"{table.name}.{column.name}" in names) for column in table.columns)
            for table in task.schema.tables
        ),
    )
