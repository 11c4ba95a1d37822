"""BIRD in its official layouts: dev, train and mini-dev as zips, two of them anew as JSON files.

    dev.json, train.json                       the questions (`dev.zip`, `train.zip`)
    mini_dev_{sqlite,postgresql,mysql}.json    those of mini-dev, with golds in each dialect
    dev_tables.json, train_tables.json         the schemas
    dev_databases/ or dev_databases.zip        <db_id>/<db_id>.sqlite and its database_description
    dev_20251106-….json, mini_dev_….json       revised questions on Hugging Face, without databases

A question's id is its `question_id`, or its position in a file that has none (train); where one
repeats (mini-dev has 137 and 138 twice), its position in the file follows: `137@484`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from t2s_bench.benchmarks.archive import Archive, Member
from t2s_bench.benchmarks.base import Base
from t2s_bench.benchmarks.descriptions import add_descriptions
from t2s_bench.benchmarks.json_array import read_array
from t2s_bench.benchmarks.layout import Layout, Questions, databases_in, optional_text, text_of
from t2s_bench.benchmarks.tables_json import empty_schema, read_tables, schema_of
from t2s_bench.errors import BadInput
from t2s_bench.types import Example, Question


@dataclass(frozen=True)
class _Release:
    """One release: split → (dialect of its golds, file); `part` begins its databases' names.

    Without a `part` the databases are those of another release. Without `ids` the questions have
    no question_id.
    """

    files: Mapping[str, tuple[str, str]]
    part: str = ""
    ids: bool = True


_RELEASES = {
    "bird-dev": _Release({"dev": ("sqlite", "dev.json")}, "dev"),
    "bird-train": _Release({"train": ("sqlite", "train.json")}, "train", ids=False),
    "mini-dev": _Release(
        {
            dialect: (dialect, f"mini_dev_{dialect}.json")
            for dialect in ("sqlite", "postgresql", "mysql")
        },
        "dev",
    ),
    "bird-dev-1106": _Release({"dev": ("sqlite", "dev_20251106-00000-of-00001.json")}),
    "mini-dev-hf": _Release(
        {
            dialect: (dialect, f"mini_dev_{short}-00000-of-00001.json")
            for dialect, short in (("sqlite", "sqlite"), ("postgresql", "pg"), ("mysql", "mysql"))
        }
    ),
}
LOOKED_FOR = {
    name: " or ".join(file for _, file in release.files.values())
    + (f" beside {release.part}_tables.json and {release.part}_databases" * bool(release.part))
    for name, release in _RELEASES.items()
}


def recognise(archive: Archive, name: str) -> str | None:
    """The folder inside the archive that is laid out as the release of that name, or None."""
    release = _RELEASES[name]
    needed = [f"{release.part}_tables.json"] if release.part else []
    return archive.root(needed, one_of=[file for _, file in release.files.values()])


def read(archive: Archive, root: str, name: str, scratch: Path, base: Base | None) -> Layout:
    """Reads the layout below `root`; nested databases are copied to the folder `scratch`."""
    release = _RELEASES[name]
    splits = {
        split: partial(_examples, member, dialect, release.ids)
        for split, (dialect, file) in release.files.items()
        if (member := archive.member(root + file))
    }
    notes = tuple(
        f"{file} is missing from the archive"
        for _, file in release.files.values()
        if not archive.member(root + file)
    )
    if not release.part:
        assert base
        return Layout(splits, base.databases, base.tables, base.schema, notes)
    tables_file = archive.member(f"{root}{release.part}_tables.json")
    assert tables_file  # the layout was recognised by it
    tables = read_tables(tables_file)
    holder, folder = archive, f"{root}{release.part}_databases/"
    nested = archive.member(f"{root}{release.part}_databases.zip")
    if nested and not databases_in(archive, folder):
        holder = archive.nested(nested, scratch)
        inner = f"{release.part}_databases/"
        folder = inner if any(holder.under(inner)) else ""
    return Layout(
        splits=splits,
        databases=databases_in(holder, folder),
        tables=tables,
        schema=partial(_schema, tables, holder, folder),
        notes=notes,
    )


def _schema(
    tables: Mapping[str, Mapping[str, object]], holder: Archive, folder: str, db_id: str
) -> dict[str, object]:
    schema = schema_of(tables[db_id]) if db_id in tables else empty_schema()
    described = holder.under(f"{folder}{db_id}/database_description/")
    add_descriptions(schema, (file for file in described if file.name.lower().endswith(".csv")))
    return schema


def _examples(member: Member, dialect: str, ids: bool) -> Questions:
    with member.open() as file:
        times = Counter(
            _id(record, str(member)) if ids else str(position)
            for position, record in enumerate(read_array(file, str(member)))
        )
    with member.open() as file:
        for position, record in enumerate(read_array(file, str(member))):
            identity = _id(record, str(member)) if ids else str(position)
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
