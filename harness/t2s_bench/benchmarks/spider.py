"""Spider in its official layout, `spider_data.zip`.

    train_spider.json + train_others.json   the split `train`, in this order
    dev.json                                the split `dev`
    test.json                               the split `test` (in newer releases)
    tables.json, test_tables.json           the schemas
    database/, test_database/               <db_id>/<db_id>.sqlite

Spider's questions have no ids: a question's id is its position in the official file, from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from t2s_bench.benchmarks import ehrsql, sciencebenchmark
from t2s_bench.benchmarks.archive import Archive
from t2s_bench.benchmarks.base import Base
from t2s_bench.benchmarks.layout import Layout, Questions, databases_in
from t2s_bench.benchmarks.spider_form import examples_of
from t2s_bench.benchmarks.tables_json import empty_schema, read_tables, schema_of

LOOKED_FOR = {"spider": "tables.json beside dev.json or train_spider.json, and database/"}
_FILES = {
    "dev": ("dev.json",),
    "train": ("train_spider.json", "train_others.json"),
    "test": ("test.json",),
}


def recognise(archive: Archive, name: str) -> str | None:
    """The folder inside the archive that is laid out as Spider, or None.

    Others took over the layout of `dev.json`; what tells Spider from them is the other file, or
    that its databases are neither in another folder nor those of a hospital.
    """
    roots = list(archive.roots(["tables.json"], one_of=["dev.json", "train_spider.json"]))
    for root in roots:
        if archive.member(f"{root}train_spider.json"):
            return root
    others = [
        family.recognise(archive, name)
        for family, name in ((ehrsql, "ehrsql"), (sciencebenchmark, "sciencebenchmark"))
    ]
    return next((root for root in roots if root not in others), None)


def read(archive: Archive, root: str, name: str, scratch: Path, base: Base | None) -> Layout:
    """Reads the layout below the folder `root` of the archive."""
    splits: dict[str, Callable[[], Questions]] = {}
    notes = []
    for split, names in _FILES.items():
        files = [member for name in names if (member := archive.member(root + name))]
        if files:
            splits[split] = partial(examples_of, files)
        if files and len(files) < len(names):
            absent = [name for name in names if not archive.member(root + name)]
            notes.append(f"{', '.join(absent)} is missing from the split '{split}'")
    tables: dict[str, Mapping[str, Any]] = {}
    for name in ("test_tables.json", "tables.json"):
        member = archive.member(root + name)
        tables |= read_tables(member) if member else {}
    databases = databases_in(archive, f"{root}test_database/")
    databases |= databases_in(archive, f"{root}database/")
    return Layout(
        splits=splits,
        databases=databases,
        tables=tables,
        schema=lambda db_id: schema_of(tables[db_id]) if db_id in tables else empty_schema(),
        notes=tuple(notes),
    )
