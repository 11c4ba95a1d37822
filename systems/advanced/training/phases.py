"""The four phases in order: what is done, measured and kept between them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from t2s_bench.training.directory import TrainingRun, read_metrics

from . import checkpoints
from .calibrate import FOLDER, refine
from .evaluation import evaluate
from .expert_iteration import expert_iteration
from .grpo import grpo
from .joint import joint
from .linker import FOLDER as LINKER
from .linker import load_linker
from .supervised import supervised
from .work import Work

WEIGHTS = "weights"


def policy_guided(work: Work) -> None:
    """Phase 2: expert iteration, then reinforcement."""
    expert_iteration(work)
    grpo(work)


PHASES: dict[str, Callable[[Work], None]] = {
    "curriculum": supervised,
    "policy-guided": policy_guided,
    "schema-aware": joint,
    "uncertainty": refine,
}


def run_phases(work: Work) -> dict[str, object]:
    """Does what is asked for and not finished; returns EX on the slice before and after each phase.

    A phase begins with the weights of the nearest earlier phase that is finished. What earlier
    calls have reached is among what is returned.
    """
    run = work.run
    work.fit_length()
    asked = [number for number in run.request.phases if not run.finished(number)]
    if asked:
        _load_before(work, asked[0])
        if asked[0] == 1:
            evaluate(work, 1, 0)
    for number, (name, phase) in enumerate(PHASES.items(), start=1):
        if number not in asked:
            continue
        run.log(f"phase {number}: {name}")
        phase(work)
        figures = evaluate(work, number, work.phase_steps(number)).figures()
        checkpoints.save_weights(run.phase(number) / WEIGHTS, work.optimiser)
        run.finish(number, figures)
    if not asked and any(run.finished(number) for number in range(1, len(PHASES) + 1)):
        _load_before(work, len(PHASES) + 1)
    return _reached(run)


def _reached(run: TrainingRun) -> dict[str, object]:
    """The evaluation before phase 1 and the last one of each finished phase, by name."""
    found: dict[str, object] = {}
    for line in read_metrics(run.folder):
        phase, at_first = int(str(line["phase"])), line["step"] == 0 and line["phase"] == 1
        if line["kind"] == "eval" and (at_first or run.finished(phase)):
            figures = {name: value for name, value in line.items() if name.startswith("ex")}
            found["before" if at_first else f"phase {phase}"] = figures
    return found


def _load_before(work: Work, phase: int) -> None:
    for number in range(phase - 1, 0, -1):
        path = work.run.phase(number) / WEIGHTS
        if work.run.finished(number) and path.exists():
            checkpoints.read_weights(path, work.optimiser)
            if number >= 3 and (chat := work.chat):
                load_linker(work, chat)
            return
    if phase > 1:
        work.run.log(f"phase {phase} begins with untrained weights: phase {phase - 1} is not done")


def save_final(work: Work) -> None:
    """Writes the final model, with the calibration where phase 4 made one."""
    run = work.run

    def write(folder: Path) -> None:
        work.learner.save(folder)
        linker = run.phase(3) / f"{LINKER}_model"
        if linker.is_dir():
            # A model that reads the network has saved it already.
            shutil.copytree(linker, folder / LINKER, dirs_exist_ok=True)
        calibration = run.phase(4) / FOLDER
        if calibration.is_dir():
            for path in calibration.iterdir():
                shutil.copy2(path, folder / path.name)

    run.save_final(write)
    work.optimiser.accelerator.wait_for_everyone()
