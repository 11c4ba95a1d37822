"""Reading a JSON file that is one long list, element by element, in constant memory.

Files of JSON Lines (one object after another, without brackets and commas) are read alike.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator

from t2s_bench.benchmarks.archive import Member, Reader
from t2s_bench.errors import BadInput

CHUNK = 1 << 16
# Characters; the longest question of the known benchmarks, with its parsed SQL, has about 30,000.
LONGEST = 1 << 26
_SPACE = " \t\r\n"


def read_array(file: Reader, name: str) -> Iterator[dict[str, object]]:
    r"""Yields the objects of a JSON list or of JSON Lines; only one is in memory at a time.

    The file is read to its end, so that an archive's checksum is verified.

    Raises:
        BadInput: not UTF-8, not a list of objects, or cut off; the message says at which element.

    >>> import io
    >>> list(read_array(io.BytesIO(b'[{"a": 1}, {"a": 2}]'), "x.json"))
    [{'a': 1}, {'a': 2}]
    >>> list(read_array(io.BytesIO(b'{"a": 1}\n{"a": 2}\n'), "x.jsonl"))
    [{'a': 1}, {'a': 2}]
    """
    decoder = json.JSONDecoder()
    text = _Text(file, name)
    start = text.next_char()
    if start not in ("[", "{"):
        raise BadInput(f"{name} is not a JSON list of questions")
    if start == "{":
        text.back()
    count, end, comma = 0, *(("]", ",") if start == "[" else ("", ""))
    while (char := text.next_char()) != end:
        if count and comma:
            char = text.next_char() if char == "," else char and "no comma"
        if char != "{":
            what = "is damaged" if char else "is cut off"
            raise BadInput(f"{name} {what} after element {count}: another object should follow")
        text.back()
        yield text.decode(decoder, count + 1)
        count += 1
    if end and text.next_char():
        raise BadInput(f"{name} goes on after its list of {count} elements")


def first_record(member: Member) -> dict[str, object]:
    """The first object of such a file, empty where it is none."""
    try:
        with member.open() as file:
            return next(read_array(file, str(member)), {})
    except BadInput:
        return {}


class _Text:
    """The decoded file with a position; what lies before the position is forgotten."""

    def __init__(self, file: Reader, name: str) -> None:
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
            except RecursionError:
                raise BadInput(f"{self.name}: element {number} is nested too deeply") from None
            except ValueError as error:
                # It may only be incomplete. Twice as much is read each time, so that a long one
                # costs linear time.
                length = len(self.buffer) - self.at
                if length < LONGEST and self.more(max(CHUNK, length)):
                    continue
                what = "is too long" if length >= LONGEST else "is cut off or damaged"
                raise BadInput(f"{self.name}: element {number} {what} ({error})") from None
            assert isinstance(value, dict)  # it begins with a brace
            return value
