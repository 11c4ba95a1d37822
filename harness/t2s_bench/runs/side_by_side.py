"""Asking a system in several processes side by side; batches go to whichever is free.

Answers come as they are made, so none waits for a slower one, and do not depend on how many
processes there are. An error is the one that a single process would have met first. POSIX only, as
`execution.pool`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import wait

from t2s_bench.errors import BadInput
from t2s_bench.plugins import LoadedSystem
from t2s_bench.runs.answering import Answers, Check, answer_here, place_of, requests_of
from t2s_bench.runs.answering_process import Answered, Failed, Ready, Recipe
from t2s_bench.runs.directory import prediction_from
from t2s_bench.types import Database, Example, Prediction

# A process has to have at least so many questions: starting it takes as long as answering them
# (two seconds for torch and the small model, which answers in half a second).
LEAST_QUESTIONS = 4
# How long a process may take to close its system before it is killed.
CLOSING_SECONDS = 5.0
# A process whose own children hold its end of the socket open is found dead after this long.
LOOK_SECONDS = 1.0
_STARTING = -1
_BOOT = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from t2s_bench.runs.answering_process import main; main(int(sys.argv[1]))"
)


def answer(
    loaded: LoadedSystem,
    examples: Sequence[Example],
    databases: Mapping[str, Database],
    check: Check,
    most: int,
    crew: Crew,
) -> Generator[Answers, None, None]:
    """Yields batches of answers, made here or, where the system may, in up to `most` of the crew.

    Every started system passes `check`. A generator that is left before its end leaves no process.
    """
    count = min(most, len(examples) // LEAST_QUESTIONS)
    if count > 1 and loaded.side_by_side:
        return _answer_side_by_side(loaded, examples, databases, check, crew, count)
    return answer_here(loaded, examples, databases, check)


def _answer_side_by_side(
    loaded: LoadedSystem,
    examples: Sequence[Example],
    databases: Mapping[str, Database],
    check: Check,
    crew: Crew,
    count: int,
) -> Generator[Answers, None, None]:
    """A failing batch ends it once those before it are answered; what comes later is kept, too."""
    recipe = Recipe(loaded.folder, loaded.digest, loaded.given, loaded.seed, loaded.off)
    following = 0
    failure: tuple[int, BadInput] | None = None
    with crew.at(recipe, count) as started:
        # By process, the place of the first example that it is at.
        places = dict.fromkeys(started, _STARTING)
        sizes: dict[_Process, int] = {}
        while places:
            for process in _with_news(list(places)):
                place = places.pop(process)
                batch = examples[place : place + sizes.get(process, 0)]
                try:
                    reply = process.receive(batch)
                except BadInput as error:
                    if failure is None or place < failure[0]:
                        failure = place, error
                    continue
                if isinstance(reply, Ready):
                    check(json.loads(reply.description))
                    sizes[process] = reply.batch_size
                if failure is None and following < len(examples):
                    places[process] = following
                    following += sizes[process]
                    batch = examples[places[process] : following]
                    process.send(requests_of(batch, databases))
                if isinstance(reply, Answered):
                    yield [_prediction(line, seconds) for line, seconds in reply.lines]
            if failure is not None and all(place > failure[0] for place in places.values()):
                raise failure[1]


class _Process:
    """One process that answers; it lives until `close`, or dies on its own."""

    def __init__(self) -> None:
        self.connection, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, str(theirs.fileno())]
                + [os.path.abspath(entry) for entry in sys.path],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # Several processes with a thread for each core would only stand in each other's
                # way; native libraries read this when they load.
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )

    @property
    def ended(self) -> bool:
        """Whether it is dead."""
        return self._process.poll() is not None

    def send(self, content: object) -> None:
        """Sends it; that the process is dead shows when its reply is read."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(content)

    def receive(self, batch: Sequence[Example]) -> Ready | Answered:
        """The reply that is there; BadInput for an error of the system or a dead process."""
        try:
            if self.ended and not self.connection.poll():
                raise EOFError
            reply: Ready | Answered | Failed = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self.close()
            at = f"on {place_of([one.id for one in batch])}" if batch else "while it started"
            message = f"a process of the system {self._fate()} {at}. {self._advice()}"
            raise BadInput(message) from None
        if isinstance(reply, Failed):
            raise BadInput(reply.message) from RuntimeError(f"in its process:\n{reply.trace}")
        return reply

    def _fate(self) -> str:
        code = self._process.returncode
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def _advice(self) -> str:
        if self._process.returncode == -signal.SIGKILL:
            return "Where memory is short, go on with --resume and fewer --jobs"
        return "Mend it, then go on with --resume or start over with --fresh"

    def terminate(self) -> None:
        """Asks it to close its system and end, whatever it is at."""
        self._process.terminate()

    def close(self) -> None:
        """Waits until it has closed its system and ended; kills it where that takes too long."""
        self.connection.close()
        try:
            self._process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._process.kill()
            self._process.wait()


class Crew:
    """Processes that answer, kept from one run to the next; leaving it ends them.

    The arms of an ablation need not start Python and load their libraries anew.
    """

    def __init__(self) -> None:
        self._processes: list[_Process] = []

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._processes:
            process.connection.close()
        for process in self._processes:
            process.close()
        self._processes.clear()

    @contextmanager
    def at(self, recipe: Recipe, count: int) -> Iterator[Sequence[_Process]]:
        """So many processes, each at starting this system; an error ends all of them."""
        try:
            self._start(count - len(self._processes))
            at_it = self._processes[:count]
            for process in at_it:
                process.send(recipe)
            yield at_it
        except BaseException:
            for process in self._processes:
                process.terminate()
            self.__exit__()
            raise

    def _start(self, count: int) -> None:
        # Ctrl-C must not reach a process before it can ignore it, nor this one before the process
        # is on the list. A blocked signal stays blocked in a process started meanwhile.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._processes += (_Process() for _ in range(count))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _with_news(processes: Sequence[_Process]) -> Sequence[_Process]:
    """Those that have sent something or have died, at least one."""
    while True:
        ready = wait([process.connection for process in processes], LOOK_SECONDS)
        found = [one for one in processes if one.connection in ready or one.ended]
        if found:
            return found


def _prediction(line: bytes, seconds: float) -> tuple[str, Prediction]:
    record = json.loads(line)
    return str(record["id"]), replace(prediction_from(record), seconds=seconds)
