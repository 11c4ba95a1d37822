"""Phase 4: the model's own uncertain and wrong cases are taught again; then it is calibrated.

A case is uncertain where the share of samples that agree with the most frequent result is below
`uncertainty_threshold`, and wrong where that result is. Calibration is fitted on databases that
nothing was trained on: which logit accepts, how judgement and votes are blended, which signals
speak for an answer, and how much of a schema may be left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from t2s_bench.errors import BadInput
from t2s_bench.training.atomic import write_folder
from t2s_bench.types import Example

from ..agents.candidate import Candidate
from ..agents.recall_guard import RecallGuard
from ..agents.selection import Blend, Case, select
from ..clarifier.calibration import Calibration
from ..clarifier.uncertainty import Signals, signals
from ..codec.codec import Partial
from ..task import Linking, Role
from .lessons import Lesson, Rollout
from .loop import fit
from .rewards import Level, Reward
from .roles import used
from .supervised import CANDIDATES, spread, taught, tried, validation_lessons
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


def calibrate(work: Work, folder: Path) -> None:
    """Fits on the calibration slice and writes calibration.json into `folder`."""
    work.learner.module.eval()
    policy = work.learner.policy()
    found: list[Case] = []
    told: list[Signals] = []
    linkings: list[tuple[Linking, list[float]]] = []
    groups: list[str] = []
    judging = Role.VALIDATION in work.roles
    for example in work.data.calibration:
        task = work.task(example)
        linking = policy.link(task)
        linkings.append((linking, relevances(linking, example, work)))
        session = policy.open(task)
        (written,) = session.extend([Partial()], CANDIDATES, temperature=0.0, to_end=True)
        if not written:
            continue
        assert example.database is not None
        seen = work.prober.run(example.database, [one.sql for one in written])
        candidates = tuple(map(Candidate, written, seen))
        logits = tuple(session.judge(seen)) if judging else (0.0,) * len(seen)
        rewards = work.rewarder([(example, one.sql) for one in written])
        if not all(reward.known for reward in rewards):
            continue
        found.append(
            Case(candidates, logits, tuple(reward.level is Level.RIGHT for reward in rewards))
        )
        groups.append(example.question.database)
        told.append(_signals(found[-1], linking, judging))
    blend = Blend.fit(found) if judging else Blend(weight=0.0)
    blend.save(folder)
    RecallGuard.fit(linkings).save(folder)
    right = [
        case.right[select(case.candidates, case.logits, blend.weight).chosen] for case in found
    ]
    try:
        fitted = Calibration.fit(told, right, groups=groups)
    except BadInput as error:
        work.run.log(f"confidence is not calibrated: {error}")
        return
    fitted.save(folder, "confidence" if judging else "confidence_solo")
    if fitted.report is not None:
        values = {name: float(value) for name, value in fitted.report.__dict__.items()}
        work.run.record(4, work.phase_steps(4), "calibration", values)


def _signals(case: Case, linking: Linking, judging: bool) -> Signals:
    logits = case.logits if judging else None
    selection = select(case.candidates, logits, 0.5 if judging else 0.0)
    return signals(case.candidates, selection, logits, linking)


def relevances(linking: Linking, example: Example, work: Work) -> list[float]:
    """The relevance of each table and column that the gold uses."""
    task = work.task(example)
    wanted = used(example.golds[0], task)
    found = []
    for place, table in enumerate(task.schema.tables):
        if table.name in wanted:
            found.append(linking.tables[place])
        found += [
            linking.columns[place][n]
            for n, column in enumerate(table.columns)
            if f"{table.name}.{column.name}" in wanted
        ]
    return found
