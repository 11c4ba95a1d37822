"""The hand-written sources of one database: schema, rows and questions, read and checked."""

from __future__ import annotations

import datetime
import importlib.util
import random
import re
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]

Row = tuple[object, ...]
DIFFICULTIES = ("easy", "medium", "hard", "extra")
VARIANTS = (0, 1, 2, 3)
SOURCES = Path(__file__).resolve().parents[1] / "sources"
_QUESTION_KEYS = {"id", "question", "evidence", "gold", "difficulty"}
_TYPES = ("INTEGER", "REAL", "NUMERIC", "TEXT", "DATE", "DATETIME", "TIMESTAMP", "BOOLEAN")
_REQUIRED_KEYS = _QUESTION_KEYS - {"evidence"}


class SourceError(Exception):
    """The sources are wrong: one line that names the place, the fault and the remedy."""


@dataclass(frozen=True)
class Question:
    """One question with every SQL that answers it."""

    id: str
    question: str
    db_id: str
    golds: tuple[str, ...]
    evidence: str
    difficulty: str

    def as_record(self) -> dict[str, object]:
        """The line of `questions.jsonl`: `gold` is a string, or a list where several are right."""
        return {
            "id": self.id,
            "question": self.question,
            "db_id": self.db_id,
            "gold": self.golds[0] if len(self.golds) == 1 else list(self.golds),
            "evidence": self.evidence,
            "difficulty": self.difficulty,
        }


def database_ids(sources: Path = SOURCES) -> list[str]:
    """All databases that have a folder of sources, in alphabetical order."""
    if not sources.is_dir():
        return []
    return sorted(p.name for p in sources.iterdir() if (p / "schema.sql").is_file())


def chosen_ids(names: list[str], sources: Path = SOURCES) -> list[str]:
    """The databases a user named, or all of them where none was named."""
    known = database_ids(sources)
    for name in names:
        folder = sources / name
        if name not in known and folder.is_dir():
            raise SourceError(f"{name}: {folder} has no schema.sql yet")
        if name not in known:
            raise SourceError(f"no database {name!r}; there are: {', '.join(known) or 'none'}")
    return [name for name in known if name in names or not names]


def read_schema(folder: Path) -> str:
    """The CREATE TABLE statements."""
    return (folder / "schema.sql").read_text(encoding="utf-8")


def read_rows(folder: Path, variant: int) -> dict[str, list[Row]]:
    """The rows of every table in one filling, parents before children.

    Calls `fill` twice with equal random states: a filling that is not a function of its
    arguments (a clock, `hash`, the module-level `random`) is refused.
    """
    path = folder / "content.py"
    if not path.is_file():
        raise SourceError(f"{folder.name}: content.py is missing")
    name = f"_mini_content_{folder.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Without this, `dataclass` in a content.py cannot resolve its own module.
    sys.modules[name] = module
    try:
        # Not exec_module, which would leave a __pycache__ beside the sources.
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)
        fill = module.__dict__["fill"]
        first, second = (fill(random.Random(f"{folder.name}/{variant}"), variant) for _ in (1, 2))
        rows = {table: [tuple(row) for row in found] for table, found in first.items()}
    except Exception as error:
        lines = [
            f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)
        ]
        raise SourceError(
            f"{folder.name}: content.py, line {lines[-1] if lines else '?'}, filling {variant}: "
            f"{type(error).__name__}: {error}"
        ) from error
    finally:
        del sys.modules[name]
    if first != second or list(first) != list(second):
        raise SourceError(
            f"{folder.name}: fill(rng, {variant}) gave other rows when called again with an equal "
            "rng; take all randomness from rng and change no module-level state"
        )
    return rows


def parse_toml(path: Path) -> dict[str, Any]:
    """A TOML file's content; SourceError where it is not TOML."""
    try:
        parsed: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"{path.parent.name}: {path.name} is not TOML: {error}") from None
    return parsed


