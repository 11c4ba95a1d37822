"""Words as numbers: an id for those seen often enough in training, and hashed pieces for all.

A word's vector is the sum of its id's embedding (0: seldom or never seen) and the mean of its
pieces' embeddings, so that a name never seen before still has a vector near its relatives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt

LEAST_SEEN = 3
# Character n-grams of these lengths, with the word's ends marked.
_LENGTHS = (3, 4)


class WordTable:
    """Numbers words as they come; `known` words (ids from 1) are those of the training data."""

    def __init__(self, known: Sequence[str], buckets: int) -> None:
        self.known = tuple(known)
        self._ids = {word: number for number, word in enumerate(self.known, 1)}
        self._buckets = buckets
        self._numbers: dict[str, int] = {}
        self._id_of: list[int] = []
        self._pieces_of: list[npt.NDArray[np.int64]] = []

    @classmethod
    def trained(cls, texts: Iterable[Iterable[str]], buckets: int) -> WordTable:
        """Takes the words that occur at least `LEAST_SEEN` times, the most frequent first."""
        counts = Counter(word for words in texts for word in words)
        often = [(word, count) for word, count in counts.items() if count >= LEAST_SEEN]
        often.sort(key=lambda pair: (-pair[1], pair[0]))
        return cls([word for word, _ in often], buckets)

    def number(self, word: str) -> int:
        """This process's own number of a word, for `lookup`."""
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self._id_of)
            self._id_of.append(self._ids.get(word, 0))
            self._pieces_of.append(_pieces(word, self._buckets))
        return number

    def lookup(
        self, numbers: Sequence[int] | npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Ids, all pieces one word after another, and where each word's pieces start."""
        ids = np.array([self._id_of[n] for n in numbers], dtype=np.int64)
        pieces = [self._pieces_of[n] for n in numbers]
        starts = np.zeros(len(pieces), dtype=np.int64)
        np.cumsum([len(p) for p in pieces[:-1]], out=starts[1:])
        return ids, np.concatenate(pieces), starts


def _pieces(word: str, buckets: int) -> npt.NDArray[np.int64]:
    marked = f"<{word}>"
    grams = {
        marked[start : start + length]
        for length in _LENGTHS
        for start in range(max(1, len(marked) - length + 1))
    }
    return np.array(sorted(crc32(g.encode()) % buckets for g in grams), dtype=np.int64)
