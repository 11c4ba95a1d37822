"""Spider 2.0-SQLite: the tasks of Spider 2.0-lite that run on SQLite, in two layouts.

    test.json, tables.json, databases/<db_id>/<db_id>.sqlite     OmniSQL's selection of 135 tasks
    gold_exec_result/<id>[_a].csv, spider2_sqlite_eval.jsonl

    spider2-lite.jsonl, resource/documents/<name>.md             the repository xlang-ai/Spider2
    evaluation_suite/gold/exec_result/<id>[_a].csv               (local… tasks only), with the
    evaluation_suite/gold/spider2lite_eval.jsonl                 databases of local_sqlite.zip as
    resource/databases/spider2-localdb/<db_id>.sqlite            its guide unpacks them

A task is answered right by any of several gold results, given as CSV. Here each becomes an SQL that
returns it: only the columns that count (`condition_cols`), and with ORDER BY where the order of the
rows counts (not `ignore_order`). So a gold can be run, shown and digested like any other.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from t2s_bench.benchmarks.archive import Archive, Member
from t2s_bench.benchmarks.base import Base
from t2s_bench.benchmarks.json_array import read_array
from t2s_bench.benchmarks.layout import Layout, Questions, SqlFiles, databases_in, text_of
from t2s_bench.benchmarks.tables_json import empty_schema, read_tables, schema_of
from t2s_bench.databases.connection import quote_identifier
from t2s_bench.errors import BadInput
from t2s_bench.types import Example, Question

LOOKED_FOR = {
    "spider2-sqlite": "test.json beside gold_exec_result/ and databases/, "
    "or spider2-lite.jsonl beside evaluation_suite/"
}
_LITE = "evaluation_suite/gold"
# What pandas takes for missing in a CSV file; the official evaluation reads the golds with it.
_MISSING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN")
    + ("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null")
)


def recognise(archive: Archive, name: str) -> str | None:
    """The folder inside the archive that is laid out in either way, or None."""
    root = archive.root(["test.json", "spider2_sqlite_eval.jsonl"])
    if root is None:
        root = archive.root(["spider2-lite.jsonl", f"{_LITE}/spider2lite_eval.jsonl"])
    return root


def read(archive: Archive, root: str, name: str, scratch: Path, base: Base | None) -> Layout:
    """Reads the layout below `root`."""
    lite = archive.member(f"{root}spider2-lite.jsonl")
    questions = lite or archive.member(f"{root}test.json")
    rules = archive.member(
        f"{root}{_LITE}/spider2lite_eval.jsonl" if lite else f"{root}spider2_sqlite_eval.jsonl"
    )
    assert questions and rules  # the layout was recognised by them
    results = f"{root}{_LITE}/exec_result/" if lite else f"{root}gold_exec_result/"
    tables_file = archive.member(f"{root}tables.json")
    tables = read_tables(tables_file) if tables_file else {}
    golds = _Golds(archive, results, rules)
    without = [
        str(record.get("instance_id"))
        for record in _records(questions)
        if not golds.files.get(str(record.get("instance_id")))
    ]
    notes = [f"{len(without):,} tasks have no gold result and are not in: {', '.join(without)}"]
    return Layout(
        splits={"test": partial(_examples, questions, golds, archive, root)},
        databases=_flat(archive, f"{root}resource/databases/spider2-localdb/")
        if lite
        else databases_in(archive, f"{root}databases/"),
        tables=tables,
        schema=lambda db_id: schema_of(tables[db_id]) if db_id in tables else empty_schema(),
        notes=tuple(notes) if without else (),
    )


class _Golds:
    """The gold results of every task, and which of their columns and orders count."""

    def __init__(self, archive: Archive, folder: str, rules: Member) -> None:
        self.files: dict[str, list[Member]] = {}
        for member in archive.under(folder):
            match = re.fullmatch(r"(.+?)(_[a-z])?\.csv", member.name[len(folder) :])
            if match and "/" not in match[0]:
                self.files.setdefault(match[1], []).append(member)
        with rules.open() as file:
            self.rules = {
                str(rule.get("instance_id")): rule for rule in read_array(file, str(rules))
            }

    def of(self, identity: str) -> tuple[str, ...]:
        """The golds of a task as SQL, in the order of their files' names.

        Raises:
            BadInput: its rules fit no result.
        """
        rule: Mapping[str, Any] = self.rules.get(identity, {})
        members = self.files[identity]
        columns, ignored = rule.get("condition_cols") or [], rule.get("ignore_order", False)
        if columns in ([[]], [None]):
            columns = []
        if len(members) > 1 and columns and not isinstance(columns[0], list):
            columns = [columns] * len(members)
        elif len(members) == 1 and not (columns and isinstance(columns[0], list)):
            columns = [columns]
        orders = ignored if isinstance(ignored, list) else [ignored] * len(members)
        try:
            chosen = [columns[place] if columns else [] for place in range(len(members))]
            return tuple(
                gold_sql(_rows(member), chosen[place], ordered=not orders[place])
                for place, member in enumerate(members)
            )
        except (IndexError, TypeError, ValueError):
            raise BadInput(f"the rules of '{identity}' do not fit its gold results") from None


def gold_sql(rows: Sequence[Sequence[str]], columns: Sequence[int], *, ordered: bool) -> str:
    """An SQL that returns the rows of a CSV file (its first row names the columns).

    `columns` are those that count, by number from 0 (none: all). A column of numbers only becomes
    numbers, and what pandas takes for missing becomes NULL.

    >>> print(gold_sql([["a", "b"], ["1", "x"], ["2.5", ""]], [], ordered=True))
    WITH gold("a", "b", "row") AS (VALUES (1, 'x', 0), (2.5, NULL, 1))
    SELECT "a", "b" FROM gold ORDER BY "row"
    """
    header, *body = rows
    chosen = list(columns) or list(range(len(header)))
    names = _unique([header[number] for number in chosen])
    cells = [[row[number] if number < len(row) else "" for number in chosen] for row in body]
    numeric = [all(_is_number(row[n]) for row in cells) for n in range(len(chosen))]
    selected = ", ".join(map(quote_identifier, names))
    if not body:
        return "SELECT " + ", ".join(f"NULL AS {quote_identifier(n)}" for n in names) + " WHERE 0"
    order = _unique([*names, "row"])[-1]
    literals = [
        ", ".join([*map(_literal, row, numeric), str(number)]) for number, row in enumerate(cells)
    ]
    values = ", ".join(f"({literal})" for literal in literals)
    by = f" ORDER BY {quote_identifier(order)}" if ordered else ""
    return (
        f"WITH gold({selected}, {quote_identifier(order)}) AS (VALUES {values})\n"
        f"SELECT {selected} FROM gold{by}"
    )


def _examples(questions: Member, golds: _Golds, archive: Archive, root: str) -> Questions:
    for record in _records(questions):
        identity = str(record.get("instance_id"))
        if not golds.files.get(identity):
            continue
        where = f"{questions}: {identity}"
        database = "db_id" if "db_id" in record else "db"
        question = Question(
            identity,
            text_of(record, "question", where),
            text_of(record, database, where),
            evidence=_knowledge(record, archive, root),
        )
        yield Example(question, golds.of(identity))


def _records(questions: Member) -> list[dict[str, object]]:
    """The tasks on SQLite; the repository's list has those of other engines too."""
    with questions.open() as file:
        return [
            record
            for record in read_array(file, str(questions))
            if str(record.get("instance_id")).startswith("local")
        ]


