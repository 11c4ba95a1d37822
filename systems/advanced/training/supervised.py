"""Phase 1: the schema and SQL roles learn golds, easy before hard; then the validator learns.

The validation role learns from what the model itself writes for training questions, executed:
right and wrong statements in the proportion in which they come, those of one question together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from t2s_bench.types import Example

from ..small_model.learner import SmallLearner
from ..task import Role
from .curriculum import Curriculum, difficulty
from .lessons import Lesson, Rollout
from .loop import Batch, Stage, fit
from .rewards import Level, Reward
from .work import Work, describe_lesson

Draw = Callable[[int], Batch[Lesson]]
# The validator's share of the phase's steps.
VALIDATION_SHARE = 0.25
# Rollouts a question from which the validator learns.
CANDIDATES = 6


def supervised(work: Work) -> None:
    """The whole phase."""
    steps = work.options.phase1_steps
    rate = work.options.learning_rate
    fit(work, taught(work, 1, "writing", steps, rate, lambda: lessons(work)))
    if Role.VALIDATION in work.roles:
        count = math.ceil(VALIDATION_SHARE * steps)
        questions = max(1, work.options.refine_questions)
        fit(
            work,
            taught(work, 1, "validation", count, rate / 2, lambda: judged(work, questions)),
        )


def taught(
    work: Work,
    phase: int,
    name: str,
    steps: int,
    rate: float,
    make: Callable[[], Sequence[Lesson]],
) -> Stage[Lesson]:
    """A stage that teaches lessons, by the curriculum in phase 1 and evenly later."""
    return Stage(
        phase,
        name,
        steps,
        rate,
        prepare=lambda: drawn(work, make(), steps, phase == 1),
        loss=work.learner.loss,
        describe=describe_lesson,
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


def judged(work: Work, questions: int, skip: int = 0) -> list[Lesson]:
    """Validation lessons from the model's own statements for so many training questions."""
    examples = spread(work.data.train, questions, skip)
    found: list[Lesson] = []
    for example, rollouts, rewards in tried(work, examples, CANDIDATES):
        found += validation_lessons(work, example, rollouts, rewards)
    return found


def validation_lessons(
    work: Work, example: Example, rollouts: Sequence[Rollout], rewards: Sequence[Reward]
) -> list[Lesson]:
    """A lesson for each distinct statement that runs or fails, with what its execution showed."""
    best = max((sum(one.logprobs) for one in rollouts), default=0.0)
    known = {
        rollout.sql: (rollout, reward)
        for rollout, reward in zip(rollouts, rewards, strict=True)
        if rollout.sql and reward.known
    }
    assert example.database is not None
    seen = work.prober.run(example.database, list(known))
    return [
        Lesson(
            Role.VALIDATION,
            work.task(example),
            example,
            evidence=shown,
            right=reward.level is Level.RIGHT,
            logprob=sum(rollout.logprobs),
            best=best,
        )
        for (rollout, reward), shown in zip(known.values(), seen, strict=True)
    ]


def tried(
    work: Work, examples: Sequence[Example], n: int
) -> list[tuple[Example, list[Rollout], list[Reward]]]:
    """N samples of the SQL role for each question, and what they earn; in one batch."""
    work.learner.module.eval()
    temperature = work.options.policy_temperature
    written = [
        work.learner.rollouts(
            work.task(example), Role.SQL, n, temperature=temperature, seed=work.seed + number
        )
        for number, example in enumerate(examples)
    ]
    asked = [(e, one.sql) for e, group in zip(examples, written, strict=True) for one in group]
    rewards = iter(work.rewarder(asked))
    return [
        (example, group, [next(rewards) for _ in group])
        for example, group in zip(examples, written, strict=True)
    ]


def drawn(work: Work, found: Sequence[Lesson], steps: int, curriculum: bool) -> Draw:
    """Batches of lessons as a function of the step."""
    options = work.options
    if not found:
        work.run.log("nothing to teach in this stage")
        return lambda step: Batch((), {})
    hard = (
        losses(work, found)
        if options.difficulty == "loss" and curriculum
        else [difficulty(lesson.example) for lesson in found]
    )
    plan = Curriculum(
        hard,
        batch=work.batch_of_all(),
        over=math.ceil(options.curriculum_share * steps),
        pacing=options.pacing if curriculum else "none",
        start=options.curriculum_start,
        seed=work.seed,
        lengths=[work.tokens(lesson.example) for lesson in found]
        if options.length_buckets
        else None,
    )

    def draw(step: int) -> Batch[Lesson]:
        chosen = [found[place] for place in plan.batch(step)]
        return Batch(work.mine(chosen), {"open": plan.share(step)})

    return draw


def losses(work: Work, found: Sequence[Lesson]) -> list[float]:
    """Difficulty as the model's own loss on each lesson, at the beginning of the stage."""
    work.learner.module.eval()
    with torch.no_grad():
        return [float(work.learner.loss([lesson]).total) for lesson in found]


def spread(examples: Sequence[Example], count: int, skip: int = 0) -> list[Example]:
    """So many examples, evenly over the list; `skip` shifts the choice."""
    count = min(count, len(examples))
    return [examples[(n * len(examples) // count + skip) % len(examples)] for n in range(count)]
