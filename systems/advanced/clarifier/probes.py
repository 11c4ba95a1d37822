"""Settling a difference without asking anybody: by evidence text, database, question and schema.

Each probe speaks for a side, or is silent; the first that speaks settles. They are ordered by how
much they can be trusted. What they can know is shallow on purpose: names, literals, row counts and
cue words. Meaning is the validator's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from t2s_bench.databases.schema import Schema
from t2s_bench.databases.value_words import fold

from ..agents.faults import YES_NO, unknown_literals
from ..cues import known, speaks_for, wants_one_row
from ..evidence import Prober
from ..parts import Part
from ..task import Evidence, Task
from .difference import Difference, Kind

# A name is better than another where it has this much more of its words in the question.
CLEARLY_BETTER = 0.34
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Source(str, Enum):
    """Who settled a difference."""

    EVIDENCE = "evidence"
    DATABASE = "database"
    QUESTION = "question"
    SCHEMA = "schema"
    HUMAN = "human"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Finding:
    """Which side (0 or 1) is right, by whom, and why in words."""

    side: int
    source: Source
    reason: str


def settle(
    task: Task,
    difference: Difference,
    evidence: tuple[Evidence, Evidence],
    prober: Prober,
) -> Finding | None:
    """What the probes say about a difference of two executed statements; None: they are silent."""
    for probe in _PROBES:
        found = probe(task, difference, evidence, prober)
        if found is not None:
            return found
    return None


def _evidence_text(
    task: Task, difference: Difference, evidence: tuple[Evidence, Evidence], prober: Prober
) -> Finding | None:
    """The benchmark's (or the user's) evidence names the column or the literal of one side."""
    text = task.question.evidence
    if not text:
        return None
    named = [
        _mentioned(constraint.require, task.schema, text) for constraint in difference.constraints
    ]
    return _either(named, Source.EVIDENCE, "the evidence names {}")


def _literals(
    task: Task, difference: Difference, evidence: tuple[Evidence, Evidence], prober: Prober
) -> Finding | None:
    """Only one side compares with a literal that its column holds."""
    if difference.kind not in (Kind.VALUE, Kind.COLUMN, Kind.CONDITION):
        return None
    first, second = difference.parts
    if first is None or second is None:
        return None
    gone = [unknown_literals(task, part, prober) for part in (first, second)]
    if bool(gone[0]) == bool(gone[1]):
        return None
    side = 1 if gone[0] else 0
    return Finding(side, Source.DATABASE, f"{gone[1 - side][0]} is no value of the other's column")


def _results(
    task: Task, difference: Difference, evidence: tuple[Evidence, Evidence], prober: Prober
) -> Finding | None:
    """Only one side finds something, or as many rows as the question asks for."""
    for side in (0, 1):
        if evidence[side].runs and not evidence[1 - side].runs:
            return Finding(side, Source.DATABASE, "the other does not run")
    question = task.question.question
    if not YES_NO.match(question):
        for side in (0, 1):
            if evidence[1 - side].empty and not evidence[side].empty:
                return Finding(side, Source.DATABASE, "the other finds nothing")
    one = wants_one_row(question)
    single = [found.rows == 1 for found in evidence]
    if one is not None and single[0] != single[1]:
        side = single.index(one)
        said = "one row" if one else "more than one row"
        return Finding(side, Source.DATABASE, f"the question asks for {said}")
    return None


def _cues(
    task: Task, difference: Difference, evidence: tuple[Evidence, Evidence], prober: Prober
) -> Finding | None:
    """The question has words for what only one side does."""
    text = task.question.question
    first, second = difference.parts
    if difference.kind is Kind.LIMIT:
        said = [_says_limit(part, text) for part in difference.parts]
    elif difference.kind is Kind.VALUE:
        said = [_mentioned(one.require, task.schema, text) for one in difference.constraints]
    elif first is not None and second is not None and first.head != second.head:
        said = [_speaks(part, text) for part in (first, second)]
    else:
        return _alone(difference, text)
    return _either(said, Source.QUESTION, "the question says {}")


def _names(
    task: Task, difference: Difference, evidence: tuple[Evidence, Evidence], prober: Prober
) -> Finding | None:
    """The question names the column or the table of one side clearly better."""
    if difference.kind not in (Kind.COLUMN, Kind.TABLE, Kind.GROUPING, Kind.ORDERING):
        return None
    if None in difference.parts:
        return None
    asked = set(fold(task.question.question).split())
    scores = []
    for mine, theirs in ((0, 1), (1, 0)):
        own = difference.parts[mine]
        other = difference.parts[theirs]
        assert own is not None and other is not None
        names = [name for name in sorted(own.names - other.names) if _is_name(name, task.schema)]
        scores.append(max((_named(name, task.schema, asked) for name in names), default=0.0))
    side = 0 if scores[0] > scores[1] else 1
    if scores[side] - scores[1 - side] < CLEARLY_BETTER:
        return None
    return Finding(side, Source.SCHEMA, f"the question names {difference.words[side]} better")


_Probe = Callable[[Task, Difference, tuple[Evidence, Evidence], Prober], Finding | None]
_PROBES: tuple[_Probe, ...] = (_evidence_text, _literals, _results, _cues, _names)


def _either(said: Sequence[str], source: Source, reason: str) -> Finding | None:
    """The side that alone has something said for it."""
    if bool(said[0]) == bool(said[1]):
        return None
    side = 0 if said[0] else 1
    return Finding(side, source, reason.format(said[side]))


def _alone(difference: Difference, text: str) -> Finding | None:
    """What only one side says is right where the question has its literal or a cue for it."""
    if None not in difference.parts:
        return None
    side = 0 if difference.parts[0] is not None else 1
    part = difference.parts[side]
    assert part is not None
    if difference.kind is Kind.CONDITION and part.clause != "OR":
        literals = frozenset(name for name in part.names if name[:1] in "'-0123456789")
        said = _mentioned(literals, Schema(()), text)
        return Finding(side, Source.QUESTION, f"the question says {said}") if said else None
    head = part.head or part.clause
    with_cues = difference.kind in (Kind.DISTINCT, Kind.SET_OPERATION) or head == "OR"
    if with_cues and known(head) and speaks_for(head, text):
        return Finding(side, Source.QUESTION, f"the question has words for {head}")
    return None


def _speaks(part: Part, text: str) -> str:
    """The part's head where the text has a cue for it."""
    return part.head if known(part.head) and speaks_for(part.head, text) else ""


