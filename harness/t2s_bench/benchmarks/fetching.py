"""Getting one file of a benchmark: source by source, until one gives the right one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from t2s_bench.benchmarks.download_lock import FILE as LOCK
from t2s_bench.benchmarks.download_lock import recorded
from t2s_bench.benchmarks.remote_zip import fetch_folder
from t2s_bench.benchmarks.sources import BROWSER, GOOGLE_DRIVE, HUGGING_FACE, Source, SourceFile
from t2s_bench.benchmarks.transfer import (
    LoginNeeded,
    PageInstead,
    Patience,
    Report,
    SourceFailed,
    transfer,
)
from t2s_bench.databases.digest import file_digest

ARCHIVES = "archives"
EXTRA = "pip install 't2s-bench[download]'"
Labelled = Callable[[str], "Report | None"]
"""Gives, for the label of a file, what is called with the bytes there are and those to be."""


@dataclass(frozen=True)
class Fetched:
    """A file that a source gave, with the digest it was checked by.

    `part` is the folder of a larger archive that it is made of; `kept` lies in the archives.
    """

    path: Path
    sha256: str
    source: str
    part: str = ""
    kept: bool = False


class Fetcher:
    """Gets the files of one benchmark into a folder; `failures` says why sources failed.

    Files in `<data>/archives/<benchmark>/` come before every source; `offline` asks no other.
    """

    def __init__(
        self,
        benchmark: str,
        data: Path,
        folder: Path,
        *,
        offline: bool = False,
        patience: Patience | None = None,
        labelled: Labelled = lambda label: None,
    ) -> None:
        self.benchmark, self.data, self.folder = benchmark, data, folder
        self.offline, self.patience, self.labelled = offline, patience, labelled
        self.failures: list[str] = []

    def kept(self, file: SourceFile) -> Path:
        """Where an archive lies that was kept, or put there by hand."""
        return self.data / ARCHIVES / self.benchmark / file.name

    def candidates(self, file: SourceFile) -> Iterator[Fetched]:
        """The file from every source that gives it with the right digest, one after the other.

        The next source is asked only when the caller comes back, because what the last one gave
        turned out to be no such benchmark. Each replaces the one before it on the disk.

        Raises:
            NoSpace: the disk is too small for it.
        """
        kept = self.kept(file)
        if kept.is_file():
            sha256 = file_digest(kept)
            known = recorded(self.data, self.benchmark, file.name).values()
            try:
                if sha256 not in (download.sha256 for download in known):
                    self._check(file, sha256, "")
            except SourceFailed as error:
                self.failures.append(f"{kept}: {error}")
            else:
                yield Fetched(kept, sha256, ARCHIVES, kept=True)
        if self.offline:
            return
        for number, source in enumerate(file.sources_for(self.benchmark)):
            if source.kind == BROWSER:
                continue
            partial = self.folder / f"{file.name}.{number}.part"
            try:
                self._get(source, file, partial)
                sha256 = file_digest(partial)
                self._check(file, sha256, source.inside)
            except SourceFailed as error:
                self.failures.append(f"{source.name}: {error}")
                if isinstance(error, _Altered) or not _size(partial):
                    _drop(partial)
                continue
            path = self.folder / file.name
            os.replace(partial, path)
            _drop(partial)
            yield Fetched(path, sha256, source.url, source.inside)

    def _check(self, file: SourceFile, sha256: str, part: str) -> None:
        """Compares a digest with the published one, else with that of the first download."""
        if file.sha256 and not part:
            if sha256 != file.sha256:
                raise _Altered(
                    f"its SHA-256 {sha256[:12]} is not that of the published file, "
                    f"{file.sha256[:12]}"
                )
            return
        known = recorded(self.data, self.benchmark, file.name).get(part)
        if known and known.sha256 != sha256:
            raise _Altered(
                f"its SHA-256 {sha256[:12]} is not that of the first download, "
                f"{known.sha256[:12]} (to accept the new file, delete the entry of "
                f"{self.benchmark}/{file.name} from {self.data / LOCK})"
            )

    def _get(self, source: Source, file: SourceFile, partial: Path) -> None:
        report = self.labelled(f"{file.name} from {source.name}")
        if source.inside:
            fetch_folder(source.url, source.inside, partial, patience=self.patience, report=report)
            return
        try:
            transfer(source.url, partial, name=file.name, patience=self.patience, report=report)
        except PageInstead:
            if source.kind != GOOGLE_DRIVE:
                raise
            _by_gdown(source, partial)
        except LoginNeeded:
            if source.kind != HUGGING_FACE:
                raise
            _by_hub(source, partial)


class _Altered(SourceFailed):
    """The whole file came, and it is another one than it should be."""


def _by_gdown(source: Source, partial: Path) -> None:
    """Google Drive asks something before it gives some files; gdown knows the answers."""
    if not find_spec("gdown"):
        raise SourceFailed(f"a web page came instead of the file; gdown may get it ({EXTRA})")
    gdown: Any = import_module("gdown")
    _drop(partial)
    try:
        given = gdown.download(id=source.address, output=str(partial), quiet=True)
    except Exception as error:  # it raises errors of its own, of requests and of the system
        raise SourceFailed(f"gdown: {_first_line(error)}") from None
    if not given or not _size(partial):
        raise SourceFailed("gdown got no file")


def _by_hub(source: Source, partial: Path) -> None:
    """Hugging Face gives some data sets to those it knows only: with the token of this machine."""
    if not find_spec("huggingface_hub"):
        raise SourceFailed(f"needs an account: {EXTRA}, then hf auth login")
    hub: Any = import_module("huggingface_hub")
    try:
        given = hub.hf_hub_download(
            source.address,
            source.file,
            repo_type="dataset",
            revision=source.revision,
            local_dir=partial.parent / "hub",
        )
    except Exception as error:  # it raises errors of its own, of its client and of the system
        raise SourceFailed(
            f"needs an account that may read it (hf auth login): {_first_line(error)}"
        ) from None
    os.replace(given, partial)


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:150] if text else type(error).__name__


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _drop(partial: Path) -> None:
    for path in (partial, partial.with_name(partial.name + ".json")):
        with suppress(FileNotFoundError):
            path.unlink()
