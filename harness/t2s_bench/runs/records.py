"""Append-only JSON lines: what a killed process has written stays, and a torn last line goes."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

from t2s_bench.errors import BadInput

Record = Mapping[str, object]


def encode(record: Record) -> bytes:
    r"""One line of UTF-8 JSON; text that UTF-8 cannot hold (lone surrogates) is escaped.

    >>> encode({"id": "é"}), encode({"id": chr(0xD800)})
    (b'{"id": "\xc3\xa9"}\n', b'{"id": "\\ud800"}\n')
    """
    try:
        return (json.dumps(record, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(record) + "\n").encode()


def held(path: Path, refusal: str) -> int:
    """A descriptor: until it is closed no other process holds this file; BadInput if one does."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise BadInput(refusal) from error
    return descriptor


def read(path: Path) -> list[dict[str, object]]:
    """All complete lines; a last line without its newline was torn by a kill and is left out."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise BadInput(f"{path} line {number} is not JSON ({error})") from error
        if not isinstance(record, dict):
            raise BadInput(f"{path} line {number} is not a JSON object")
        records.append(record)
    return records


class Appender:
    """Writes records one by one, each in the file before `append` returns.

    A torn last line is cut off when the file is opened. A full disk raises BadInput, and what was
    written before stays whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        content = path.read_bytes()
        self._end = content.rfind(b"\n") + 1
        os.ftruncate(self._file, self._end)

    def append(self, records: Iterable[Record]) -> None:
        """Writes these records; all of them or, on a failure, none."""
        data = b"".join(encode(record) for record in records)
        written = 0
        try:
            while written < len(data):
                written += os.pwrite(self._file, data[written:], self._end + written)
        except OSError as error:
            os.ftruncate(self._file, self._end)
            raise BadInput(
                f"cannot write {self.path}: {error.strerror}. Nothing already written is lost: "
                "make room, then go on with --resume"
            ) from error
        self._end += written

    def __enter__(self) -> Appender:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._file)


def replace(path: Path, content: bytes) -> None:
    """Puts `content` at `path` in one step: a reader sees the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise BadInput(f"cannot write {path}: {error.strerror}") from error
