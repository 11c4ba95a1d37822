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

import dataclasses
import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import ModuleType

from t2s_bench.benchmarks.archive import Archive, open_archive
from t2s_bench.benchmarks.base import open_base
from t2s_bench.benchmarks.layout import Layout
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
from t2s_bench.errors import BadInput, UnknownName


def import_benchmark(
    name: str,
    source: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    only: Iterable[str] = (),
    force: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Imports a registered benchmark from its official archive or the folder it was unpacked to.

    What is already there is replaced only with `force`, and only once the new import is complete.
    `only` names the splits to import, with the databases they need (default: all there are).
    `progress` is called with the bytes of databases written so far and those to be written.

    Raises:
        UnknownName: no benchmark of that name, or no such split.
        BadInput: it is already there, the source cannot be used, or the disk is full.
    """
    entry = find_entry(name)
    if entry.family == EMBEDDED:
        raise BadInput(f"'{entry.name}' is part of t2s-bench: there is nothing to import")
    return import_entry(entry, source, data=data, only=only, force=force, progress=progress)


def import_entry(
    entry: Entry,
    source: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    only: Iterable[str] = (),
    force: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Imports what an entry of the registry describes; see `import_benchmark`."""
    folder = data_folder(data) / entry.place
    path = Path(source).expanduser()
    single = len(entry.files) == 1 and not entry.archive.endswith(".zip")
    with explained(folder), open_archive(path, single=single) as archive:
        family, root = _family(entry), _root(entry, archive)
        with only_one(folder):
            base = open_base(folder.parent / entry.base, entry.name) if entry.base else None
            if not entry.adds_to:
                refuse_replacing(folder, path, force)
            with staging_folder(folder) as staging:
                layout = family.read(archive, root, entry.name, staging, base)
                writer = LayoutWriter(staging, _chosen(layout, entry, only), progress)
                if entry.adds_to and base:
                    manifest = writer.write(find_entry(entry.adds_to), base.manifest)
                else:
                    manifest = writer.write(entry, path)
                replace(staging, folder)
            with DigestCache() as digests:
                for relative, digest in writer.digests.items():
                    digests.remember(folder / relative, digest)
    return manifest


def _chosen(layout: Layout, entry: Entry, only: Iterable[str]) -> Layout:
    """The layout with the splits that are wanted; the name by which one is loaded will do."""
    wanted = {
        next((name for name, split in entry.splits.items() if part in (name, split.dataset)), part)
        for part in only
    }
    for name in wanted:
        if name not in layout.splits:
            raise UnknownName(f"split of this {entry.name}", name, layout.splits)
    if not wanted:
        return layout
    chosen = {name: read for name, read in layout.splits.items() if name in wanted}
    return dataclasses.replace(layout, splits=chosen)


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
