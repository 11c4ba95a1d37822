"""Faults that execution itself shows: it fails, it finds nothing, a literal is no cell, NULLs.

Each is located at a clause and comes with what to hold fixed. Whether a result answers the question
is not asked here: that is the validator's judgement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from t2s_bench.databases.connection import quote_identifier

from ..codec.codec import Constraint
from ..evidence import Prober
from ..parts import Part, Parts, take_apart
from ..task import Evidence, Task
from .messages import Critique

# SQLite's messages, and those of a table's name; the group is the name that is at fault.
_UNKNOWN = re.compile(r"no such (?:column|table|function): ([^\s].*)$", re.IGNORECASE)
_AMBIGUOUS = re.compile(r"ambiguous column name: (.+)$", re.IGNORECASE)
# Questions that nothing may be the answer to.
YES_NO = re.compile(r"\s*(is|are|was|were|does|do|did|has|have|can)\b", re.IGNORECASE)
_EQUALITIES = ("=", "IN")
_LITERAL = re.compile(r"'(?:[^']|'')*'|-?\d+(?:\.\d+)?")
# Literals looked up for one condition: each may cost a scan of the table.
LITERALS = 4


def faults(task: Task, evidence: Evidence, prober: Prober) -> tuple[Critique, ...]:
    """What execution shows to be wrong, the most telling first; empty where nothing is."""
    parts = take_apart(evidence.sql, task.schema, task.database.dialect)
    if not evidence.runs:
        return (_failure(evidence, parts),)
    if parts is None:
        return ()
    if evidence.empty and not YES_NO.match(task.question.question):
        found = tuple(_missing_literals(task, parts, prober))
        if found:
            return found
        if any(part.clause in ("WHERE", "HAVING", "set") for part in parts.parts):
            nothing = Constraint(sentence="the answer is not empty")
            return (Critique(_emptying(parts), "it finds nothing", nothing),)
    return tuple(_sorted_nulls(evidence, parts))


def unknown_literals(task: Task, part: Part, prober: Prober) -> list[str]:
    """The literals of an equality on one column that are no cell of it."""
    place = _column(task, part)
    if part.head not in _EQUALITIES or place is None:
        return []
    table, column = map(quote_identifier, place)
    literals = list(dict.fromkeys(_LITERAL.findall(part.value)))[:LITERALS]
    probes = [f"SELECT 1 FROM {table} WHERE {column} = {one} LIMIT 1" for one in literals]
    seen = prober.run(task.database, probes)
    return [one for one, found in zip(literals, seen, strict=True) if found.runs and not found.rows]


def _failure(evidence: Evidence, parts: Parts | None) -> Critique:
    """A statement that does not run; the clause is that of the name in the message."""
    message = evidence.error or "it does not run"
    match = _UNKNOWN.search(message) or _AMBIGUOUS.search(message)
    if match is None or parts is None:
        said = Constraint(sentence=f"without the error: {message}")
        return Critique("statement", message, said)
    name = match.group(1).strip().strip("\"'`")
    last = name.rsplit(".", 1)[-1].lower()
    clause, forbid = "statement", {name}
    for part in parts.parts:
        used = [one for one in part.names if one.rsplit(".", 1)[-1].lower() == last]
        if used:
            clause = part.clause
            forbid.update(used)
            break
    return Critique(clause, message, Constraint(forbid=frozenset(forbid), sentence=message))


def _missing_literals(task: Task, parts: Parts, prober: Prober) -> Iterator[Critique]:
    """Literals that the column does not hold, with the cell or the column that is likely meant."""
    for part in parts.parts:
        place = _column(task, part)
        if part.clause not in ("WHERE", "HAVING") or place is None:
            continue
        for literal in unknown_literals(task, part, prober):
            name = f"{place[0]}.{place[1]}"
            reason = f"{literal} is no value of {name}"
            spelled = _spelled(task, place, literal, prober)
            if spelled:
                constraint = Constraint(
                    frozenset({spelled}), frozenset({literal}), f"{spelled} instead of {literal}"
                )
                yield Critique(part.clause, f"{reason}, but {spelled} is", constraint)
                continue
            homes = [home for home in _homes(task, literal) if home != name]
            if homes:
                constraint = Constraint(
                    frozenset({homes[0]}), frozenset({name}), f"{literal} in {homes[0]}"
                )
                yield Critique(part.clause, f"{reason}, but of {homes[0]}", constraint)
            else:
                constraint = Constraint(forbid=frozenset({literal}), sentence=f"not {literal}")
                yield Critique(part.clause, reason, constraint)


def _spelled(task: Task, place: tuple[str, str], literal: str, prober: Prober) -> str:
    """The column's cell that differs from a string in case or in spaces around it alone."""
    if not literal.startswith("'"):
        return ""
    table, column = map(quote_identifier, place)
    sql = (
        f"SELECT DISTINCT {column} FROM {table} "
        f"WHERE lower(trim({column})) = lower(trim({literal})) LIMIT 1"
    )
    (found,) = prober.run(task.database, [sql])
    if not found.shown or not isinstance(found.shown[0][0], str):
        return ""
    return "'" + found.shown[0][0].replace("'", "''") + "'"


def _homes(task: Task, literal: str) -> list[str]:
    """The columns in which the question's value candidates found this literal as a cell."""
    item = task.graph.value_items.get(literal)
    if item is None:
        return []
    tables = task.schema.tables
    return [
        f"{tables[table].name}.{tables[table].columns[column].name}"
        for table, column in task.graph.items[item].sources
    ]


def _sorted_nulls(evidence: Evidence, parts: Parts) -> Iterator[Critique]:
    """A first row that is sorted to the top because its key is NULL."""
    ascending = [part for part in parts.of("ORDER BY") if part.head == "ASC"]
    shown = bool(evidence.shown) and any(cell is None for cell in evidence.shown[0])
    if ascending and parts.of("LIMIT") and shown:
        key = ascending[0].subject
        constraint = Constraint(
            require=frozenset({"IS NOT NULL"}), sentence=f"without rows where {key} is NULL"
        )
        yield Critique("ORDER BY", f"NULL comes first when sorted by {key}", constraint)


def _emptying(parts: Parts) -> str:
    """The clause that is likeliest to leave nothing."""
    clauses = {part.clause for part in parts.parts}
    return next(clause for clause in ("WHERE", "HAVING", "set") if clause in clauses)


def _column(task: Task, part: Part) -> tuple[str, str] | None:
    """The real table and column that a condition is about."""
    for name in sorted(part.names):
        table_name, dot, column_name = name.partition(".")
        table = task.schema.table(table_name) if dot else None
        column = table.column(column_name) if table is not None else None
        if table is not None and column is not None:
            return table.name, column.name
    return None
