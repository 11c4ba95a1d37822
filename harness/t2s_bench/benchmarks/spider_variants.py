"""Spider-DK, Spider-Syn and Spider-Realistic: Spider's databases, other questions.

    Spider-DK.json, tables.json, database/     Spider-DK (three databases of its own)
    dev.json, train_spider.json                Spider-Syn; the question is `SpiderSynQuestion`
    spider-realistic.json                      Spider-Realistic

Layouts: the repositories ygan/Spider-DK and ygan/Spider-Syn; Spider-Realistic from scripts that
read it. None has ids: a question's id is its position in the file, from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from t2s_bench.benchmarks.archive import Archive
from t2s_bench.benchmarks.base import Base
from t2s_bench.benchmarks.json_array import first_record
from t2s_bench.benchmarks.layout import Layout, databases_in
from t2s_bench.benchmarks.spider_form import examples_of
from t2s_bench.benchmarks.tables_json import read_tables, schema_of

LOOKED_FOR = {
    "spider-dk": "Spider-DK.json beside tables.json",
    "spider-syn": "dev.json with SpiderSynQuestion, in a folder Spider-Syn",
    "spider-realistic": "spider-realistic.json",
}
_FILES = {
    "spider-dk": {"dev": "Spider-DK.json"},
    "spider-syn": {"dev": "dev.json", "train": "train_spider.json"},
    "spider-realistic": {"dev": "spider-realistic.json"},
}
_QUESTION = {"spider-syn": "SpiderSynQuestion"}


def recognise(archive: Archive, name: str) -> str | None:
    """The folder inside the archive that holds that benchmark, or None."""
    if name == "spider-dk":
        return archive.root(["Spider-DK.json", "tables.json"])
    if name == "spider-syn":
        inner = archive.root(["Spider-Syn/dev.json"])
        root = archive.root(["dev.json"]) if inner is None else f"{inner}Spider-Syn/"
        member = None if root is None else archive.member(f"{root}dev.json")
        # Spider and BIRD have a dev.json too.
        return root if member and _QUESTION[name] in first_record(member) else None
    return archive.root([_FILES[name]["dev"]])


def read(archive: Archive, root: str, name: str, scratch: Path, base: Base | None) -> Layout:
    """Reads the questions below `root`; databases that are not there are those of Spider."""
    assert base
    key = _QUESTION.get(name, "question")
    splits = {
        split: partial(examples_of, [member], question=key)
        for split, file in _FILES[name].items()
        if (member := archive.member(root + file))
    }
    tables: dict[str, Mapping[str, Any]] = dict(base.tables)
    file = archive.member(f"{root}tables.json") if name == "spider-dk" else None
    own = read_tables(file) if file else {}
    tables |= own
    return Layout(
        splits=splits,
        databases={**base.databases, **databases_in(archive, f"{root}database/")},
        tables=tables,
        schema=lambda db_id: schema_of(own[db_id]) if db_id in own else base.schema(db_id),
    )
