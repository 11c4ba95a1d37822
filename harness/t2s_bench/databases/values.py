"""Value look-up: which cells of which columns match words of a question.

A cell that the question names whole (in any case, accents and plural set aside, up to eight words)
is found by equality; one that it names in part, or misspells after the first letters, by its words
(an FTS5 index, with BM25's weights) and then by the likeness of the letters. The real spelling of
the cell is returned, because that is what SQL compares with.

What it deliberately does not do: synonyms ("American" for 'USA'), codes ("female" for 'F'),
numbers in number columns.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from heapq import nsmallest
from math import log
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from t2s_bench.databases.digest import file_digest
from t2s_bench.databases.value_index import open_index
from t2s_bench.databases.value_words import STOP_WORDS, Word, fold, quoted, words
from t2s_bench.types import Database

LONGEST_SPAN = 8
QUESTION_WORDS = 200
# Ranking costs time with every cell that has one of the words (about 1 ms for 500). So the rarest
# words are used up to this many cells in all; a commoner one only with its neighbour.
RANKED_CELLS = 1_000
CANDIDATES = 40
PAIR_CELLS = 20
# The least likeness of a cell's word to a misspelt or inflected word of the question.
ALIKE = 0.7
LEAST_SCORE = 0.3
# Words of one value stand at most this many characters apart in a question.
NEAR = 80
_PARAMETERS = 500  # in one statement; older SQLite allows 999

Parameter = TypeVar("Parameter", str, int)


@dataclass(frozen=True)
class ValueMatch:
    """One cell value that matches words of the question.

    `score` lies in 0 to 1; 1 is a whole value named whole. `span` is the place in the question,
    `question[span[0]:span[1]]`.
    """

    table: str
    column: str
    value: str
    score: float
    span: tuple[int, int]


class ValueIndex:
    """The texts of one database, ready to be looked up; safe to use from several threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._places = {
            place: (table, column)
            for place, table, column in connection.execute("SELECT * FROM place")
        }
        (self.size,) = connection.execute("SELECT count(*) FROM value").fetchone()

    @classmethod
    def open(cls, database: Database | str | Path) -> ValueIndex:
        """Opens the index from the cache, or builds it (about a second per 100,000 values)."""
        if isinstance(database, Database):
            return cls(open_index(database.path, database.digest or file_digest(database.path)))
        return cls(open_index(Path(database), file_digest(Path(database))))

    def search(self, text: str, limit: int = 20) -> tuple[ValueMatch, ...]:
        """The best matches, best first; the order is the same on every machine."""
        asked = words(text)[:QUESTION_WORDS]
        with self._lock:
            found = [*self._whole(text, asked), *self._partial(text, asked)]
        best: dict[tuple[str, str, str], ValueMatch] = {}
        for match in found:
            key = (match.table, match.column, match.value)
            if key not in best or match.score > best[key].score:
                best[key] = match
        ranked = sorted(
            best.values(),
            key=lambda m: (-m.score, m.span[0] - m.span[1], m.span, m.value, m.table, m.column),
        )
        return tuple(ranked[:limit])

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def __enter__(self) -> ValueIndex:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def _whole(self, text: str, asked: Sequence[Word]) -> list[ValueMatch]:
        """Cells that equal a run of words."""
        marked = quoted(text)
        spans: dict[str, list[tuple[int, int]]] = {}
        for first in range(len(asked)):
            for last in range(first, min(first + LONGEST_SPAN, len(asked))):
                run = asked[first : last + 1]
                span = (run[0].start, run[-1].end)
                if _can_be_a_value(text, run, marked):
                    spans.setdefault("".join(word.folded for word in run), []).append(span)
        matches = []
        for chunk in _chunks(list(spans)):
            rows = self._connection.execute(
                f"SELECT place, text, key FROM value WHERE key IN ({_marks(chunk)})", chunk
            )
            for place, value, key in rows:
                for span in spans[key]:
                    matches.append(self._match(place, value, _whole_score(text, value, span), span))
        # "York" says little where "New York" was found.
        longest = [m.span for m in matches]
        return [
            ValueMatch(m.table, m.column, m.value, m.score * 0.8, m.span)
            if any(_inside(m.span, span) for span in longest)
            else m
            for m in matches
        ]

    def _partial(self, text: str, asked: Sequence[Word]) -> list[ValueMatch]:
        """Cells that share words, or words much alike, with the question."""
        telling = [w for w in asked if w.folded not in STOP_WORDS and len(w.folded) > 1]
        cells = self._cells([word.folded for word in telling])
        # What the cells call it → the question's words that may mean it, with their likeness.
        named: dict[str, list[tuple[Word, float]]] = {}
        for word in telling:
            if word.folded in cells:
                named.setdefault(word.folded, []).append((word, 1.0))
            for other, count, likeness in self._alike(word.folded):
                cells[other] = count
                named.setdefault(other, []).append((word, likeness))
        found = self._named_cells(named.keys(), cells, asked)
        others = sorted({word for value in found.values() for word in value} - cells.keys())
        cells.update(self._cells(others))
        matches = []
        for (place, value), folded in found.items():
            scored = _partial_score(folded, named, cells, self.size)
            if scored is not None and scored[0] >= LEAST_SCORE:
                matches.append(self._match(place, value, *scored))
        return matches

    def _named_cells(
        self, named: AbstractSet[str], cells: Mapping[str, int], asked: Sequence[Word]
    ) -> dict[tuple[int, str], list[str]]:
        """The cells that have the most telling of these words, with their folded words."""
        weights: dict[int, float] = {}
        used = set()
        ranked = 0
        for folded in sorted(named, key=lambda w: (cells[w], w)):
            ranked += cells[folded]
            if ranked > RANKED_CELLS:
                break
            used.add(folded)
            weight = _weight(cells[folded], self.size)
            for cell in self._cells_with(_term(folded)):
                weights[cell] = weights.get(cell, 0.0) + weight
        chosen = nsmallest(CANDIDATES, weights, key=lambda cell: (-weights[cell], cell))
        for word, following in zip(asked, asked[1:], strict=False):
            pair = {word.folded, following.folded}
            if len(pair) == 2 and pair <= named - used:
                chosen += self._cells_with(" AND ".join(map(_term, sorted(pair))), PAIR_CELLS)
        found = {}
        for chunk in _chunks(chosen):
            rows = self._connection.execute(
                f"SELECT place, text FROM value WHERE id IN ({_marks(chunk)})", chunk
            )
            found.update({(place, text): fold(text).split() for place, text in rows})
        return found

    def _cells_with(self, query: str, limit: int = -1) -> list[int]:
        rows = self._connection.execute(
            "SELECT rowid FROM words WHERE words MATCH ? LIMIT ?", (query, limit)
        )
        return [cell for (cell,) in rows]

    def _cells(self, folded: Sequence[str]) -> dict[str, int]:
        """In how many cells each word stands; words of no cell are absent."""
        counts: dict[str, int] = {}
        for chunk in _chunks(folded):
            counts.update(
                self._connection.execute(
                    f"SELECT folded, cells FROM word WHERE folded IN ({_marks(chunk)})", chunk
                ).fetchall()
            )
        return counts

    def _alike(self, word: str) -> list[tuple[str, int, float]]:
        """Words of cells that begin like this one and differ in a few letters, the best three."""
        if len(word) < 4:
            return []
        rows: list[tuple[str, int]] = []
        for start in dict.fromkeys((word[: max(3, len(word) - 3)], word[:3])):
            rows = self._connection.execute(
                "SELECT folded, cells FROM word WHERE folded >= ? AND folded < ?"
                " AND abs(length(folded) - ?) <= 3 LIMIT 200",
                (start, start + "\U0010ffff", len(word)),
            ).fetchall()
            if rows:
                break
        scored = [(other, count, _likeness(word, other)) for other, count in rows if other != word]
        good = [entry for entry in scored if entry[2] >= ALIKE]
        return sorted(good, key=lambda entry: (-entry[2], entry[0]))[:3]

    def _match(self, place: int, value: str, score: float, span: tuple[int, int]) -> ValueMatch:
        table, column = self._places[place]
        return ValueMatch(table, column, value, round(score, 4), span)


