"""Digests of database files: what a database is, wherever it lies and whenever it was copied.

A file is read once, in blocks of 1 MiB; its digest is then kept in the user's cache folder under
its path, size, times and inode, so that a database of many gigabytes is not read at every start.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from t2s_bench.settings import cache_folder

BLOCK = 1 << 20
# A file that changed this recently (in seconds) may change again without its times telling: file
# systems count them in steps of up to 10 ms. Its digest is not kept yet.
SETTLED = 0.05


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal, in constant memory."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            sha.update(block)
    return sha.hexdigest()


def suite_digest(main: str, further: Iterable[str]) -> str:
    """The digest of a database with all its fillings, from the digests of the files.

    The main filling is set apart from the others; the others' names and order do not count.

    >>> suite_digest("a", ["b", "c"]) == suite_digest("a", ["c", "b"])
    True
    >>> suite_digest("a", ["b"]) == suite_digest("b", ["a"])
    False
    """
    return hashlib.sha256("\n".join([main, *sorted(further)]).encode()).hexdigest()


class DigestCache:
    """Remembers the digests of files between runs; use it as a context manager, which saves it.

    A cache that is absent, damaged or not writable costs time, never a wrong digest: an entry
    counts only while size, modification time, change time and inode are what they were.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or cache_folder() / "digests.json"
        self._entries: dict[str, list[object]] = self._read()
        self._new: dict[str, list[object]] = {}

    def digest(self, path: Path) -> str:
        """The SHA-256 of the file at `path`, read only if it is not known."""
        key, stat = os.path.abspath(path), path.stat()
        stamp = _stamp(stat)
        known = self._new.get(key) or self._entries.get(key)
        if known and known[:-1] == stamp:
            return str(known[-1])
        digest = file_digest(path)
        self._keep(key, stat, digest)
        return digest

    def remember(self, path: Path, digest: str) -> None:
        """Takes over the digest of a file that the caller has written and closed."""
        self._keep(os.path.abspath(path), path.stat(), digest)

    def _keep(self, key: str, stat: os.stat_result, digest: str) -> None:
        if time.time() - max(stat.st_mtime, stat.st_ctime) > SETTLED:
            self._new[key] = [*_stamp(stat), digest]

    def save(self) -> None:
        """Writes what is new, with what other processes have written meanwhile."""
        if not self._new:
            return
        entries = {**self._read(), **self._new}
        kept = {path: entry for path, entry in entries.items() if os.path.exists(path)}
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.file.parent, prefix=".digests-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(kept, file)
            os.replace(name, self.file)
        except OSError:  # a cache that cannot be written is only slower the next time
            return
        self._entries, self._new = kept, {}

    def _read(self) -> dict[str, list[object]]:
        try:
            entries = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(entries, dict):
            return {}
        return {path: entry for path, entry in entries.items() if isinstance(entry, list) and entry}

    def __enter__(self) -> DigestCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.save()


def _stamp(stat: os.stat_result) -> list[object]:
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