def read_questions(folder: Path) -> list[Question]:
    """The questions in source order; raises SourceError at the first malformed one."""
    path, db_id = folder / "questions.toml", folder.name
    if not path.is_file():
        raise SourceError(f"{db_id}: questions.toml is missing")
    parsed = parse_toml(path)
    extra = set(parsed) - {"question"}
    if extra:
        raise SourceError(
            f"{db_id}: questions.toml has {', '.join(sorted(extra))} outside a [[question]]"
        )
    questions = [
        _question(db_id, number, item) for number, item in enumerate(parsed.get("question", []), 1)
    ]
    for attribute in ("id", "question"):
        seen: dict[str, str] = {}
        for q in questions:
            value = getattr(q, attribute)
            if value in seen:
                raise SourceError(f"{q.id}: the {attribute} is already that of {seen[value]}")
            seen[value] = q.id
    return questions


def _question(db_id: str, number: int, item: dict[str, Any]) -> Question:
    name = item.get("id", f"{db_id}, question number {number}")
    missing, unknown = sorted(_REQUIRED_KEYS - set(item)), sorted(set(item) - _QUESTION_KEYS)
    if missing:
        raise SourceError(f"{name}: lacks {', '.join(missing)}")
    if unknown:
        raise SourceError(
            f"{name}: unknown key {', '.join(unknown)}; a question has "
            f"{', '.join(sorted(_QUESTION_KEYS))}"
        )
    if not re.fullmatch(re.escape(db_id) + r"-\d\d", str(item["id"])):
        raise SourceError(f"{name}: the id must be {db_id}-NN with two digits")
    gold = item["gold"]
    golds = tuple(gold) if isinstance(gold, list) else (gold,)
    texts = {"question": item["question"], "evidence": item.get("evidence", "")}
    texts.update({f"gold {n}": text for n, text in enumerate(golds, 1)})
    for key, text in texts.items():
        if not isinstance(text, str) or (not text.strip() and key != "evidence"):
            raise SourceError(f"{name}: {key} must be a text that is not empty")
    if not golds or len(set(golds)) != len(golds):
        raise SourceError(f"{name}: gold must be one SQL or a list of different ones")
    if item["difficulty"] not in DIFFICULTIES:
        raise SourceError(
            f"{name}: difficulty {item['difficulty']!r} is none of {', '.join(DIFFICULTIES)}"
        )
    return Question(
        id=item["id"],
        question=item["question"].strip(),
        db_id=db_id,
        golds=tuple(one.strip() for one in golds),
        evidence=texts["evidence"].strip(),
        difficulty=item["difficulty"],
    )


def type_fault(declared: str) -> str | None:
    """Why a column type cannot be copied to other engines, or None where it can.

    >>> type_fault("NUMERIC(8,2)") is None
    True
    """
    if _kind(declared) in _TYPES:
        return None
    return f"has the type {declared!r}; the portable ones are {', '.join(_TYPES)}"


def value_fault(value: object, declared: str) -> str | None:
    """Why a value does not fit its declared type, or None where it does.

    Stricter than SQLite, which stores anything anywhere: the databases are also copied to
    engines that refuse such rows.

    >>> value_fault("2023-02-29", "DATE")
    'is not a date YYYY-MM-DD'
    >>> value_fault(3, "NUMERIC(8,2)") is None
    True
    """
    kind = _kind(declared)
    if value is None:
        return None
    if kind == "INTEGER":
        return None if type(value) is int else "is not an int"
    if kind in ("REAL", "NUMERIC"):
        return None if type(value) in (int, float) else "is not a number"
    if kind == "BOOLEAN":
        return None if type(value) in (int, bool) and value in (0, 1) else "is not 0 or 1"
    if not isinstance(value, str):
        return "is not a str"
    if "\x00" in value:
        return "holds a NUL character"
    shape = {"DATE": "%Y-%m-%d", "TEXT": None}.get(kind, "%Y-%m-%d %H:%M:%S")
    if shape is None:
        return None
    try:
        same = datetime.datetime.strptime(value, shape).strftime(shape) == value
    except ValueError:
        same = False
    wanted = "a date YYYY-MM-DD" if kind == "DATE" else "a time YYYY-MM-DD HH:MM:SS"
    return None if same else f"is not {wanted}"


def _kind(declared: str) -> str:
    return re.sub(r"\(.*", "", declared).strip().upper()
