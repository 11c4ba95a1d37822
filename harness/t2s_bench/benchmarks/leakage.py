"""Questions that occur in two lists, word for word or nearly so.

Two questions are near duplicates where at least `SIMILAR` of the words that occur in either occur
in both (the Jaccard index of their sets of words, punctuation and case left aside). All such pairs
are found: a question is compared with those that share one of its rarest words (prefix filtering,
Chaudhuri et al., ICDE 2006), which is exact and takes seconds for tens of thousands of questions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from t2s_bench.types import Example

SIMILAR = 0.8
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Pair:
    """A question and the most similar one of the other list (1.0: of equal words)."""

    id: str
    other: str
    similarity: float
    question: str
    other_question: str
    same_database: bool
    same_gold: bool


def near_duplicates(examples: Sequence[Example], others: Sequence[Example]) -> list[Pair]:
    """For every question of `examples` that has one, its nearest duplicate among `others`.

    In the order of `examples`; questions without a word have none.
    """
    words = [_words(example) for example in examples]
    other_words = [_words(example) for example in others]
    frequency = Counter(word for known in (*words, *other_words) for word in known)
    index: dict[str, list[int]] = {}
    for place, known in enumerate(other_words):
        for word in _prefix(known, frequency):
            index.setdefault(word, []).append(place)
    pairs = []
    for example, known in zip(examples, words, strict=True):
        best, nearest = 0.0, -1
        seen = {place for word in _prefix(known, frequency) for place in index.get(word, ())}
        for place in sorted(seen):
            similarity = _jaccard(known, other_words[place])
            if similarity >= SIMILAR and similarity > best:
                best, nearest = similarity, place
        if nearest >= 0:
            pairs.append(_pair(example, others[nearest], best))
    return pairs


def repeated(examples: Iterable[Example]) -> list[tuple[str, str]]:
    """Questions asked word for word before on the same database: (id, id of the first)."""
    first: dict[tuple[str, tuple[str, ...]], str] = {}
    found = []
    for example in examples:
        key = (example.question.database, tuple(_WORD.findall(example.question.question.lower())))
        if key in first:
            found.append((example.id, first[key]))
        else:
            first[key] = example.id
    return found


def _pair(example: Example, other: Example, similarity: float) -> Pair:
    return Pair(
        id=example.id,
        other=other.id,
        similarity=round(similarity, 3),
        question=example.question.question,
        other_question=other.question.question,
        same_database=example.question.database == other.question.database,
        same_gold=not {_plain(sql) for sql in example.golds}.isdisjoint(map(_plain, other.golds)),
    )


def _words(example: Example) -> frozenset[str]:
    return frozenset(_WORD.findall(example.question.question.lower()))


def _prefix(words: frozenset[str], frequency: Counter[str]) -> list[str]:
    """The rarest words: two sets that are similar enough share one of them."""
    ranked = sorted(words, key=lambda word: (frequency[word], word))
    return ranked[: len(ranked) - ceil(SIMILAR * len(ranked)) + 1]


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both)


def _plain(sql: str) -> str:
    return " ".join(sql.lower().rstrip("; \n").split())
