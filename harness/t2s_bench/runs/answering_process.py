"""A process that answers beside others: what it is sent, what it sends back, and its loop.

It loads the system anew from its folder, so nothing of the system's own code travels: it is sent
plain data, and its answers go back as lines of predictions.jsonl.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from t2s_bench.errors import BadInput, UserError
from t2s_bench.plugins import error_text, load_system
from t2s_bench.runs.answering import ask
from t2s_bench.runs.directory import prediction_record
from t2s_bench.runs.records import encode
from t2s_bench.system import System
from t2s_bench.types import Database, Question

Requests = Sequence[tuple[Question, Database]]


@dataclass(frozen=True)
class Recipe:
    """What it takes to load the same system in another process."""

    folder: Path
    digest: str
    options: Mapping[str, object]
    seed: int
    off: frozenset[str]

    def start(self) -> System:
        """Loads and starts it; raises BadInput where its files are no longer the same."""
        loaded = load_system(self.folder, self.options, seed=self.seed, off=self.off)
        if loaded.digest != self.digest:
            raise BadInput(f"{self.folder} was changed while its run began: start it again")
        system = loaded.start()
        assert isinstance(system, System)
        return system


@dataclass(frozen=True)
class Ready:
    """The system has started: what it says of itself as JSON, and how many questions it takes."""

    description: str
    batch_size: int


@dataclass(frozen=True)
class Answered:
    """A batch's answers: lines of predictions.jsonl, each with its seconds."""

    lines: Sequence[tuple[bytes, float]]


@dataclass(frozen=True)
class Failed:
    """The system failed: the one line for the user, and the traceback behind it."""

    message: str
    trace: str


def main(descriptor: int) -> None:
    """Answers batches, of one system after another, until the run closes its end, or is gone.

    `descriptor` is the socket's. A system is closed before the next one starts.

    Ctrl-C reaches the whole foreground group; only the run reacts to it, and ends this process.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.set_inheritable(descriptor, False)
    with Connection(descriptor) as run, suppress(EOFError, BrokenPipeError, ConnectionResetError):
        following: Recipe | None = run.recv()
        while following is not None:
            recipe = following
            try:
                following = _answer(recipe, run)
            except Exception as error:
                message = str(error)
                if not isinstance(error, UserError):
                    message = f"system '{recipe.folder.name}': {error_text(error, recipe.folder)}"
                run.send(Failed(message, traceback.format_exc()))
                return


def _answer(recipe: Recipe, run: Connection) -> Recipe | None:
    """Answers until there is another system to start (its recipe), or nothing more to do."""
    with closing(recipe.start()) as system:
        # From here on there is something to close before the process ends.
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
        # What has been loaded stays: the collector need not look through it again and again.
        gc.freeze()
        run.send(Ready(json.dumps(system.describe()), system.batch_size))
        while not isinstance(sent := _next(run), Recipe | None):
            answers = ask(system, sent)
            lines = [(encode(prediction_record(id, made)), made.seconds) for id, made in answers]
            run.send(Answered(lines))
    return sent


def _next(run: Connection) -> Requests | Recipe | None:
    """The next batch or system; None where there is none or the run is gone."""
    try:
        sent: Requests | Recipe = run.recv()
    except (EOFError, ConnectionResetError):
        return None
    return sent
