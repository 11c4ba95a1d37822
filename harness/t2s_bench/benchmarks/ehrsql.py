"""EHRSQL: questions of hospital staff on MIMIC-III and eICU, in two releases.

    dev.json, tables.json, database/<db_id>/<db_id>.sqlite      "ehrsql": the SQLite release of
                                                                OmniSQL, both databases in one list
    {mimic_iii,eicu}/{train,valid,test}.json, tables.json,      "ehrsql-official": the repository,
    {mimic_iii,eicu}/<db_id>.{sqlite,db}                        with databases built from PhysioNet

Official golds have placeholders, which the official evaluation fills in before it runs them
(glee4810/EHRSQL, utils/process.py): the current time, the normal ranges of vital signs. They are
filled in here. Unanswerable questions have no gold and are left out, in the open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from t2s_bench.benchmarks.archive import Archive, Member
from t2s_bench.benchmarks.base import Base
from t2s_bench.benchmarks.json_array import read_array
from t2s_bench.benchmarks.layout import Layout, Questions, SqlFiles, databases_in, text_of
from t2s_bench.benchmarks.tables_json import empty_schema, read_tables, schema_of
from t2s_bench.types import Example, Question

LOOKED_FOR = {
    "ehrsql": "dev.json beside tables.json and database/, about mimic_iii or eicu",
    "ehrsql-official": "tables.json beside mimic_iii/ and eicu/ with valid.json",
}
_DATABASES = ("mimic_iii", "eicu")
_PARTS = ("train", "valid", "test")

# The time at which all questions are asked, and the normal ranges, of the official evaluation.
NOW = "2105-12-31 23:59:00"
NORMAL = {
    "temperature": (35.5, 38.1),
    "sao2": (95.0, 100.0),
    "heart_rate": (60.0, 100.0),
    "respiration": (12.0, 18.0),
    "systolic_bp": (90.0, 120.0),
    "diastolic_bp": (60.0, 90.0),
    "mean_bp": (60.0, 110.0),
}


def recognise(archive: Archive, name: str) -> str | None:
    """The folder inside the archive that holds that release, or None."""
    if name == "ehrsql-official":
        return archive.root(["tables.json"], one_of=[f"{db}/valid.json" for db in _DATABASES])
    for root in archive.roots(["dev.json", "tables.json"]):
        databases = databases_in(archive, f"{root}database/")
        if any("mimic" in db_id or "eicu" in db_id for db_id in databases):
            return root
    return None


def read(archive: Archive, root: str, name: str, scratch: Path, base: Base | None) -> Layout:
    """Reads the layout below `root`."""
    tables_file = archive.member(f"{root}tables.json")
    assert tables_file  # the layout was recognised by it
    tables = read_tables(tables_file)
    fill = name == "ehrsql-official"
    if fill:
        files = {
            f"{db_id}-{part}": member
            for db_id in _DATABASES
            for part in _PARTS
            if (member := archive.member(f"{root}{db_id}/{part}.json"))
        }
        databases = {
            db_id: files_of for db_id in _DATABASES if (files_of := _official(archive, root, db_id))
        }
    else:
        dev = archive.member(f"{root}dev.json")
        assert dev  # likewise
        files, databases = {"dev": dev}, dict(databases_in(archive, f"{root}database/"))
    return Layout(
        splits={split: partial(_examples, member, fill) for split, member in files.items()},
        databases=databases,
        tables=tables,
        schema=lambda db_id: schema_of(tables[db_id]) if db_id in tables else empty_schema(),
        notes=tuple(_left_out(files)),
    )


def filled_in(sql: str) -> str:
    """An official gold with its placeholders filled in, as the official function does it.

    >>> filled_in("select current_time where t > body_lower")
    "select '2105-12-31 23:59:00' where t > body_lower"
    >>> filled_in("x between sao2_lower and sao2_upper and strftime('%y', t)")
    "x between 95.0 and 100.0 and strftime('%Y', t)"
    """
    sql = sql.replace("current_time", f"'{NOW}'")
    lower = re.search(r"[ \n]([a-zA-Z0-9_]+)_lower", sql)
    upper = re.search(r"[ \n]([a-zA-Z0-9_]+)_upper", sql)
    if lower and upper and lower[1] == upper[1] and lower[1] in NORMAL:
        low, high = NORMAL[lower[1]]
        sql = sql.replace(f"{lower[1]}_lower", str(low)).replace(f"{upper[1]}_upper", str(high))
    return sql.replace("''", "'").replace("< =", "<=").replace("%y", "%Y").replace("%j", "%J")


def _official(archive: Archive, root: str, db_id: str) -> SqlFiles:
    """A database as the repository's preparation leaves it, which ends in .sqlite or in .db."""
    for ending in ("sqlite", "db"):
        member = archive.member(f"{root}{db_id}/{db_id}.{ending}")
        if member and member.size:
            return {f"{db_id}.sqlite": member}
    return {}


def _examples(member: Member, fill: bool) -> Questions:
    with member.open() as file:
        for position, record in enumerate(read_array(file, str(member))):
            if not _answerable(record):
                continue
            identity = str(record.get("id", position))
            where = f"{member}: question {identity}"
            question = Question(
                identity, text_of(record, "question", where), text_of(record, "db_id", where)
            )
            gold = text_of(record, "query", where)
            yield Example(question, (filled_in(gold) if fill else gold,))


def _left_out(files: Mapping[str, Member]) -> list[str]:
    notes = []
    for split, member in files.items():
        with member.open() as file:
            count = sum(not _answerable(record) for record in read_array(file, str(member)))
        if count:
            notes.append(f"'{split}': {count:,} unanswerable questions have no gold and are not in")
    return notes


def _answerable(record: Mapping[str, object]) -> bool:
    query = record.get("query")
    null = not isinstance(query, str) or query.strip().lower() in ("", "null", "nan")
    return not record.get("is_impossible") and not null
