"""Folders that are there whole or not at all: checkpoints and models.

A folder is written under another name, flushed to the disk file by file, and renamed. Whatever
stops the writing (a kill, a full disk) leaves what was there before.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from t2s_bench.errors import BadInput


def write_folder(path: Path, write: Callable[[Path], None]) -> None:
    """Has `write` fill an empty folder and puts it at `path`, replacing what is there.

    Raises BadInput where the disk is full or cannot be written; the folder at `path` is then as it
    was. A reader that comes between the two renames of a replacement finds the folder missing for
    that moment: readers that must not use `newest`, whose folders are never replaced.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        write(temporary)
        _flush(temporary)
        if path.exists():
            path.rename(old)
        temporary.rename(path)
        _flush_entry(path.parent)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if old.exists() and not path.exists():
            old.rename(path)
        if _is_disk_error(error):
            raise BadInput(
                f"cannot write {path}: {error}. What was saved before is untouched: make room, "
                "then go on with --resume"
            ) from error
        raise
    shutil.rmtree(old, ignore_errors=True)


def write_numbered(parent: Path, name: str, number: int, write: Callable[[Path], None]) -> Path:
    """Writes `parent/name-number`, then removes the earlier ones; returns its path."""
    path = parent / f"{name}-{number:08d}"
    write_folder(path, write)
    for other in _numbered(parent, name):
        if other != path:
            shutil.rmtree(other)
    return path


def newest(parent: Path, name: str) -> Path | None:
    """The complete folder `name-number` with the highest number, or None."""
    return max(_numbered(parent, name), default=None)


def _numbered(parent: Path, name: str) -> list[Path]:
    if not parent.is_dir():
        return []
    return [path for path in parent.glob(f"{name}-*") if path.name[len(name) + 1 :].isdigit()]


def _is_disk_error(error: BaseException) -> bool:
    """The writer of torch turns a full disk into a RuntimeError of its own."""
    if isinstance(error, OSError):
        return True
    return isinstance(error, RuntimeError) and "PytorchStreamWriter" in str(error)


def _flush(folder: Path) -> None:
    for place, _, files in os.walk(folder):
        for name in files:
            with open(Path(place, name), "rb") as file:
                os.fsync(file.fileno())
        _flush_entry(Path(place))


def _flush_entry(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
