"""The texts of one column of a large result as words of eight bytes, compared as numbers.

Python's own texts lie all over the memory; here a million of them are compared in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
# Numbers of rows; half as long as they could be.
Places = NDArray[np.int32]
Words = NDArray[np.uint64]
# Bytes of the longest text compared here: a very long one would mean many steps for few texts.
LONGEST = 4096
# An odd number without pattern; its powers tell places apart.
MULTIPLIER = 0xD1342543DE82EF95
_WORD = 8
# Words of each text that are laid out row by row; a longer one has a tail.
_LEADING = 4
# For each count of bytes, the word in which just these are kept.
_KEPT = np.array([(1 << 8 * count) - 1 for count in range(_WORD + 1)], np.uint64)


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts in UTF-8: the first words of each, filled up with zeros, and how many bytes it has.

    The texts with a tail are in `codes` as well, where `starts` says.
    """

    words: tuple[Words, ...]
    lengths: NDArray[np.int16]
    codes: bytes | bytearray
    starts: Integers

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, rows: Places | slice) -> Texts:
        """The texts of some rows, in the order in which these are given."""
        words = tuple([words[rows] for words in self.words])
        starts = self.starts[rows] if len(self.starts) else self.starts
        return Texts(words, self.lengths[rows], self.codes, starts)

    def keys(self) -> Words:
        """A number for each text, the same for equal ones."""
        keys = np.zeros(len(self), np.uint64)
        for number, words in enumerate(self.words):
            keys += _scattered(words, number)
        number, rows = _LEADING, np.flatnonzero(self.lengths > _WORD * _LEADING)
        while rows.size:
            keys[rows] += _scattered(self._tail(number, rows), number)
            number += 1
            rows = rows[self.lengths[rows] > _WORD * number]
        return keys

    def equal(self, other: Texts) -> Booleans:
        """Row by row, whether the texts are equal; one other text is compared with all."""
        equal: Booleans = self.lengths == other.lengths
        # Where one has fewer words, texts of one length end before.
        for words, other_words in zip(self.words, other.words, strict=False):
            equal &= words == other_words
        number, rows = _LEADING, np.flatnonzero(equal & (self.lengths > _WORD * _LEADING))
        while rows.size:
            others = np.minimum(rows, len(other) - 1)
            same = self._tail(number, rows) == other._tail(number, others)
            equal[rows] = same
            number += 1
            rows = rows[same & (self.lengths[rows] > _WORD * number)]
        return equal

    def _tail(self, number: int, rows: Integers) -> Words:
        """The word with this number of some texts that have one."""
        return _words(self.codes, self.starts[rows], self.lengths[rows], number)


class TextsBeingRead:
    """The texts of so many rows while they are read, part by part.

    >>> texts = TextsBeingRead(2)
    >>> texts.add(["one", "three"], 0), texts.add(["one", "t" + chr(0)], 0)
    (True, False)
    >>> texts.done().lengths
    array([3, 5], dtype=int16)
    """

    def __init__(self, size: int) -> None:
        self._words = [np.zeros(size, np.uint64)]
        self._lengths = np.zeros(size, np.int16)
        self._codes = bytearray()
        self._starts = np.zeros(0, np.int64)

    def add(self, texts: list[str], start: int) -> bool:
        """Takes texts in from some row on; False where one holds a zero or is too long.

        Raises TypeError where one is no text.
        """
        # A lone surrogate, as a lenient decoder leaves it, is a text in Python.
        codes = ("\0".join(texts) + "\0").encode("utf-8", "surrogatepass")
        ends = np.flatnonzero(np.frombuffer(codes, np.uint8) == 0)
        if len(ends) != len(texts):
            return False
        starts = np.zeros_like(ends)
        starts[1:] = ends[:-1] + 1
        lengths = ends - starts
        longest = int(lengths.max())
        if longest > LONGEST:
            return False
        part = slice(start, start + len(texts))
        codes += bytes(_WORD)  # every text can then be read in whole words
        self._lengths[part] = lengths
        for number in range(min(-(-longest // _WORD), _LEADING)):
            if number == len(self._words):
                self._words.append(np.zeros_like(self._words[0]))
            self._words[number][part] = _words(codes, starts, lengths, number)
        if longest > _WORD * _LEADING:
            if not self._codes:
                self._starts = np.zeros(len(self._lengths), np.int64)
            self._starts[part] = starts + len(self._codes)
            self._codes += codes
        return True

    def done(self) -> Texts:
        """All texts."""
        return Texts(tuple(self._words), self._lengths, self._codes, self._starts)


def mixed(words: Words) -> Words:
    """Words scattered over all 64 bits, different ones to different places, and 0 to 0.

    The multipliers are those of splitmix64 (Steele, Lea and Flood, OOPSLA 2014).

    >>> len(set(mixed(np.arange(1000, dtype=np.uint64)).tolist()))
    1000
    """
    scattered: Words = words * np.uint64(0xBF58476D1CE4E5B9)
    scattered ^= scattered >> np.uint64(32)
    scattered *= np.uint64(0x94D049BB133111EB)
    scattered ^= scattered >> np.uint64(29)
    return scattered


def _scattered(words: Words, number: int) -> Words:
    """`mixed` by the place of the word in its text; where the text has ended, words add nothing."""
    scattered = mixed(words)
    scattered *= np.uint64(pow(MULTIPLIER, number, 2**64))
    return scattered


def _words(codes: bytes | bytearray, starts: Integers, lengths: NDArray[Any], number: int) -> Words:
    """The word with this number of each text, zeros after its end."""
    every = np.ndarray((len(codes) - _WORD + 1,), "<u8", codes, strides=(1,))
    left = np.maximum(np.minimum(lengths - _WORD * number, _WORD), 0)
    places = np.minimum(starts + _WORD * number, len(every) - 1)
    words: Words = every[places]
    words &= _KEPT[left]
    return words
