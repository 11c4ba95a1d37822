"""Phase 1: the schema and SQL roles learn golds, easy before hard; then the validator learns.

The validation role learns from statements that were written for training questions and executed:
right and wrong ones in the proportion in which they come, those of one question together. They are
the model's own (`judged`), or, with `validation_folds`, those of writers that had not seen their
databases (`cross_fitting.py`): a model that has learnt a question by heart errs less, and
otherwise, than it will on new ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from t2s_bench.types import Example

from ..task import Role
from .cross_fitting import cross_fitted, start_critic, tunes_critic, write_candidates
from .lessons import Lesson, Rollout
from .loop import fit
from .rewards import Level, Reward
from .rolling import rolled
from .teaching import lessons, taught
from .work import Work

# The validator's share of the phase's rate, and that of one that starts as a trained writer.
VALIDATION_RATE, TUNING_RATE = 1 / 2, 1 / 6
# Rollouts a question from which the validator learns.
CANDIDATES = 6


def supervised(work: Work) -> None:
    """The whole phase."""
    options = work.options
    steps, rate, averaging = options.phase1_steps, options.learning_rate, options.weight_averaging
    judging = Role.VALIDATION in work.roles
    if judging and options.writers:
        write_candidates(work)
    fit(work, taught(work, 1, "writing", steps, rate, lambda: lessons(work), averaging=averaging))
    if judging:
        questions = max(1, options.refine_questions)
        tuned = tunes_critic(work)

        def make() -> list[Lesson]:
            if tuned:
                start_critic(work)
            return cross_fitted(work) if options.writers else judged(work, questions)

        rate *= TUNING_RATE if tuned else VALIDATION_RATE
        count = options.validation_steps
        fit(work, taught(work, 1, "validation", count, rate, make, by_question=True))


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
    seeds = [work.seed + number for number in range(len(examples))]
    written = rolled(work, examples, Role.SQL, n, seeds)
    asked = [(e, one.sql) for e, group in zip(examples, written, strict=True) for one in group]
    rewards = iter(work.rewarder(asked))
    return [
        (example, group, [next(rewards) for _ in group])
        for example, group in zip(examples, written, strict=True)
    ]


def spread(examples: Sequence[Example], count: int, skip: int = 0) -> list[Example]:
    """So many examples, evenly over the list; `skip` shifts the choice."""
    count = min(count, len(examples))
    return [examples[(n * len(examples) // count + skip) % len(examples)] for n in range(count)]