def _knowledge(record: Mapping[str, object], archive: Archive, root: str) -> str:
    """The external knowledge: a text, or the name of a document that comes along."""
    text = record.get("external_knowledge")
    if not isinstance(text, str):
        return ""
    document = archive.member(f"{root}resource/documents/{text}")
    return document.read().decode("utf-8", "replace") if document else text


def _flat(archive: Archive, folder: str) -> dict[str, SqlFiles]:
    """Databases that lie side by side, without folders of their own."""
    return {
        name[: -len(".sqlite")]: {name: member}
        for member in archive.under(folder)
        if (name := member.name[len(folder) :]).endswith(".sqlite")
        and "/" not in name
        and member.size
    }


def _rows(member: Member) -> list[list[str]]:
    text = member.read().decode("utf-8-sig", "replace")
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    if not rows:
        raise BadInput(f"{member} has no header")
    return rows


def _is_number(text: str) -> bool:
    if text in _MISSING:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _literal(text: str, numeric: bool) -> str:
    if text in _MISSING:
        return "NULL"
    if not numeric:
        return "'" + text.replace("\0", "").replace("'", "''") + "'"
    text = text.strip()
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return str(int(text))
    value = float(text)
    return repr(value) if abs(value) != float("inf") else ("9e999" if value > 0 else "-9e999")


def _unique(names: Sequence[str]) -> list[str]:
    """Names that differ without regard to case."""
    seen: set[str] = set()
    found = []
    for name in names:
        candidate, number = name, 1
        while candidate.lower() in seen:
            number += 1
            candidate = f"{name}_{number}"
        seen.add(candidate.lower())
        found.append(candidate)
    return found
