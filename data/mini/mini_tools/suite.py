"""The strength of a database's fillings: which mutants of its golds they tell apart."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlglot.errors import SqlglotError

from .databases import QueryError, fill_database, run_query
from .gold_checks import has_outer_order
from .mutations import Mutant, mutants
from .query import Query
from .schema import Relation, read_tables
from .sources import (
    VARIANTS,
    Question,
    Row,
    SourceError,
    parse_toml,
    read_questions,
    read_rows,
    read_schema,
)
from .syntax import parse, render

# Steps a mutant may take on one filling; golds take some ten thousand.
MUTANT_STEPS = 2_000_000
LEAST_TOLD_APART = 5


class Fillings:
    """The open fillings of one database, which remember the result of every query."""

    def __init__(self, connections: Sequence[sqlite3.Connection]) -> None:
        self.connections = list(connections)
        self._results: dict[tuple[int, str], list[Row] | QueryError] = {}

    def rows(self, number: int, sql: str) -> list[Row]:
        """A query's rows on one filling, floats rounded; QueryError where it fails."""
        key = (number, sql)
        if key not in self._results:
            try:
                found = run_query(self.connections[number], sql, MUTANT_STEPS)
                self._results[key] = [tuple(map(_rounded, row)) for row in found]
            except QueryError as error:
                self._results[key] = error
        result = self._results[key]
        if isinstance(result, QueryError):
            raise result
        return result

    def close(self) -> None:
        """Closes the connections."""
        for connection in self.connections:
            connection.close()


def _rounded(value: object) -> object:
    # Sums in another order differ in the last digits, which tells no query from another.
    return float(f"{value:.9g}") if isinstance(value, float) else value


def told_apart(gold: str, mutant: str, fillings: Fillings) -> list[int]:
    """The fillings on which the mutant's result is not the gold's, in ascending order.

    Results are compared as multisets of rows, and row by row where the gold's outermost query
    has an ORDER BY. Raises QueryError where either fails or runs past its budget: a query that
    does not run is no near miss.
    """
    ordered = has_outer_order(gold)
    different = []
    for number in range(len(fillings.connections)):
        expected, found = fillings.rows(number, gold), fillings.rows(number, mutant)
        if expected != found if ordered else Counter(expected) != Counter(found):
            different.append(number)
    return different


@dataclass(frozen=True)
class Equivalent:
    """A mutant that an author has found to mean the same as the gold, and why."""

    id: str
    sql: str
    reason: str


@dataclass
class QuestionReport:
    """What became of one question's mutants."""

    id: str
    made: int = 0
    by_main: int = 0
    by_suite: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    told: list[tuple[Mutant, list[int]]] = field(default_factory=list)
    listed: int = 0
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def open_fillings(folder: Path) -> Fillings:
    """All fillings of a database, built from its sources in memory."""
    schema = read_schema(folder)
    return Fillings(
        [fill_database(folder.name, schema, read_rows(folder, variant)) for variant in VARIANTS]
    )


def read_equivalents(folder: Path) -> list[Equivalent]:
    """The entries of equivalent.toml, their SQL in the form sqlglot writes."""
    path = folder / "equivalent.toml"
    if not path.is_file():
        return []
    parsed = parse_toml(path)
    found = []
    for number, item in enumerate(parsed.get("equivalent", []), 1):
        place = f"{folder.name}: equivalent.toml, entry {number} ({item.get('id', 'no id')})"
        if sorted(item) != ["id", "reason", "sql"]:
            raise SourceError(f"{place}: must have exactly id, sql and reason")
        if not str(item["reason"]).strip():
            raise SourceError(f"{place}: give the reason why it means the same as the gold")
        try:
            sql = render(parse(item["sql"]))
        except SqlglotError:
            raise SourceError(f"{place}: the sql cannot be parsed") from None
        found.append(Equivalent(item["id"], sql, item["reason"]))
    return found


def examine(
    question: Question,
    fillings: Fillings,
    tables: dict[str, Relation],
    equivalents: list[Equivalent],
) -> QuestionReport:
    """Makes all mutants of a question's golds and runs them on every filling."""
    report = QuestionReport(question.id)
    listed = {entry.sql for entry in equivalents if entry.id == question.id}
    met: set[str] = set()
    for gold in question.golds:
        try:
            written = Query(gold, tables).sql
            if told_apart(gold, written, fillings):
                raise QueryError(f"its result changes when sqlglot rewrites it to {written}")
            made = mutants(gold, tables, fillings.connections[0])
        except (QueryError, SqlglotError) as error:
            message = " ".join(str(error).split())
            report.faults.append(f"{question.id}: no mutants of the gold: {message}")
            continue
        for mutant in made:
            if mutant.sql not in met:
                met.add(mutant.sql)
                _judge(mutant, question, fillings, listed, report)
    for sql in sorted(listed - met):
        report.notes.append(f"{question.id}: equivalent.toml lists what is no mutant now: {sql}")
    if report.by_suite < LEAST_TOLD_APART:
        report.faults.append(
            f"{question.id}: only {report.by_suite} mutants told apart, {LEAST_TOLD_APART} needed; "
            "the question may be too simple"
        )
    return report


def _judge(
    mutant: Mutant,
    question: Question,
    fillings: Fillings,
    listed: set[str],
    report: QuestionReport,
) -> None:
    try:
        different = [told_apart(gold, mutant.sql, fillings) for gold in question.golds]
    except QueryError:
        return
    report.made += 1
    if all(different):
        report.by_suite += 1
        report.by_main += all(0 in where for where in different)
        report.told.append((mutant, sorted(set.intersection(*map(set, different)))))
        if mutant.sql in listed:
            report.faults.append(
                f"{question.id}: equivalent.toml lists a mutant that filling "
                f"{different[0][0]} tells apart, so it is not equivalent: {mutant.sql}"
            )
    elif mutant.sql in listed:
        report.listed += 1
    else:
        report.survivors.append(mutant)


def examine_database(folder: Path, only: str | None = None) -> list[QuestionReport]:
    """The reports of a database's questions, or of the one named."""
    questions = [q for q in read_questions(folder) if only in (None, q.id)]
    equivalents = read_equivalents(folder)
    fillings = open_fillings(folder)
    try:
        tables = read_tables(fillings.connections[0])
        reports = [examine(question, fillings, tables, equivalents) for question in questions]
    finally:
        fillings.close()
    known = {question.id for question in questions}
    if only is None:
        for entry in equivalents:
            if entry.id not in known:
                raise SourceError(f"{folder.name}: equivalent.toml: no question {entry.id!r}")
    return reports
