"""The run directory: what a run leaves behind, and how a killed one goes on.

    lock.json           the run's identity, written first
    system.json         what the started system said of itself (a checkpoint's digest, say)
    predictions.jsonl   one line a question, as it is predicted
    executions.jsonl    what each question cost: seconds, steps, rows (not repeatable)
    scores.jsonl        one line a question: id, outcome, every metric by name
    report.json, report.md
    done.json           written last: its presence means complete

Predictions and scores of the same run are equal byte for byte, however often it was interrupted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from t2s_bench.errors import BadInput, NotARun, NotComparable
from t2s_bench.runs import records
from t2s_bench.runs.lock import Lock, differences, read_lock, require_same
from t2s_bench.types import Candidate, Outcome, Prediction, Score

FILES = ("predictions.jsonl", "executions.jsonl", "scores.jsonl")
REPORTS = ("report.json", "report.md")


class RunDirectory:
    """A run on disk, open for reading. `open_for_writing` gives the one process that may write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.lock = read_lock(folder / "lock.json")
        except FileNotFoundError as error:
            kind = "does not exist" if not folder.exists() else "has no lock.json"
            raise NotARun(
                f"{folder} is not a run: it {kind}. Runs are made by: t2s-bench run SYSTEM"
            ) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotARun(f"{folder}/lock.json is damaged ({error})") from error

    @property
    def done(self) -> bool:
        """Whether the run is complete."""
        return (self.folder / "done.json").exists()

    def predictions(self) -> dict[str, Prediction]:
        """Predictions by question id; their seconds stand in executions.jsonl."""
        found = records.read(self.folder / "predictions.jsonl")
        return {str(line["id"]): prediction_from(line) for line in found}

    def scores(self) -> dict[str, Score]:
        """Scores by question id."""
        return {
            str(line["id"]): _score_from(line)
            for line in records.read(self.folder / "scores.jsonl")
        }

    def costs(self) -> dict[str, dict[str, object]]:
        """What each question cost, by question id (the last line wins)."""
        costs: dict[str, dict[str, object]] = {}
        for line in records.read(self.folder / "executions.jsonl"):
            costs.setdefault(str(line["id"]), {}).update(line)
        return costs

    def report(self) -> dict[str, object]:
        """The report as it was written at the end; NotARun if the run is not complete."""
        path = self.folder / "report.json"
        if not path.exists():
            raise NotARun(f"{self.folder} is not complete: finish it with --resume")
        content = json.loads(path.read_text())
        assert isinstance(content, dict)
        return content


class RunWriter:
    """The one process that writes a run; a second one is refused."""

    def __init__(self, folder: Path, lock: Lock, *, resume: bool, fresh: bool) -> None:
        self.folder = folder
        _make_ready(folder, lock, resume=resume, fresh=fresh)
        self._guard = _held(folder)
        self.directory = RunDirectory(folder)
        self.predictions, self.executions, self.scores = (
            records.Appender(folder / name) for name in FILES
        )

    def check_system(self, description: Mapping[str, object]) -> None:
        """Records what a system says of itself, or refuses one that now says something else."""
        path = self.folder / "system.json"
        now = json.loads(json.dumps(description))
        if path.exists():
            found = list(differences(json.loads(path.read_text()), now))
            if found:
                raise NotComparable(
                    f"{self.folder} was begun with another system ({'; '.join(found)}): take "
                    "another folder with --out, or start over with --fresh"
                )
        else:
            records.replace(path, (json.dumps(now) + "\n").encode())

    def add_predictions(self, predictions: Iterable[tuple[str, Prediction]]) -> None:
        """Appends predictions and, beside them, their seconds."""
        listed = list(predictions)
        self.executions.append(
            {"id": id, "predict_seconds": prediction.seconds} for id, prediction in listed
        )
        self.predictions.append(prediction_record(id, prediction) for id, prediction in listed)

    def add_score(self, score: Score, cost: Mapping[str, object]) -> None:
        """Appends a question's score and what its executions cost."""
        self.executions.append([{"id": score.id, **cost}])
        self.scores.append([score_record(score)])

    def finish(self, order: Iterable[str], report: Mapping[str, object], markdown: str) -> None:
        """Puts the files into the benchmark's order, writes the reports and, last, `done.json`."""
        ids = list(order)
        for name in FILES[0], FILES[2]:
            lines = {str(line["id"]): line for line in records.read(self.folder / name)}
            content = b"".join(records.encode(lines[id]) for id in ids)
            records.replace(self.folder / name, content)
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        records.replace(self.folder / "report.json", text.encode())
        records.replace(self.folder / "report.md", markdown.encode())
        done = {"questions": len(ids), "lock": self.directory.lock.digest}
        records.replace(self.folder / "done.json", (json.dumps(done) + "\n").encode())

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for appender in (self.predictions, self.executions, self.scores):
            appender.__exit__(kind, error, traceback)
        os.close(self._guard)


def _make_ready(folder: Path, lock: Lock, *, resume: bool, fresh: bool) -> None:
    """Creates the folder, or checks that what is there may be continued or replaced."""
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file: take a folder with --out")
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / "lock.json").exists():
            raise BadInput(f"{folder} is not empty and not a run: take another folder with --out")
        old = RunDirectory(folder)
        if fresh:
            guard = _held(folder)
            for name in ("done.json", *FILES, *REPORTS, "system.json", "lock.json"):
                (folder / name).unlink(missing_ok=True)
            os.close(guard)
        elif resume:
            require_same(old.lock, lock, folder)
            return
        else:
            state = "a finished" if old.done else "an unfinished"
            raise BadInput(
                f"{folder} holds {state} run: go on with --resume, start over with --fresh, or "
                "take another folder with --out"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot create {folder}: {error.strerror}") from error
    records.replace(folder / "lock.json", lock.to_json().encode())


def _held(folder: Path) -> int:
    refusal = f"another process is writing {folder}: wait for it, or take another folder with --out"
    return records.held(folder / "lock.json", refusal)


def prediction_record(id: str, prediction: Prediction) -> dict[str, object]:
    """The line of predictions.jsonl: everything but the seconds, which do not repeat."""
    record = {"id": id, **asdict(prediction)}
    del record["seconds"]
    return record


def prediction_from(record: Mapping[str, object]) -> Prediction:
    """The prediction behind a line; the inverse of `prediction_record`."""
    fields = {key: value for key, value in record.items() if key != "id"}
    candidates = fields.pop("candidates", ())
    assert isinstance(candidates, (list, tuple))
    return Prediction(
        **fields,  # type: ignore[arg-type]
        candidates=tuple(Candidate(**candidate) for candidate in candidates),
    )


def score_record(score: Score) -> dict[str, object]:
    """The line of scores.jsonl: id, outcome, error if any, every metric by name."""
    record: dict[str, object] = {"id": score.id, "outcome": str(score.outcome)}
    if score.error:
        record["error"] = score.error
    return {**record, **score.metrics}


def _score_from(record: dict[str, object]) -> Score:
    id, outcome = str(record.pop("id")), Outcome(record.pop("outcome"))
    error = str(record.pop("error", ""))
    return Score(id, outcome, record, error)  # type: ignore[arg-type]
