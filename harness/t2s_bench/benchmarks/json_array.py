"""Reading a JSON file that is one long list, element by element, in constant memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO

from t2s_bench.errors import BadInput

CHUNK = 1 << 16
_SPACE = " \t\r\n"


def read_array(file: IO[bytes], name: str) -> Iterator[dict[str, object]]:
    """Yields the objects of a JSON list; only one of them is in memory at a time.

    The file is read to its end, so that an archive's checksum is verified.

    Raises:
        BadInput: not UTF-8, not a list of objects, or cut off; the message says at which element.

    >>> import io
    >>> list(read_array(io.BytesIO(b'[{"a": 1}, {"a": 2}]'), "x.json"))
    [{'a': 1}, {'a': 2}]
    """
    decoder = json.JSONDecoder()
    text = _Text(file, name)
    if text.next_char() != "[":
        raise BadInput(f"{name} is not a JSON list of questions")
    count = 0
    while (char := text.next_char()) != "]":
        if count:
            if char != ",":
                raise BadInput(f"{name} is damaged after element {count}: no comma follows")
            char = text.next_char()
        if char != "{":
            what = "is cut off" if not char else "is damaged"
            raise BadInput(f"{name} {what} after element {count}: an object should follow")
        text.back()
        yield text.decode(decoder, count + 1)
        count += 1
    if text.next_char():
        raise BadInput(f"{name} goes on after its list of {count} elements")


class _Text:
    """The decoded file with a position; what lies before the position is forgotten."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.file, self.name = file, name
        self.decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self.buffer, self.at, self.ended = "", 0, False

    def more(self, size: int = CHUNK) -> bool:
        """Reads on; False at the end of the file."""
        if self.ended:
            return False
        block = self.file.read(size)
        self.ended = not block
        try:
            text = self.decoder.decode(block, final=self.ended)
        except UnicodeDecodeError:
            raise BadInput(f"{self.name} is not UTF-8 text") from None
        self.buffer, self.at = self.buffer[self.at :] + text, 0
        return not self.ended

    def next_char(self) -> str:
        """The next character that is not white space, or nothing at the end."""
        while True:
            while self.at < len(self.buffer):
                self.at += 1
                if self.buffer[self.at - 1] not in _SPACE:
                    return self.buffer[self.at - 1]
            if not self.more():
                return ""

    def back(self) -> None:
        self.at -= 1

    def decode(self, decoder: json.JSONDecoder, number: int) -> dict[str, object]:
        while True:
            try:
                value, self.at = decoder.raw_decode(self.buffer, self.at)
            except (json.JSONDecodeError, RecursionError) as error:
                # The object may only be incomplete: twice as much is read each time, so that a
                # long one costs linear time.
                if isinstance(error, RecursionError) or not self.more(
                    max(CHUNK, len(self.buffer) - self.at)
                ):
                    what = "is nested too deeply" if isinstance(error, RecursionError) else (
                        f"is cut off or damaged ({getattr(error, 'msg', '')})"
                    )
                    raise BadInput(f"{self.name}: element {number} {what}") from None
                continue
            assert isinstance(value, dict)  # it begins with a brace
            return value
