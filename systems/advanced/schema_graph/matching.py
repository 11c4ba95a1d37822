"""Which words of a question name which tables and columns, wholly or in part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from t2s_bench.databases.schema import Schema

from .words import Token, name_words

# A name of more words is only matched in part.
LONGEST_NAME = 5
_ENDINGS = {
    *("", "e", "ed", "er", "r", "or", "ee", "ing", "ion", "ation", "ition", "ure", "al", "ment"),
    *("ance", "ence", "ant", "ent", "ist", "ive", "ly", "ship", "ous"),
}


class Names:
    """The folded words of every table's and column's name, its readable one where there is one."""

    def __init__(self, schema: Schema) -> None:
        self.tables = [name_words(t.readable or t.name) or (t.name.lower(),) for t in schema.tables]
        self.columns = [
            [name_words(c.readable or c.name) or (c.name.lower(),) for c in t.columns]
            for t in schema.tables
        ]


class Matches:
    """Which runs of question words equal a name (2) or share a word with it (1)."""

    def __init__(self, tokens: Sequence[Token], names: Names) -> None:
        folded = [token.folded for token in tokens]
        self._folded = folded
        self._stop = [token.stop for token in tokens]
        self._runs: dict[tuple[str, ...], list[int]] = {}
        for first in range(len(folded)):
            for length in range(1, LONGEST_NAME + 1):
                if first + length <= len(folded):
                    run = tuple(folded[first : first + length])
                    self._runs.setdefault(run, []).append(first)
        self._known: dict[tuple[str, ...], npt.NDArray[np.uint8]] = {}
        # Words that can be alike begin with the same four letters.
        self._begins: dict[str, list[int]] = {}
        for n, word in enumerate(folded):
            if not self._stop[n]:
                self._begins.setdefault(word[:4], []).append(n)
        self.tables = [self.row(words) for words in names.tables]
        self.columns = [[self.row(words) for words in columns] for columns in names.columns]

    def row(self, words: tuple[str, ...]) -> npt.NDArray[np.uint8]:
        """For each word of the question: 2 in a run that is the name, 1 shares a word, 0 else."""
        known = self._known.get(words)
        if known is not None:
            return known
        row = np.zeros(len(self._folded), dtype=np.uint8)
        for part in set(words):
            for n in self._begins.get(part[:4], ()):
                if self._folded[n] == part or _alike(self._folded[n], part):
                    row[n] = 1
        for first in self._runs.get(words, ()):
            row[first : first + len(words)] = 2
        self._known[words] = row
        return row


def _alike(word: str, part: str) -> bool:
    """One begins with the other but for an ending, or both end as words of one stem do.

    >>> _alike("departed", "departure"), _alike("country", "county")
    (True, False)
    """
    if len(word) < 4 or len(part) < 4:
        return False
    shared = 0
    for one, other in zip(word, part, strict=False):
        if one != other:
            break
        shared += 1
    if shared < 4:
        return False
    if word[shared:] in _ENDINGS and part[shared:] in _ENDINGS:
        return True
    return shared == min(len(word), len(part)) and shared * 2 > max(len(word), len(part))
