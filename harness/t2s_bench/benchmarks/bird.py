"""BIRD dev and BIRD mini-dev in their official layouts, `dev.zip` and `minidev.zip`.

    dev.json                                   the questions of BIRD dev
    mini_dev_{sqlite,postgresql,mysql}.json    those of mini-dev, with golds in each dialect
    dev_tables.json                            the schemas
    dev_databases/ or dev_databases.zip        <db_id>/<db_id>.sqlite and its database_description

A question's id is its `question_id`; where that repeats (mini-dev has 137 and 138 twice), its
position in the file follows: `137@484`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from t2s_bench.benchmarks.archive import Archive, Member
from t2s_bench.benchmarks.descriptions import add_descriptions
from t2s_bench.benchmarks.json_array import read_array
from t2s_bench.benchmarks.layout import Layout, Questions, databases_in, optional_text, text_of
from t2s_bench.benchmarks.tables_json import empty_schema, read_tables, schema_of
from t2s_bench.errors import BadInput
from t2s_bench.types import Example, Question

LOOKED_FOR = {
    "bird-dev": "dev.json beside dev_tables.json and dev_databases",
    "mini-dev": "mini_dev_sqlite.json, mini_dev_postgresql.json or mini_dev_mysql.json "
    "beside dev_tables.json and dev_databases",
}
# Split, and with it the dialect of its golds → file.
_FILES = {
    "bird-dev": {"dev": ("sqlite", "dev.json")},
    "mini-dev": {
        dialect: (dialect, f"mini_dev_{dialect}.json")
        for dialect in ("sqlite", "postgresql", "mysql")
    },
}


def recognise(archive: Archive, name: str) -> str | None:
    """The folder inside the archive that is laid out as the benchmark of that name, or None."""
    return archive.root(["dev_tables.json"], one_of=[file for _, file in _FILES[name].values()])


def read(archive: Archive, root: str, name: str, scratch: Path) -> Layout:
    """Reads the layout below `root`; nested databases are copied to the folder `scratch`."""
    splits = {
        split: partial(_examples, member, dialect)
        for split, (dialect, file) in _FILES[name].items()
        if (member := archive.member(root + file))
    }
    absent = [file for _, file in _FILES[name].values() if not archive.member(root + file)]
    tables_file = archive.member(f"{root}dev_tables.json")
    assert tables_file  # the layout was recognised by it
    tables = read_tables(tables_file)
    holder, folder = archive, f"{root}dev_databases/"
    nested = archive.member(f"{root}dev_databases.zip")
    if nested and not databases_in(archive, folder):
        holder = archive.nested(nested, scratch)
        folder = "dev_databases/" if any(holder.under("dev_databases/")) else ""
    return Layout(
        splits=splits,
        databases=databases_in(holder, folder),
        tables=tables,
        schema=partial(_schema, tables, holder, folder),
        notes=tuple(f"{file} is missing from the archive" for file in absent),
    )


def _schema(
    tables: Mapping[str, Mapping[str, object]], holder: Archive, folder: str, db_id: str
) -> dict[str, object]:
    schema = schema_of(tables[db_id]) if db_id in tables else empty_schema()
    described = holder.under(f"{folder}{db_id}/database_description/")
    add_descriptions(schema, (file for file in described if file.name.lower().endswith(".csv")))
    return schema


def _examples(member: Member, dialect: str) -> Questions:
    with member.open() as file:
        times = Counter(_id(record, str(member)) for record in read_array(file, str(member)))
    with member.open() as file:
        for position, record in enumerate(read_array(file, str(member))):
            identity = _id(record, str(member))
            if times[identity] > 1:
                identity = f"{identity}@{position}"
            where = f"{member}: question {identity}"
            question = Question(
                identity,
                text_of(record, "question", where),
                text_of(record, "db_id", where),
                evidence=optional_text(record, "evidence", where),
                dialect=dialect,
            )
            gold = text_of(record, "SQL", where)
            yield Example(question, (gold,), optional_text(record, "difficulty", where))


def _id(record: Mapping[str, object], name: str) -> str:
    identity = record.get("question_id")
    if not isinstance(identity, int):
        raise BadInput(f"{name} has a question without a whole number as question_id")
    return str(identity)
