"""Stages that teach lessons: which lessons there are, and which of them a step draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random

import torch

from ..small_model.learner import SmallLearner
from ..task import Role
from .curriculum import Curriculum, difficulty
from .lessons import Lesson
from .loop import Batch, Stage
from .mixture import Drawing, Mixture, sizes
from .work import Work, describe_lesson

Draw = Callable[[int], Batch[Lesson]]
# Lessons of one question that are drawn together: so many at most, and half as many questions in a
# step as there would be lessons.
TOGETHER = 10
QUESTIONS = 0.5


def taught(
    work: Work,
    phase: int,
    name: str,
    steps: int,
    rate: float,
    make: Callable[[], Sequence[Lesson]],
    *,
    averaging: float = 0.0,
    by_question: bool = False,
) -> Stage[Lesson]:
    """A stage that teaches lessons, by the curriculum in phase 1 and evenly later.

    `by_question` draws all lessons of a question together (`TOGETHER` at most).
    """

    def prepare() -> Draw:
        found = make()
        groups = grouped(found) if by_question else [[lesson] for lesson in found]
        return drawn(work, groups, steps, phase == 1)

    return Stage(
        phase,
        name,
        steps,
        rate,
        prepare=prepare,
        loss=work.learner.loss,
        describe=describe_lesson,
        averaging=averaging,
    )


def lessons(work: Work, weight: float = 1.0) -> list[Lesson]:
    """A lesson for each training example and for each role that learns golds.

    The small model's SQL lessons teach the alignment of question and schema as well.
    """
    roles = [role for role in work.roles if role is not Role.VALIDATION]
    if isinstance(work.learner, SmallLearner):
        roles = [Role.SQL]
    return [
        Lesson(role, work.task(example), example, weight=share * weight)
        for example, share in zip(work.data.train, work.data.weights, strict=True)
        for role in roles
    ]


def grouped(found: Sequence[Lesson]) -> list[list[Lesson]]:
    """The lessons of each question together, in the order of the questions' first ones."""
    groups: dict[str, list[Lesson]] = {}
    for lesson in found:
        groups.setdefault(lesson.example.id, []).append(lesson)
    return list(groups.values())


def drawn(work: Work, groups: Sequence[list[Lesson]], steps: int, curriculum: bool) -> Draw:
    """Batches of groups of lessons as a function of the step."""
    if not groups:
        work.run.log("nothing to teach in this stage")
        return lambda step: Batch((), {})
    alone = all(len(group) == 1 for group in groups)
    batch = work.batch_of_all() if alone else max(1, round(QUESTIONS * work.batch_of_all()))
    plan = _plan(work, groups, batch, steps, curriculum)

    def draw(step: int) -> Batch[Lesson]:
        chosen = [_few(work, step, groups[place]) for place in plan.batch(step)]
        return Batch(work.mine(chosen), {"open": plan.share(step)})

    return draw


def _plan(
    work: Work, groups: Sequence[list[Lesson]], batch: int, steps: int, curriculum: bool
) -> Drawing:
    """One curriculum, or one for each kind of example where a batch has fixed shares of them."""
    options = work.options
    by_loss = options.difficulty == "loss" and curriculum
    hard = losses(work, groups) if by_loss else [difficulty(group[0].example) for group in groups]
    lengths = [work.padded(group[0].example) for group in groups] if options.length_buckets else []

    def part(places: Sequence[int], size: int) -> Curriculum:
        return Curriculum(
            [hard[place] for place in places],
            batch=size,
            over=math.ceil(options.curriculum_share * steps),
            pacing=options.pacing if curriculum else "none",
            start=options.curriculum_start,
            seed=work.seed,
            lengths=[lengths[place] for place in places] if lengths else None,
        )

    made = [group[0].example.id in work.data.synthetic for group in groups]
    if options.synthetic_share is None or len(set(made)) == 1 or batch < 2:
        return part(range(len(groups)), batch)
    kinds = [[place for place, one in enumerate(made) if one is kind] for kind in (False, True)]
    counts = sizes(batch, options.synthetic_share)
    return Mixture(
        [(part(places, size), places) for places, size in zip(kinds, counts, strict=True)]
    )


def _few(work: Work, step: int, group: list[Lesson]) -> list[Lesson]:
    """All lessons of a question, or other ones of too many at each step."""
    if len(group) <= TOGETHER:
        return group
    return Random(f"{work.seed}/{step}/{group[0].example.id}").sample(group, TOGETHER)


def losses(work: Work, groups: Sequence[list[Lesson]]) -> list[float]:
    """Difficulty as the model's own loss on each group, at the beginning of the stage."""
    work.learner.module.eval()
    with torch.no_grad():
        return [float(work.learner.loss(group).total) for group in groups]
