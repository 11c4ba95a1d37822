"""Importing: from an archive or a folder in its official layout into the one standard layout.

What an import leaves in the data folder:

    <data>/<benchmark>/manifest.json                     written last: its presence means complete
    <data>/<benchmark>/<split>.jsonl                     all questions of the official file
    <data>/<benchmark>/databases/<db_id>/<db_id>.sqlite  with its further fillings
    <data>/<benchmark>/databases/<db_id>/schema.json     names, descriptions and keys
    <data>/<benchmark>/databases/<db_id>/tables.json     its entry in the official tables.json

Nothing downstream of this knows one benchmark from another.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from types import ModuleType

from t2s_bench.benchmarks.archive import Archive, open_archive
from t2s_bench.benchmarks.location import data_folder
from t2s_bench.benchmarks.manifest import Manifest
from t2s_bench.benchmarks.placing import (
    explained,
    only_one,
    refuse_replacing,
    replace,
    staging_folder,
)
from t2s_bench.benchmarks.registry import EMBEDDED, Entry, entries, find_entry
from t2s_bench.benchmarks.writing import LayoutWriter, Progress
from t2s_bench.databases.digest import DigestCache
from t2s_bench.errors import BadInput


def import_benchmark(
    name: str,
    source: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Imports a registered benchmark from its official archive or the folder it was unpacked to.

    What is already there is replaced only with `force`, and only once the new import is complete.
    `progress` is called with the bytes of databases written so far and those to be written.

    Raises:
        UnknownName: no benchmark of that name.
        BadInput: it is already there, the source cannot be used, or the disk is full.
    """
    entry = find_entry(name)
    if entry.family == EMBEDDED:
        raise BadInput(f"'{entry.name}' is part of t2s-bench: there is nothing to import")
    folder = data_folder(data) / entry.name
    path = Path(source).expanduser()
    with explained(folder), open_archive(path) as archive:
        family, root = _family(entry), _root(entry, archive)
        with only_one(folder):
            refuse_replacing(folder, path, force)
            with staging_folder(folder) as staging:
                layout = family.read(archive, root, entry.name, staging)
                writer = LayoutWriter(staging, layout, progress)
                manifest = writer.write(entry, path)
                replace(staging, folder)
            with DigestCache() as digests:
                for relative, digest in writer.digests.items():
                    digests.remember(folder / relative, digest)
    return manifest


def _root(entry: Entry, archive: Archive) -> str:
    family = _family(entry)
    root: str | None = family.recognise(archive, entry.name)
    if root is not None:
        return root
    looks = next((other.name for other in entries().values() if _is(archive, other)), None)
    raise BadInput(
        f"{archive.name} is not {entry.title}: looked for {family.LOOKED_FOR[entry.name]}, "
        f"found {archive.glimpse()}" + (f" (it is laid out as '{looks}')" if looks else "")
    )


def _is(archive: Archive, entry: Entry) -> bool:
    return entry.family != EMBEDDED and _family(entry).recognise(archive, entry.name) is not None


def _family(entry: Entry) -> ModuleType:
    return import_module(f"t2s_bench.benchmarks.{entry.family}")
