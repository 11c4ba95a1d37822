"""The small record of a finished run: all that a leaderboard or a later comparison needs.

Who was run on what (the lock's identity), every question's outcome and scores in the benchmark's
order, confidences, cost and hardware. No SQL and no text of the benchmark: its questions are named
by a digest of their ids. About 4 kB for 1,000 questions and two metrics.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from t2s_bench.errors import BadInput, NotARun
from t2s_bench.runs.directory import RunDirectory
from t2s_bench.runs.lock import Lock
from t2s_bench.runs.packed import pack, unpack
from t2s_bench.types import Outcome

FORMAT = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@dataclass(frozen=True)
class Record:
    """One system's run on one benchmark.

    `identity` is its lock's: benchmark, system, scoring, versions. `outcomes`, each metric's
    `scores` and `confidences` stand in the benchmark's order; a system that claims no confidence
    has none of the latter. `ceilings` are the percentages that the gold itself reaches. `cost`
    counts tokens, seconds and VM steps of the whole run.
    """

    name: str
    identity: Mapping[str, Any]
    date: str
    hardware: Mapping[str, object]
    cost: Mapping[str, float]
    ceilings: Mapping[str, float | None]
    outcomes: tuple[Outcome, ...]
    scores: Mapping[str, tuple[float | None, ...]]
    confidences: tuple[float | None, ...]
    note: str = ""

    @property
    def digest(self) -> str:
        """The short name of the run's identity."""
        return Lock(self.identity, {}).digest

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics it is scored by; the first decides the outcome."""
        return tuple(self.scores)

    @property
    def ceiling(self) -> bool:
        """Whether the system may see the gold."""
        return bool(self.identity["system"].get("ceiling"))

    @property
    def predicted_elsewhere(self) -> bool:
        """Whether a file of predictions was scored: then nothing is known of what they cost."""
        return "predictions_file" in self.identity["system"]

    def to_json(self) -> str:
        """The file's text: a line a field, and a line a metric."""
        return json_lines(
            {
                "format": FORMAT,
                "name": self.name,
                "run": self.digest,
                "identity": self.identity,
                "date": self.date,
                "note": self.note,
                "hardware": self.hardware,
                "cost": self.cost,
                "ceilings": self.ceilings,
                "outcomes": pack([str(outcome) for outcome in self.outcomes]),
                **{f"score {name}": _packed(column, 0, 1) for name, column in self.scores.items()},
                "percent_confident": _packed([_percent(value) for value in self.confidences]),
            }
        )


def make_record(directory: RunDirectory, ids: Sequence[str], name: str, note: str = "") -> Record:
    """The record of a complete run; `ids` are all questions of its benchmark, in order.

    Scores keep four decimals and confidences two. NotARun for an unfinished run, BadInput for a
    run on chosen questions only and for a name that cannot be a file's.
    """
    if not directory.done:
        raise NotARun(f"{directory.folder} is not complete: finish it with --resume")
    check_name(name)
    identity: Any = directory.lock.identity
    scores, predictions = directory.scores(), directory.predictions()
    if sha256("\n".join(ids).encode()).hexdigest()[:16] != identity["benchmark"]["ids"]:
        raise BadInput(
            f"{directory.folder} answers {len(scores):,} chosen of {len(ids):,} questions: a "
            "record is about the whole benchmark, so run it without --limit and --ids"
        )
    report: Any = directory.report()
    about = directory.lock.about
    names = identity["scoring"]["metrics"]
    confidences = tuple(predictions[id].confidence for id in ids)
    return Record(
        name=name,
        identity=identity,
        date=str(about["started"])[:10],
        hardware={key: about[key] for key in ("machine", "system")},
        cost={key: round(value, 3) for key, value in report["cost"].items()},
        ceilings={metric: report["metrics"][metric]["ceiling"] for metric in names},
        outcomes=tuple(scores[id].outcome for id in ids),
        scores={
            metric: tuple(_rounded(scores[id].metrics.get(metric)) for id in ids)
            for metric in names
        },
        confidences=confidences if any(value is not None for value in confidences) else (),
        note=note,
    )


def read_record(path: Path) -> Record:
    """Reads a record; BadInput where it is damaged or was changed by hand."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        identity = content["identity"]
        record = Record(
            name=content["name"],
            identity=identity,
            date=content["date"],
            hardware=content["hardware"],
            cost=content["cost"],
            ceilings=content["ceilings"],
            outcomes=tuple(map(Outcome, unpack(content["outcomes"]))),
            scores={
                metric: tuple(unpack(content[f"score {metric}"]))
                for metric in identity["scoring"]["metrics"]
            },
            confidences=tuple(
                None if value is None else value / 100
                for value in unpack(content["percent_confident"])
            ),
            note=content["note"],
        )
        known = content["format"] == FORMAT
        whole = record.digest == content["run"]
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is not a record of a run ({error!r})") from error
    if not known:
        raise BadInput(f"{path} has format {content['format']}, this version reads {FORMAT}")
    questions = identity["benchmark"]["questions"]
    columns = [record.outcomes, *record.scores.values()]
    columns += [record.confidences] if record.confidences else []
    if not whole or any(len(column) != questions for column in columns):
        raise BadInput(
            f"{path} was changed by hand or cut off: make it again with t2s-bench submit RUN"
        )
    return record


def check_name(name: str) -> None:
    """BadInput for a name that cannot be a record's: it is also the name of a file."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"'{name}' cannot name a record: letters, digits and . _ + - only; give one with --name"
        )


def _packed(column: Sequence[float | None], *first: float) -> dict[str, object]:
    """Packed with these values first, then the others in ascending order, then null."""
    others = sorted({value for value in column if value is not None} - set(first))
    return pack(column, [*first, *others, *([None] if None in column else [])])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _percent(value: float | None) -> int | None:
    return None if value is None else round(100 * value)


def json_lines(fields: Mapping[str, object]) -> str:
    """A JSON object with a line for each field: long columns stay on one line, diffs stay short."""
    lines = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in fields.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"
