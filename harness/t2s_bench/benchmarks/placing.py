"""Placing a folder as a whole: built hidden beside its place, then renamed.

Whatever interrupts an import, what was there before stays, and nothing half-written is taken for
complete. A second import of the same benchmark at the same time is refused.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from t2s_bench.benchmarks.manifest import FILE, read_manifest
from t2s_bench.errors import BadInput


class NoSpace(BadInput):
    """The disk has too little space left."""


class Busy(BadInput):
    """Another process is at the same benchmark."""


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Says in one line what the file system refused while importing into `folder`.

    Raises:
        NoSpace: the disk is full.
        BadInput: a file may not be read or written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(
                f"no space left in {folder.parent} (nothing was imported): free some, or choose "
                f"another folder with --data"
            ) from None
        where = f": {error.filename}" if error.filename else ""
        raise BadInput(f"cannot import into {folder}: {error.strerror or error}{where}") from None


@contextmanager
def only_one(folder: Path, what: str = "import") -> Iterator[None]:
    """Keeps other processes from doing the same with `folder`.

    An import also clears away what a killed one left.

    Raises:
        Busy: another process is at it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _hidden(folder, "lock" if what == "import" else f"{what}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                f"another {what} of '{folder.name}' into {folder.parent} is running: "
                f"wait until it is done"
            ) from None
        if what == "import":
            _mend(folder)
        yield


def refuse_replacing(folder: Path, source: Path, force: bool) -> None:
    """Refuses to replace what is there, unless it is an earlier import and `force` is given.

    Raises:
        BadInput: there is an import (its digest is named), or something that is none, or the
            source itself.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / FILE).is_file():
        raise BadInput(f"{folder} is there but was not imported: move it away, or give --data DIR")
    if source.resolve().is_relative_to(folder.resolve()):
        raise BadInput(f"{source} lies in {folder}, which it would replace: move it elsewhere")
    if not force:
        manifest = read_manifest(folder)
        assert manifest  # its file is there
        raise BadInput(
            f"'{folder.name}' is already in {folder.parent} (version {manifest.version}, digest "
            f"{manifest.digest[:12]}): add --force to replace it"
        )


@contextmanager
def staging_folder(folder: Path) -> Iterator[Path]:
    """A new hidden folder beside `folder`; what is left of it at the end is removed."""
    staging = _hidden(folder, "importing")
    staging.mkdir()
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def replace(staging: Path, folder: Path) -> None:
    """Puts the complete `staging` in the place of `folder`; an import that is there makes way.

    Both change places in one step where the system can do that; elsewhere there is a moment without
    `folder`, and a process killed in it leaves the old one to be put back by the next import.
    """
    if folder.exists() and _exchanged(staging, folder):
        return
    old = _hidden(folder, "replaced")
    if folder.exists():
        os.rename(folder, old)
    os.rename(staging, folder)
    shutil.rmtree(old, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Lets two folders change places, or gives False (Linux only, on most of its file systems)."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of <fcntl.h> and <stdio.h>
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)


def _hidden(folder: Path, what: str) -> Path:
    return folder.parent / f".{folder.name}.{what}"


def _mend(folder: Path) -> None:
    old = _hidden(folder, "replaced")
    if old.exists() and not folder.exists():
        os.rename(old, folder)
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(_hidden(folder, "importing"), ignore_errors=True)
