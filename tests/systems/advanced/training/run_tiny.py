"""Trains the tiny learner in a process of its own, which may be killed or be one of several."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from systems.advanced.training.lessons import Lesson, Loss
from systems.advanced.training.phases import PHASES, run_phases, save_final
from tests.systems.advanced.training.tiny import TinyLearner, small_options, working


class Killed(TinyLearner):
    """Kills its process at a call of the loss of all such learners."""

    calls = 0
    at = -1

    def loss(self, lessons: Sequence[Lesson]) -> Loss:
        Killed.calls += 1
        if Killed.calls == Killed.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().loss(lessons)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("towns", type=Path)
    parser.add_argument("options", nargs="*")
    parser.add_argument("--kill", type=int, default=-1)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--phases", type=int, default=4)
    said = parser.parse_intermixed_args()
    changes: dict[str, Any] = {
        name: float(value) if "." in value else int(value)
        for name, value in (text.split("=") for text in said.options)
    }
    options = small_options(said.towns, **changes)
    learner = Killed(dropout=said.dropout)
    Killed.at = said.kill
    for name in list(PHASES)[said.phases :]:
        PHASES[name] = lambda work: None
    with working(said.folder, options, learner, resume=said.resume) as work:
        run_phases(work)
        save_final(work)


if __name__ == "__main__":
    main()
