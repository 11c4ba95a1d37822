"""One safe, read-only view of what a benchmark comes in: a zip, a zip in a zip, a folder.

Nothing is unpacked here: files are named, sized and streamed. Everything by which an archive could
do harm is refused with one line: names that leave the folder, links, encryption, sizes out of all
proportion, truncation, damage, and files that are not a zip at all.
"""

from __future__ import annotations

import errno
import lzma
import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Protocol

from t2s_bench.benchmarks.names import is_plain
from t2s_bench.databases.digest import BLOCK
from t2s_bench.errors import BadInput

# More than RATIO times the archive's own size is taken for a bomb, unless it is SMALL (bytes).
# SQLite files compress 3 to 20 times; the most that deflate can do (zeros) is about 1,030 times.
RATIO = 200
SMALL = 100_000_000
# The largest benchmark known (BIRD train) unpacks to about 50 GB.
LARGEST = 500_000_000_000
MOST_FILES = 500_000
# Only tables.json and column descriptions are read whole; the largest known has 1 MB.
LARGEST_WHOLE = 100_000_000

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
)

# What a file begins with, and what that makes it; a zip begins with b"PK".
_KINDS = (
    (b"\x1f\x8b", "a gzip or tar.gz file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"SQLite format 3", "a single SQLite database"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
    (b"<", "a web page (a login or error page saved in its place)"),
    (b"{", "a JSON file"),
    (b"[", "a JSON file"),
)


class Reader(Protocol):
    """An open file of an archive."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size` of them; none at the end."""


@dataclass(frozen=True)
class Member:
    """One file of an archive."""

    archive: Archive
    name: str

    @property
    def size(self) -> int:
        """Its size in bytes, unpacked."""
        return self.archive.sizes[self.name]

    def open(self) -> AbstractContextManager[Reader]:
        """Opens it for reading; damage that shows on the way is raised as BadInput."""
        return self.archive.reading(self.name)

    def read(self) -> bytes:
        """Its whole content, for files that are small by nature."""
        if self.size > LARGEST_WHOLE:
            raise BadInput(f"{self} has {self.size:,} bytes: too many for such a file")
        with self.open() as file:
            return file.read()

    def __str__(self) -> str:
        return f"{self.name} in {self.archive.name}"


class Archive(ABC):
    """Files by their path inside (with `/`), in the order of their names."""

    def __init__(self, name: str, sizes: Mapping[str, int]) -> None:
        self.name = name
        self.sizes = {key: sizes[key] for key in sorted(sizes)}
        self._nested: list[Archive] = []

    @abstractmethod
    def reading(self, name: str) -> AbstractContextManager[Reader]:
        """Opens the file of that path; see `Member.open`."""

    def close(self) -> None:
        """Frees what this archive and those opened in it hold."""
        for archive in self._nested:
            archive.close()

    def member(self, name: str) -> Member | None:
        """The file of that path, or None."""
        return Member(self, name) if name in self.sizes else None

    def under(self, folder: str) -> Iterator[Member]:
        """The files anywhere below a folder (a path that ends in `/`, or empty for all)."""
        return (Member(self, name) for name in self.sizes if name.startswith(folder))

    def root(self, needed: Iterable[str], one_of: Iterable[str] = ()) -> str | None:
        """The outermost folder (ending in `/`, or empty) that holds all `needed` and one of those.

        So a layout is found with or without a top folder of any name; None where it is not there.
        """
        return next(self.roots(needed, one_of), None)

    def roots(self, needed: Iterable[str], one_of: Iterable[str] = ()) -> Iterator[str]:
        """All such folders, the outermost first: an archive may hold several benchmarks."""
        needed, one_of = list(needed), list(one_of)
        for folder in self._folders:
            has_all = all(folder + name in self.sizes for name in needed)
            has_one = not one_of or any(folder + name in self.sizes for name in one_of)
            if has_all and has_one:
                yield folder

    @cached_property
    def _folders(self) -> list[str]:
        folders = {""}
        for name in self.sizes:
            while (name := name[: name.rstrip("/").rfind("/") + 1]) and name not in folders:
                folders.add(name)
        return sorted(folders, key=lambda folder: (folder.count("/"), folder))

    def nested(self, member: Member, scratch: Path) -> Archive:
        """Opens a zip that lies in this archive, by way of a nameless file in the folder `scratch`.

        It is closed with this archive.

        Raises:
            BadInput: it is no zip, or an unsafe or a damaged one.
        """
        copy = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115  the archive closes it
        try:
            with member.open() as file:
                head = file.read(512)
                copy.write(head)
                shutil.copyfileobj(file, copy, BLOCK)
            if not head.startswith(b"PK"):
                raise BadInput(f"{member} is not a zip file but {kind_of(head)}")
            archive = ZipArchive(f"{self.name}/{member.name}", copy, member.size)
        except BaseException:
            copy.close()
            raise
        self._nested.append(archive)
        return archive

    def glimpse(self) -> str:
        """A few of its file names, for a message that says what was found instead."""
        names = sorted(self.sizes, key=lambda name: (name.count("/"), name))
        return ", ".join(names[:4]) + (", …" if len(names) > 4 else "") if names else "no files"

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FolderArchive(Archive):
    """An unpacked folder. Links are refused: they could lead anywhere."""

    def __init__(self, path: Path) -> None:
        self.path = path
        sizes: dict[str, int] = {}
        for folder, folders, files in os.walk(path, onerror=_raise):
            folders[:] = sorted(name for name in folders if not _is_clutter(name))
            for name in (*folders, *(name for name in files if not _is_clutter(name))):
                full = Path(folder, name)
                info = full.lstat()
                if stat.S_ISLNK(info.st_mode):
                    raise BadInput(f"{full} is a link, and links are not followed: copy its target")
                if stat.S_ISREG(info.st_mode):
                    sizes[full.relative_to(path).as_posix()] = info.st_size
            if len(sizes) > MOST_FILES:
                raise BadInput(
                    f"{path} holds more than {MOST_FILES:,} files: give the benchmark's own folder"
                )
        super().__init__(str(path), sizes)

    def reading(self, name: str) -> AbstractContextManager[Reader]:
        """Opens the file of that path."""
        return (self.path / name).open("rb")


class ZipArchive(Archive):
    """A zip file: a path, or an open file that is closed with the archive."""

    def __init__(self, name: str, file: Path | IO[bytes], size: int) -> None:
        self._file = None if isinstance(file, Path) else file
        with _damage_named(name):
            self._zip = zipfile.ZipFile(file)
        try:
            sizes = _checked_sizes(name, self._zip.infolist(), size)
        except BaseException:
            self._zip.close()
            raise
        super().__init__(name, sizes)

    @contextmanager
    def reading(self, name: str) -> Iterator[Reader]:
        """Opens the file of that path; damage that shows on the way is raised as BadInput."""
        where = f"{self.name}: {name}"
        with _damage_named(where):
            file = self._zip.open(name)
        with file:
            yield _ZipReader(file, where)

    def close(self) -> None:
        """Closes the zip file, and the archives opened in it first."""
        super().close()
        self._zip.close()
        if self._file:
            self._file.close()


@dataclass(frozen=True)
class _ZipReader:
    file: IO[bytes]
    where: str

    def read(self, size: int = -1, /) -> bytes:
        with _damage_named(self.where):
            return self.file.read(size)


@contextmanager
def _damage_named(where: str) -> Iterator[None]:
    """Turns everything that the zip module raises on damaged bytes into one line."""
    try:
        yield
    except NotImplementedError as error:
        raise BadInput(f"{where} cannot be unpacked here ({error}): give the folder") from None
    except (*_DAMAGE, OSError) as error:
        # Other errors of the system are about the disk, not about the bytes.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise BadInput(f"{where} is cut off or damaged ({error}): get it again") from None


class FileArchive(Archive):
    """A single file, for benchmarks that are published as one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(str(path), {path.name: path.stat().st_size})

    def reading(self, name: str) -> AbstractContextManager[Reader]:
        """Opens the file."""
        return self.path.open("rb")


def open_archive(path: Path, *, single: bool = False) -> Archive:
    """Opens a zip file or an unpacked folder; with `single` a file that is no zip, as itself.

    Raises:
        BadInput: there is nothing at `path`, it is no zip file, or an unsafe or a damaged one.
    """
    if path.is_dir():
        return FolderArchive(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError:
        raise BadInput(f"there is no file or folder {path}") from None
    if single and not head.startswith(b"PK"):
        return FileArchive(path)
    if not head.startswith(b"PK"):
        raise BadInput(
            f"{path} is not a zip file but {kind_of(head)}: give the official zip, "
            f"or the folder it was unpacked to"
        )
    return ZipArchive(str(path), path, size)


def _checked_sizes(name: str, infos: Iterable[zipfile.ZipInfo], size: int) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for info in infos:
        inside = info.filename
        parts = inside.rstrip("/").split("/")
        if (
            any(part in ("", ".", "..") for part in parts)
            or "\\" in inside
            or parts[0].endswith(":")
            or not is_plain(inside)
        ):
            raise BadInput(f"{name} is refused: its file name {inside!r} leads out of the archive")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise BadInput(f"{name} is refused: {inside} is a link or a special file")
        if info.is_dir() or any(map(_is_clutter, parts)):
            continue
        if info.flag_bits & 1:
            raise BadInput(f"{name} is encrypted ({inside}): unpack it, give the folder")
        if inside in sizes:
            raise BadInput(f"{name} is refused: it holds {inside} twice")
        sizes[inside] = info.file_size
    total = sum(sizes.values())
    if total > LARGEST or (total > SMALL and total > RATIO * size) or len(sizes) > MOST_FILES:
        raise BadInput(
            f"{name} is refused: it would unpack from {size:,} to {total:,} bytes "
            f"in {len(sizes):,} files"
        )
    return sizes


def _is_clutter(part: str) -> bool:
    """Whether a file or folder of that name is what macOS or a version control system leaves."""
    return part == "__MACOSX" or part.startswith(".")


def _raise(error: OSError) -> None:
    raise error


def kind_of(head: bytes) -> str:
    """What a file is that is no zip, from its first bytes, in words."""
    if not head:
        return "empty"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[257:262] == b"ustar":
        return "a tar file"
    return next((kind for magic, kind in _KINDS if start.startswith(magic)), "something else")
