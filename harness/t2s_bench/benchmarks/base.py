"""The databases of an imported benchmark, as another one uses them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from t2s_bench.benchmarks.archive import FolderArchive
from t2s_bench.benchmarks.layout import Questions, SqlFiles, databases_in
from t2s_bench.benchmarks.manifest import Manifest, read_manifest
from t2s_bench.benchmarks.questions import read_questions
from t2s_bench.benchmarks.tables_json import FILE as TABLES
from t2s_bench.benchmarks.tables_json import empty_schema
from t2s_bench.errors import BadInput

_FOLDER = "databases/"


@dataclass(frozen=True)
class Base:
    """An imported benchmark: its questions, the files of its databases and what is known of them.

    Databases that were missing when it was imported are missing here too.
    """

    manifest: Manifest
    archive: FolderArchive
    databases: Mapping[str, SqlFiles]
    tables: Mapping[str, Mapping[str, Any]]

    def schema(self, db_id: str) -> Mapping[str, object]:
        """The content of a database's `schema.json`."""
        member = self.archive.member(f"{_FOLDER}{db_id}/schema.json")
        if not member:
            return empty_schema()
        schema: Mapping[str, object] = json.loads(member.read())
        return schema

    def splits(self) -> dict[str, Callable[[], Questions]]:
        """Its questions by split."""
        folder = self.archive.path
        return {
            name: partial(_questions, folder / split.file)
            for name, split in self.manifest.splits.items()
        }


def open_base(folder: Path, user: str) -> Base:
    """Opens the benchmark imported into `folder`, for the benchmark `user`.

    Raises:
        BadInput: it is not there; it must be imported first.
    """
    manifest = read_manifest(folder)
    if not manifest:
        raise BadInput(
            f"'{user}' uses the databases of '{folder.name}', which is not in {folder.parent}: "
            f"first t2s-bench download {folder.name}"
        )
    archive = FolderArchive(folder)
    databases = databases_in(archive, _FOLDER)
    tables = {
        db_id: json.loads(member.read())[0]
        for db_id in databases
        if (member := archive.member(f"{_FOLDER}{db_id}/{TABLES}"))
    }
    return Base(manifest, archive, databases, tables)


def _questions(path: Path) -> Questions:
    yield from read_questions(path)
