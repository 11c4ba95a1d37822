"""One folder of a zip file that lies on a server, without the rest of it.

OmniSQL publishes nine benchmarks and 16,000 databases in one archive of 22 GB. Its list of contents
stands at its end; with range requests that list is read, and then the files of one folder only.
They are written into a small zip file of their own, uncompressed and without times, so that its
digest depends on their names and bytes alone.
"""

from __future__ import annotations

import io
import re
import shutil
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import t2s_bench
from t2s_bench.benchmarks.archive import ZipArchive
from t2s_bench.benchmarks.placing import NoSpace
from t2s_bench.benchmarks.transfer import BUSY, LoginNeeded, Patience, Report, SourceFailed
from t2s_bench.databases.digest import BLOCK
from t2s_bench.errors import BadInput

if TYPE_CHECKING:
    from requests import Response

# Bytes asked for at a time.
PIECE = 1 << 23


def fetch_folder(
    url: str,
    inside: str,
    target: Path,
    *,
    patience: Patience | None = None,
    report: Report | None = None,
) -> None:
    """Writes the files below the folder `inside` of the zip file at `url` into a zip at `target`.

    Interrupted, it starts again the next time; within one call every piece is asked for again.

    Raises:
        SourceFailed: the server gives no parts of files, has no such file, or the archive is
            damaged or has no such folder.
        NoSpace: the folder is larger than the space on the disk.
    """
    remote = _RangedFile(url, patience or Patience())
    try:
        with ZipArchive(url, io.BufferedReader(remote, PIECE), remote.size()) as archive:
            members = list(archive.under(inside))
            total = sum(member.size for member in members)
            if not members:
                raise SourceFailed(f"the archive has no folder {inside} ({archive.glimpse()})")
            target.parent.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(target.parent).free
            if total > free:
                raise NoSpace(
                    f"{inside} has {total:,} bytes, and {target.parent} has {free:,} left: "
                    f"free some, or choose another folder with --data"
                )
            done = 0
            with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as out:
                for member in members:
                    entry = zipfile.ZipInfo(member.name)  # dated 1980
                    entry.file_size = member.size
                    with member.open() as file, out.open(entry, "w") as copy:
                        while block := file.read(BLOCK):
                            copy.write(block)
                            done += len(block)
                            if report:
                                report(done, total)
    except (SourceFailed, NoSpace):
        raise
    except BadInput as error:
        raise SourceFailed(str(error)) from None


class _RangedFile(io.RawIOBase):
    """A file on a server, read by range requests."""

    def __init__(self, url: str, patience: Patience) -> None:
        self.url, self.patience = url, patience
        self._at = 0
        self._total: int | None = None
        self._version = ""

    def size(self) -> int:
        """Its length in bytes."""
        if self._total is None:
            self._get(0, 1)
        assert self._total is not None
        return self._total

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size()}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), self.size() - self._at)
        if wanted <= 0:
            return 0
        block = self._get(self._at, wanted)
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)

    def _get(self, start: int, length: int) -> bytes:
        import requests

        reason = ""
        for attempt in range(self.patience.attempts):
            if attempt:
                time.sleep(self.patience.pause * 2 ** (attempt - 1))
            try:
                response = requests.get(
                    self.url,
                    headers={
                        "Range": f"bytes={start}-{start + length - 1}",
                        "User-Agent": f"t2s-bench/{t2s_bench.__version__}",
                        "Accept-Encoding": "identity",
                    },
                    timeout=(self.patience.connect, self.patience.silence),
                    stream=True,
                )
                with response:
                    if response.status_code in BUSY:
                        reason = f"answers {response.status_code} ({response.reason})"
                        continue
                    self._check(response, start)
                    block = response.content
            except requests.RequestException as error:
                reason = f"the connection was cut or refused ({type(error).__name__})"
                continue
            if len(block) == min(length, self.size() - start):
                return block
            reason = f"the connection was cut at byte {start + len(block):,}"
        raise SourceFailed(reason)

    def _check(self, response: Response, start: int) -> None:
        if response.status_code in (401, 403):
            raise LoginNeeded(f"answers {response.status_code} ({response.reason})")
        if response.status_code == 200:
            raise SourceFailed("gives no parts of the archive, only all of it")
        if response.status_code != 206:
            raise SourceFailed(f"answers {response.status_code} ({response.reason})")
        told = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
        version = response.headers.get("ETag", "")
        if not told or int(told[1]) != start:
            raise SourceFailed("gives other parts of the archive than it is asked for")
        if self._total is not None and (int(told[2]), version) != (self._total, self._version):
            raise SourceFailed("the archive changed while it was read")
        self._total, self._version = int(told[2]), version
