"""Spider's distilled test suites: further fillings for an imported Spider.

    database/<db_id>/*.sqlite

A prediction that is right by luck on one filling is found out on another. The filling of the
imported Spider stays the main one; where the suite's `<db_id>.sqlite` is another one, it comes
along as `<db_id>.suite.sqlite`. Layout: as projects that pin the archive by its digest describe it.
"""

from __future__ import annotations

from pathlib import Path

from t2s_bench.benchmarks.archive import Archive, Member
from t2s_bench.benchmarks.base import Base
from t2s_bench.benchmarks.layout import Layout, SqlFiles, further_files
from t2s_bench.databases.digest import BLOCK

# How the note on them begins in the manifest of the Spider that they were added to.
ADDED = "test suites: "
LOOKED_FOR = {"spider-test-suites": "database/<db_id>/ with several .sqlite files each"}


def recognise(archive: Archive, name: str) -> str | None:
    """The folder inside the archive that holds `database/`, or None."""
    several = sorted(
        {
            folder
            for member in archive.under("")
            for folder, _, file in [member.name.rpartition("/")]
            if file.endswith(".sqlite") and file != f"{folder.rpartition('/')[2]}.sqlite"
        },
        key=lambda folder: (folder.count("/"), folder),
    )
    for folder in several:
        above, _, last = folder.rpartition("/")[0].rpartition("/")
        if last == "database":
            return f"{above}/" if above else ""
    return None


def read(archive: Archive, root: str, name: str, scratch: Path, base: Base | None) -> Layout:
    """The imported Spider with the further fillings below `root`."""
    assert base
    suites = further_files(archive, f"{root}database/")
    databases = {
        db_id: _merged(db_id, files, suites[db_id]) if db_id in suites else files
        for db_id, files in base.databases.items()
    }
    known = sorted(suites.keys() & base.databases.keys())
    added = sum(len(databases[db_id]) - 1 for db_id in known)
    notes = [note for note in base.manifest.notes if not note.startswith(ADDED)]
    notes.append(f"{ADDED}{added:,} further fillings of {len(known):,} databases")
    return Layout(
        splits=base.splits(),
        databases=databases,
        tables=base.tables,
        schema=base.schema,
        notes=tuple(notes),
    )


def _merged(db_id: str, files: SqlFiles, suite: SqlFiles) -> SqlFiles:
    main = f"{db_id}.sqlite"
    merged = {**files, **{name: member for name, member in suite.items() if name != main}}
    if main in suite and not _equal(suite[main], files[main]):
        merged[f"{db_id}.suite.sqlite"] = suite[main]
    return merged


def _equal(one: Member, other: Member) -> bool:
    if one.size != other.size:
        return False
    with one.open() as first, other.open() as second:
        while block := first.read(BLOCK):
            if block != second.read(BLOCK):
                return False
    return True
