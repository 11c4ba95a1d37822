"""What a family of benchmarks finds in an archive, in the terms that the importer understands."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from t2s_bench.benchmarks.archive import Archive, Member
from t2s_bench.errors import BadInput
from t2s_bench.types import Example

Questions = Generator[Example, None, None]
"""Questions on their way; to be closed, for they hold their file open."""

SqlFiles = Mapping[str, Member]
"""A database's files by the name they are to have: `<db_id>.sqlite`, then further fillings."""


@dataclass(frozen=True)
class Layout:
    """An archive as one family reads it.

    `splits` gives every split's questions, read anew at each call; `databases` the files of every
    database that is there; `tables` the entries of tables.json; `schema` what the archive tells of
    a database beyond its own file (the content of `schema.json`).
    """

    splits: Mapping[str, Callable[[], Questions]]
    databases: Mapping[str, SqlFiles]
    tables: Mapping[str, Mapping[str, Any]]
    schema: Callable[[str], Mapping[str, object]]
    notes: tuple[str, ...] = ()


def databases_in(archive: Archive, folder: str) -> dict[str, SqlFiles]:
    """The databases below a folder of the form `<db_id>/<db_id>.sqlite`.

    Further `.sqlite` files beside it are further fillings. An empty file is no database: programs
    that open a database which is not there leave such files behind.
    """
    return {
        db_id: {main: files[main], **{name: files[name] for name in files if name != main}}
        for db_id, files in further_files(archive, folder).items()
        if (main := f"{db_id}.sqlite") in files
    }


def further_files(archive: Archive, folder: str) -> dict[str, dict[str, Member]]:
    """The files of the form `<db_id>/<any name>.sqlite` below a folder, by database."""
    found: dict[str, dict[str, Member]] = {}
    for member in archive.under(folder):
        db_id, _, file = member.name[len(folder) :].partition("/")
        if file.endswith(".sqlite") and "/" not in file and member.size:
            found.setdefault(db_id, {})[file] = member
    return found


def text_of(record: Mapping[str, object], key: str, where: str) -> str:
    """A text that every official question must have.

    Raises:
        BadInput: it is not there, not a text, or blank.
    """
    value = record.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BadInput(f"{where} has no text '{key}'")
    return value


def optional_text(record: Mapping[str, object], key: str, where: str) -> str:
    """A text that an official question may lack, be it absent or null; then it is empty.

    Raises:
        BadInput: it is something else than a text.
    """
    value = record.get(key) or ""
    if not isinstance(value, str):
        raise BadInput(f"{where}: '{key}' is not a text")
    return value
