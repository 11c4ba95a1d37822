"""Phase 4: the model's own uncertain and wrong cases are taught again; then it is calibrated.

A case is uncertain where the share of samples that agree with the most frequent result is below
`uncertainty_threshold`, and wrong where that result is. Calibration: see `pipeline.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from t2s_bench.training.atomic import write_folder
from t2s_bench.types import Example

from ..task import Role
from .lessons import Lesson, Rollout
from .loop import fit
from .pipeline import calibrate
from .rewards import Level, Reward
from .supervised import CANDIDATES, spread, tried, validation_lessons
from .teaching import taught
from .work import Work

FOLDER = "calibration"


def refine(work: Work) -> None:
    """Rounds of looking for cases and teaching them, then calibration."""
    options = work.options
    if not options.use_query_clarifier:
        work.run.log("phase 4: left out, use_query_clarifier is false")
        return
    rounds = options.clarification_iterations
    for round_ in range(rounds):
        steps = (round_ + 1) * options.phase4_steps // rounds
        steps -= round_ * options.phase4_steps // rounds

        def make(round_: int = round_) -> list[Lesson]:
            return cases(work, round_)

        name = f"refine{round_ + 1}"
        fit(work, taught(work, 4, name, steps, options.later_learning_rate, make))
    if work.run.main:
        write_folder(work.run.phase(4) / FOLDER, lambda folder: calibrate(work, folder))
    work.optimiser.accelerator.wait_for_everyone()


def cases(work: Work, round_: int) -> list[Lesson]:
    """Lessons of the questions that the model of now finds hard."""
    examples = spread(work.data.train, work.options.refine_questions, skip=round_ + 1)
    lessons: list[Lesson] = []
    hard = 0
    for example, rollouts, rewards in tried(work, examples, CANDIDATES):
        confidence, right = sureness(work, example, rollouts, rewards)
        if right and confidence >= work.options.uncertainty_threshold:
            continue
        hard += 1
        lessons.append(Lesson(Role.SQL, work.task(example), example))
        if Role.VALIDATION in work.roles:
            lessons += validation_lessons(work, example, rollouts, rewards)
    work.run.log(f"refinement {round_ + 1}: {hard} of {len(examples)} cases uncertain or wrong")
    return lessons


def sureness(
    work: Work, example: Example, rollouts: Sequence[Rollout], rewards: Sequence[Reward]
) -> tuple[float, bool]:
    """The share of samples with the most frequent result, and whether that is right."""
    assert example.database is not None
    seen = work.prober.run(example.database, [one.sql for one in rollouts])
    results = [one.result for one in seen if one.runs]
    if not results:
        return 0.0, False
    result, count = Counter(results).most_common(1)[0]
    right = any(
        one.result == result and reward.level is Level.RIGHT
        for one, reward in zip(seen, rewards, strict=True)
    )
    return count / len(rollouts), right