def _says_limit(part: Part | None, text: str) -> str:
    """The limit's number where the text has it; a superlative in the singular is no number."""
    if part is None:
        return ""
    for name in sorted(part.names):
        if name.isdigit():
            words = [_NUMBERS[int(name) - 1]] if 0 < int(name) <= len(_NUMBERS) else []
            if re.search(rf"\b(?:{'|'.join([name, *words])})\b", text, re.IGNORECASE):
                return name
    return ""


def _mentioned(names: frozenset[str], schema: Schema, text: str) -> str:
    """The first of these names that the text holds: a literal whole, or a column's or table's."""
    folded = f" {fold(text)} "
    for name in sorted(names):
        if name.startswith("'"):
            words = fold(name.strip("'").strip("%"))
        elif name[:1].isdigit() or name[:1] == "-":
            if re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.]*\d)", text):
                return name
            continue
        elif _is_name(name, schema):
            last = name.rsplit(".", 1)[-1]
            if re.search(rf"(?<!\w){re.escape(last)}(?!\w)", text, re.IGNORECASE):
                return name
            words = fold(_CAMEL.sub(" ", last).replace("_", " "))
        else:
            continue
        if words and f" {words} " in folded:
            return name
    return ""


def _is_name(name: str, schema: Schema) -> bool:
    return schema.table(name.split(".")[0]) is not None


def _named(name: str, schema: Schema, asked: set[str]) -> float:
    """The share of a name's words that the question has; a column's table counts a little."""
    table_name, dot, column_name = name.partition(".")
    table = schema.table(table_name)
    own = column_name if dot else table_name
    column = table.column(column_name) if table is not None and dot else None
    readable = (column.readable if column else table.readable if table and not dot else "") or own
    words = fold(_CAMEL.sub(" ", readable).replace("_", " ")).split()
    share = sum(word in asked for word in words) / max(1, len(words))
    if not dot:
        return share
    owner = fold(_CAMEL.sub(" ", table_name).replace("_", " ")).split()
    return share + 0.4 * sum(word in asked for word in owner) / max(1, len(owner))