def _can_be_a_value(text: str, run: Sequence[Word], marked: Iterable[tuple[int, int]]) -> bool:
    """Whether a run of words is worth looking up whole: it says something, or it is set apart."""
    start, end = run[0].start, run[-1].end
    if (start, end) in marked:
        return True
    if len(run) > 1:
        return any(word.folded not in STOP_WORDS for word in run)
    spelled = text[start:end]
    if run[0].folded in STOP_WORDS and len(spelled) > 1:
        return spelled.isupper()
    if len(spelled) == 1 and spelled.isalpha():
        return not spelled.isascii() or (spelled not in ("a", "i", "I") and start > 0)
    return True


def _whole_score(text: str, value: str, span: tuple[int, int]) -> float:
    """1 for a value spelled just so; less for another case or plural, and for a lone short word."""
    spelled = text[span[0] : span[1]]
    score = 1.0 if spelled == value else 0.97 if spelled.lower() == value.lower() else 0.93
    return score * (0.8 if len(spelled) < 3 and spelled.isascii() else 1.0)


def _partial_score(
    value: Sequence[str],
    named: dict[str, list[tuple[Word, float]]],
    cells: dict[str, int],
    size: int,
) -> tuple[float, tuple[int, int]] | None:
    """How much of a value the question names, by weight of words and by likeness of letters.."""
    matched = [word for word in dict.fromkeys(value) if word in named]
    if not matched:
        return None
    weight = {word: _weight(cells.get(word, 1), size) for word in value}
    anchor = max(matched, key=lambda word: (weight[word], word))
    best: tuple[float, tuple[int, int]] | None = None
    for at, _ in named[anchor]:
        chosen = []
        for word in matched:
            near, likeness = min(named[word], key=lambda entry: abs(entry[0].start - at.start))
            if abs(near.start - at.start) <= NEAR:
                chosen.append((near, likeness * weight[word]))
        covered = sum(part for _, part in chosen) / sum(weight[word] for word in value)
        said = " ".join(w.folded for w, _ in sorted(chosen, key=lambda c: c[0].start))
        score = 0.9 * (0.6 * covered + 0.4 * _likeness(said, " ".join(value)))
        span = (min(w.start for w, _ in chosen), max(w.end for w, _ in chosen))
        if best is None or score > best[0]:
            best = score, span
    return best


def _weight(cells: int, size: int) -> float:
    """BM25's weight of a word that stands in so many of all cells (Robertson and Zaragoza 2009)."""
    return log(1 + (size - cells + 0.5) / (cells + 0.5))


def _likeness(one: str, other: str) -> float:
    """The likeness of letters, 0 to 1: Dice's coefficient of the pairs of neighbouring ones."""
    pairs = {one[i : i + 2] for i in range(len(one) - 1)}
    others = {other[i : i + 2] for i in range(len(other) - 1)}
    return 2 * len(pairs & others) / (len(pairs) + len(others) or 1)


def _inside(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return span != other and other[0] <= span[0] and span[1] <= other[1]


def _term(word: str) -> str:
    """A folded word as an FTS5 string (it has letters and digits only)."""
    return f'"{word}"'


def _chunks(values: Sequence[Parameter]) -> Iterator[Sequence[Parameter]]:
    for start in range(0, len(values), _PARAMETERS):
        yield values[start : start + _PARAMETERS]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
