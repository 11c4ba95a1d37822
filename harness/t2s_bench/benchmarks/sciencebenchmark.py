"""ScienceBenchmark (CORDIS, OncoMX, SDSS) in the SQLite release of OmniSQL.

    dev.json, tables.json, databases/<db_id>/<db_id>.sqlite

Published for PostgreSQL; OmniSQL converted the databases and golds to SQLite. Layout: from the
scripts of OmniSQL that read it. It has no ids: a question's id is its position, from 0.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from t2s_bench.benchmarks.archive import Archive
from t2s_bench.benchmarks.base import Base
from t2s_bench.benchmarks.layout import Layout, databases_in
from t2s_bench.benchmarks.spider_form import examples_of
from t2s_bench.benchmarks.tables_json import empty_schema, read_tables, schema_of

LOOKED_FOR = {"sciencebenchmark": "dev.json beside tables.json and databases/"}


def recognise(archive: Archive, name: str) -> str | None:
    """The folder inside the archive that is laid out so, or None."""
    roots = archive.roots(["dev.json", "tables.json"])
    return next((root for root in roots if databases_in(archive, f"{root}databases/")), None)


def read(archive: Archive, root: str, name: str, scratch: Path, base: Base | None) -> Layout:
    """Reads the layout below `root`."""
    tables_file, dev = archive.member(f"{root}tables.json"), archive.member(f"{root}dev.json")
    assert tables_file and dev  # the layout was recognised by them
    tables = read_tables(tables_file)
    return Layout(
        splits={"dev": partial(examples_of, [dev])},
        databases=databases_in(archive, f"{root}databases/"),
        tables=tables,
        schema=lambda db_id: schema_of(tables[db_id]) if db_id in tables else empty_schema(),
    )
