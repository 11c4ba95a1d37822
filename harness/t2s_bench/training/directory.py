"""The directory of a training: what it leaves behind, and how a killed one goes on.

    lock.json            the training's identity, written first
    training.log         what was said, with the time
    metrics.jsonl        one line a step or evaluation, only ever appended to
    phase1/ …            a phase's checkpoints; its done.json is written when it is finished
    final_model/         the trained model
    *.png                plots of metrics.jsonl
    evaluation/          runs of the final model on benchmarks, with result.json (see
                         `final_evaluation`)
    report.json
    done.json            written last: all phases are finished

A phase that goes on from a checkpoint says some steps again: the last line of a step counts.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from t2s_bench.errors import BadInput, NotARun, NotComparable
from t2s_bench.options import resolved
from t2s_bench.runs import records
from t2s_bench.runs.lock import Lock, differences, read_lock
from t2s_bench.training.atomic import write_folder
from t2s_bench.training.trainer import Request

FINAL_MODEL = "final_model"
EVALUATION = "evaluation"
RESULT = "result.json"
METRICS = "metrics.jsonl"
LOG = "training.log"
_OWN = ("done.json", "report.json", RESULT, METRICS, LOG, "lock.json")


@dataclasses.dataclass(frozen=True)
class Listener:
    """Called with every metrics line and with every line of the log; for a live view."""

    record: Callable[[Mapping[str, object]], None] = lambda values: None
    say: Callable[[str], None] = lambda text: None


class TrainingRun:
    """The one process that writes a training; of several, only the main one writes.

    `request` says what is to be done. Use it in a `with`.
    """

    def __init__(
        self,
        folder: Path,
        lock: Lock,
        request: Request,
        *,
        resume: bool = False,
        fresh: bool = False,
        listener: Listener | None = None,
    ) -> None:
        self.folder = folder
        self.request = request
        self.main = int(os.environ.get("RANK", "0")) == 0
        self._listener = listener or Listener()
        self._metrics: records.Appender | None = None
        self._guard = -1
        if self.main:
            _make_ready(folder, lock, resume=resume, fresh=fresh)
            self._guard = _held(folder)
            self._metrics = records.Appender(folder / METRICS)

    @property
    def final_model(self) -> Path:
        """Where the trained model lies."""
        return self.folder / FINAL_MODEL

    def phase(self, number: int) -> Path:
        """The phase's folder, made where it is missing."""
        path = self.folder / f"phase{number}"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def finished(self, number: int) -> bool:
        """Whether the phase is complete."""
        return (self.folder / f"phase{number}" / "done.json").exists()

    def finish(self, number: int, summary: Mapping[str, object]) -> None:
        """Marks the phase as complete."""
        if self.main:
            _write_json(self.phase(number) / "done.json", summary)

    def record(self, phase: int, step: int, kind: str, values: Mapping[str, object]) -> None:
        """Appends a line to metrics.jsonl; `kind` is 'train' or 'eval', or the trainer's own."""
        if self._metrics is not None:
            line = {"phase": phase, "step": step, "kind": kind, **values}
            self._metrics.append([line])
            self._listener.record(line)

    def log(self, text: str) -> None:
        """Appends a line to training.log."""
        if self.main:
            time = datetime.now(timezone.utc).isoformat(timespec="seconds")
            with open(self.folder / LOG, "a", encoding="utf-8") as file:
                file.write(f"{time} {text}\n")
            self._listener.say(text)

    def save_final(self, write: Callable[[Path], None]) -> None:
        """Writes the final model, atomically."""
        if self.main:
            write_folder(self.final_model, write)

    def complete(self, report: Mapping[str, object], phases: Iterable[int]) -> None:
        """Writes the report and, where all of `phases` are finished, `done.json`, last."""
        if self.main:
            _write_json(self.folder / "report.json", report)
            if all(self.finished(number) for number in phases):
                lock = read_lock(self.folder / "lock.json")
                _write_json(self.folder / "done.json", {"lock": lock.digest})

    def __enter__(self) -> TrainingRun:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._metrics is not None:
            self._metrics.__exit__(kind, error, traceback)
            os.close(self._guard)


def read_metrics(folder: Path) -> list[dict[str, object]]:
    """The lines of metrics.jsonl in order; of lines on one step, the last."""
    lines = {
        (line["phase"], line["kind"], line["step"]): line for line in records.read(folder / METRICS)
    }
    return list(lines.values())


def identity_options(options: object) -> dict[str, object]:
    """The options that identify a training: all but those declared `{"identity": False}`."""
    free = {
        field.name
        for field in dataclasses.fields(options)  # type: ignore[arg-type]
        if field.metadata.get("identity") is False
    }
    return {name: value for name, value in resolved(options).items() if name not in free}


def _make_ready(folder: Path, lock: Lock, *, resume: bool, fresh: bool) -> None:
    """Creates the folder, or checks that what is there may be continued or replaced."""
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file: take another experiment_name")
    if folder.is_dir() and any(folder.iterdir()):
        try:
            old = read_lock(folder / "lock.json")
        except FileNotFoundError as error:
            raise BadInput(
                f"{folder} is not empty and not a training: take another experiment_name"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise NotARun(f"{folder}/lock.json is damaged ({error})") from error
        if resume:
            found = list(differences(old.identity, lock.identity))
            if found:
                raise NotComparable(
                    f"{folder} holds a different training ({'; '.join(found)}): take another "
                    "experiment_name, or start over with --fresh"
                )
            return
        if not fresh:
            done = (folder / "done.json").exists()
            raise BadInput(
                f"{folder} holds {'a finished' if done else 'an unfinished'} training: go on with "
                "--resume, start over with --fresh, or take another experiment_name"
            )
        guard = _held(folder)
        for name in _OWN:
            (folder / name).unlink(missing_ok=True)
        os.close(guard)
        for path in (*folder.glob("phase[0-9]*"), folder / FINAL_MODEL, folder / EVALUATION):
            shutil.rmtree(path, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot create {folder}: {error.strerror}") from error
    records.replace(folder / "lock.json", lock.to_json().encode())


def _held(folder: Path) -> int:
    refusal = (
        f"another process is training in {folder}: wait for it, or take another experiment_name"
    )
    return records.held(folder / "lock.json", refusal)


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    records.replace(path, text.encode())
