"""The questions file: one JSON object a line, the same for imported benchmarks and a user's own.

    {"id": "1", "question": "How many singers are there?", "db_id": "concert",
     "gold": "SELECT count(*) FROM singer", "evidence": "", "difficulty": "easy"}

`gold` is one SQL or a list of SQLs that all count as right. `evidence`, `difficulty` and `dialect`
may be left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from t2s_bench.benchmarks.names import check_database_id, is_plain
from t2s_bench.errors import BadInput
from t2s_bench.types import Example, Question

REQUIRED = ("id", "question", "db_id", "gold")
OPTIONAL = ("evidence", "difficulty", "dialect")
DIALECTS = ("sqlite", "postgresql", "mysql", "duckdb")


def read_questions(path: Path) -> Iterator[Example]:
    """Reads a questions file line by line, checking each.

    Raises:
        BadInput: the file is not there, or a line cannot be used; the message has its number.
    """
    seen: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                example = _example(line, f"{path}, line {number}")
                if example.id in seen:
                    raise BadInput(
                        f"{path}, line {number}: id '{example.id}' is already that of line "
                        f"{seen[example.id]}: every question needs an id of its own"
                    )
                seen[example.id] = number
                yield example
    except FileNotFoundError:
        raise BadInput(
            f"{path.parent} has no {path.name}: write one question a line, "
            '{"id": "1", "question": "…", "db_id": "…", "gold": "SELECT …"}'
        ) from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None


def question_line(example: Example) -> str:
    """The line of a questions file (without its end) that reads back as this example.

    >>> line = question_line(Example(Question("7", "How many?", "zoo"), ("SELECT 1",)))
    >>> line
    '{"id": "7", "question": "How many?", "db_id": "zoo", "gold": "SELECT 1"}'
    """
    question = example.question
    record: dict[str, object] = {
        "id": question.id,
        "question": question.question,
        "db_id": question.database,
        "gold": example.golds[0] if len(example.golds) == 1 else list(example.golds),
    }
    if question.evidence:
        record["evidence"] = question.evidence
    if example.difficulty:
        record["difficulty"] = example.difficulty
    if question.dialect != "sqlite":
        record["dialect"] = question.dialect
    return json.dumps(record, ensure_ascii=True)


class QuestionsDigest:
    """A digest of questions in their order, fed one at a time."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def add(self, example: Example) -> None:
        """Takes one more question into the digest."""
        self._sha.update(question_line(example).encode("ascii") + b"\n")

    def hexdigest(self) -> str:
        """The SHA-256 over everything added so far, in hexadecimal."""
        return self._sha.hexdigest()


def _example(line: str, where: str) -> Example:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where} is not JSON ({error}): it must be one object a line") from None
    if not isinstance(record, dict):
        raise BadInput(f'{where} is not a JSON object: it must be {{"id": …, "gold": …}}')
    for key in record:
        if key not in REQUIRED and key not in OPTIONAL:
            raise BadInput(
                f"{where}: unknown key '{key}'{_near(key, record)}. Possible: "
                f"{', '.join(REQUIRED + OPTIONAL)}"
            )
    missing = [key for key in REQUIRED if key not in record]
    if missing:
        raise BadInput(
            f"{where} lacks {' and '.join(repr(key) for key in missing)}: "
            f"every question needs {', '.join(REQUIRED)}"
        )
    db_id = _text(record, "db_id", where)
    check_database_id(db_id, where)
    dialect = _text(record, "dialect", where) or "sqlite"
    if dialect not in DIALECTS:
        raise BadInput(f"{where}: unknown dialect '{dialect}'. Possible: {', '.join(DIALECTS)}")
    identity = record["id"]
    if isinstance(identity, int) and not isinstance(identity, bool):
        identity = record["id"] = str(identity)
    if not isinstance(identity, str) or not is_plain(identity):
        raise BadInput(f"{where}: 'id' must be a text of its own, not {json.dumps(identity)[:60]}")
    question = Question(
        identity,
        _text(record, "question", where),
        db_id,
        evidence=_text(record, "evidence", where),
        dialect=dialect,
    )
    if not question.question.strip():
        raise BadInput(f"{where}: 'question' is empty")
    return Example(question, _golds(record["gold"], where), _text(record, "difficulty", where))


def _golds(gold: object, where: str) -> tuple[str, ...]:
    golds = gold if isinstance(gold, list) else [gold]
    if not golds or not all(isinstance(sql, str) and sql.strip() for sql in golds):
        raise BadInput(f"{where}: 'gold' must be one SQL or a list of SQLs, none of them empty")
    return tuple(str(sql) for sql in golds)


def _text(record: dict[str, object], key: str, where: str) -> str:
    value = record.get(key)
    if value is None and key in OPTIONAL:
        return ""
    if not isinstance(value, str):
        raise BadInput(f"{where}: '{key}' must be a text, not {json.dumps(value)[:60]}")
    return value


def _near(key: str, record: Iterable[str]) -> str:
    absent = [name for name in REQUIRED + OPTIONAL if name not in record]
    aliases = {
        "query": "gold",
        "sql": "gold",
        "database": "db_id",
        "db": "db_id",
        "question_id": "id",
        "hint": "evidence",
        "external_knowledge": "evidence",
    }
    near = [aliases.get(key.lower(), "")] if aliases.get(key.lower()) in absent else []
    near = near or get_close_matches(key.lower(), absent, n=1, cutoff=0.5)
    return f", did you mean '{near[0]}'?" if near else ""
