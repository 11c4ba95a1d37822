"""Downloading a benchmark: its files from the first source that gives the right ones, imported.

What a download leaves in the data folder besides the import:

    downloads.json                   the digest of every file at its first download
    archives/<benchmark>/<file>      the files themselves, where they are to be kept
    .downloads/<benchmark>/          what an interrupted download got so far; a later one goes on

Nothing here is taken for complete before it is: a file counts once its length and digest are right,
a benchmark once its import is placed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from t2s_bench.benchmarks.download_lock import Download, record
from t2s_bench.benchmarks.fetching import Fetched, Fetcher, Labelled
from t2s_bench.benchmarks.importing import import_entry
from t2s_bench.benchmarks.location import data_folder
from t2s_bench.benchmarks.manifest import Manifest, read_manifest
from t2s_bench.benchmarks.placing import Busy, NoSpace, explained, only_one, refuse_replacing
from t2s_bench.benchmarks.registry import EMBEDDED, Entry, find_entry
from t2s_bench.benchmarks.sources import BROWSER
from t2s_bench.benchmarks.transfer import Patience
from t2s_bench.errors import BadInput

PARTIAL = ".downloads"


def download(
    name: str | Entry,
    *,
    data: str | os.PathLike[str] | None = None,
    only: Iterable[str] = (),
    force: bool = False,
    offline: bool = False,
    keep_archive: bool = False,
    patience: Patience | None = None,
    labelled: Labelled = lambda label: None,
) -> Manifest:
    """Downloads a registered benchmark and imports it; first the one whose databases it uses.

    `only` names the splits to import (default: all). `offline` uses what lies in the archives of
    the data folder and asks no server. An import that is there is replaced with `force` only, once
    the new one is complete. `labelled` makes the progress report of each file.

    Raises:
        UnknownName: no benchmark or split of that name.
        Busy: another download of it is running.
        NoSpace: the disk is too small.
        BadInput: it is already there, or no source gives it; the message lists every reason and
            says how to get it with a browser.
    """
    entry = name if isinstance(name, Entry) else find_entry(name)
    if entry.family == EMBEDDED:
        raise BadInput(f"'{entry.name}' is part of t2s-bench: there is nothing to download")
    root = data_folder(data)
    folder, place = root / PARTIAL / entry.name, root / entry.place
    if entry.base and not read_manifest(root / entry.base):
        download(
            entry.base,
            data=data,
            offline=offline,
            keep_archive=keep_archive,
            patience=patience,
            labelled=labelled,
        )
    with explained(place), only_one(root / entry.name, "download"):
        if not entry.adds_to:
            refuse_replacing(place, folder, force)
        fetcher = Fetcher(
            entry.name, root, folder, offline=offline, patience=patience, labelled=labelled
        )
        return _Download(entry, root, folder, fetcher, tuple(only), force, keep_archive).run()


class _Download:
    """One benchmark on its way."""

    def __init__(
        self,
        entry: Entry,
        root: Path,
        folder: Path,
        fetcher: Fetcher,
        only: tuple[str, ...],
        force: bool,
        keep: bool,
    ) -> None:
        self.entry, self.root, self.folder = entry, root, folder
        self.fetcher, self.only, self.force, self.keep = fetcher, only, force, keep

    def run(self) -> Manifest:
        """Asks for the files, and for others as long as what came is no such benchmark."""
        if not self.entry.files:
            raise self._failed()
        given = [self.fetcher.candidates(file) for file in self.entry.files]
        files = [next(candidates, None) for candidates in given]
        while True:
            complete = [file for file in files if file]
            if len(complete) < len(files):
                raise self._failed()
            try:
                manifest = self._import(complete)
            except (NoSpace, Busy):
                raise
            except BadInput as error:
                self.fetcher.failures.append(str(error))
            else:
                self._finish(complete)
                return manifest
            further = [next(candidates, None) for candidates in given]
            if not any(further):
                self._discard(complete)
                raise self._failed()
            files = [new or old for new, old in zip(further, files, strict=True)]

    def _import(self, files: list[Fetched]) -> Manifest:
        source = files[0].path
        if len(files) > 1:
            source = self.folder / "files"
            shutil.rmtree(source, ignore_errors=True)
            source.mkdir(parents=True)
            for file in files:
                shutil.copy(file.path, source / file.path.name)
        report = self.fetcher.labelled(f"importing {self.entry.title}")
        return import_entry(
            self.entry, source, data=self.root, only=self.only, force=self.force, progress=report
        )

    def _finish(self, files: list[Fetched]) -> None:
        for file, described in zip(files, self.entry.files, strict=True):
            if file.kept:
                continue
            download = Download(file.source, file.path.stat().st_size, file.sha256)
            record(self.root, self.entry.name, described.name, file.part, download)
            if self.keep:
                kept = self.fetcher.kept(described)
                kept.parent.mkdir(parents=True, exist_ok=True)
                os.replace(file.path, kept)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.parent.is_dir() and not any(self.folder.parent.iterdir()):
            self.folder.parent.rmdir()

    def _discard(self, files: list[Fetched]) -> None:
        for file in files:
            if not file.kept:
                file.path.unlink(missing_ok=True)

    def _failed(self) -> BadInput:
        entry, reasons = self.entry, "; ".join(self.fetcher.failures)
        names = " and ".join(file.name for file in entry.files) or "its files"
        by_hand = f"then t2s-bench download {entry.name} --from {entry.archive}"
        if self.fetcher.offline:
            places = self.root / "archives" / entry.name
            return BadInput(
                f"'{entry.name}' cannot be had offline: {reasons or f'{places} lacks {names}'}. "
                f"Put {names} there, or add --from {entry.archive}"
            )
        pages = [
            source.address
            for file in entry.files
            for source in file.sources
            if source.kind == BROWSER
        ]
        page = pages[0] if pages else entry.homepage
        tried = f"could not be downloaded: {reasons}" if reasons else "needs a browser"
        return BadInput(f"'{entry.name}' {tried}. In a browser: get {names} from {page}, {by_hand}")
