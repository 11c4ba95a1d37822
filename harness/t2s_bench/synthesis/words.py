"""Words for the columns, tables, numbers and values of one database.

With synonyms now and then; which of several wordings is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from t2s_bench.synthesis import lexicon
from t2s_bench.synthesis.names import plural, singular, without_prefix
from t2s_bench.synthesis.profile import Kind, Link, Profile, Ref, Value
from t2s_bench.synthesis.query import Having, Item, Query

_DEMAND = {True: ("highest", "largest", "greatest", "most"), False: ("lowest", "smallest", "least")}


class Words:
    """Words one database; the same random numbers give the same words."""

    def __init__(self, profile: Profile, chance: Random) -> None:
        self._profile, self._chance = profile, chance

    def _column(self, ref: Ref) -> str:
        words = self._profile.column_words[ref]
        if self._chance.random() < 0.7:
            words = without_prefix(words, self._profile.table_words[ref.table])
        return self._synonym(words)

    def _nouns(self, table: str) -> str:
        return plural(self._synonym(self._profile.table_words[table]))

    def _synonym(self, words: str) -> str:
        if self._chance.random() >= 0.15:
            return words
        for known, others in lexicon.SYNONYMS.items():
            if words == known or words.endswith(f" {known}"):
                return words[: len(words) - len(known)] + self._pick(*others)
            if words == plural(known) and " " not in known:
                return plural(self._pick(*others))
        return words

    def _role(self, link: Link) -> str:
        """Which of several foreign keys between two tables is meant."""
        ends = {link.child.table, link.parent.table}
        same = [one for one in self._profile.links
                if {one.child.table, one.parent.table} == ends]  # fmt: skip
        if len(same) < 2:
            return ""
        words = self._profile.column_words[link.child]
        return f" (as {words.removesuffix(' id')})"

    def _adjective(self, ref: Ref, place: int) -> str:
        known = lexicon.ADJECTIVES.get(self._profile.column_words[ref].split()[-1])
        same = [
            other
            for other in self._profile.kinds
            if other.table == ref.table
            and self._profile.column_words[other].split()[-1]
            == self._profile.column_words[ref].split()[-1]
        ]
        return self._pick(*known[place]) if known and known[place] and len(same) == 1 else ""

    def _is_name(self, query: Query) -> bool:
        """Whether all that is shown is the name, which a question may leave out."""
        if len(query.select) != 1 or query.select[0].ref is None or query.select[0].aggregate:
            return False
        ref = query.select[0].ref
        words = self._profile.column_words[ref]
        table = self._profile.table_words[ref.table]
        return without_prefix(words, table) in ("name", "title") or words == table

    def _who(self, table: str) -> str:
        last = singular(self._profile.table_words[table].split()[-1])
        return "who" if last in lexicon.PEOPLE else "that"

    def _list_of(self, items: Sequence[Item], many: bool | None = None) -> str:
        words = [self._column(item.ref) for item in items if item.ref is not None]
        if many is None:
            many = self._chance.random() < 0.4
        return joined([plural(word) if many else word for word in words])

    def _asked(self, what: str) -> str:
        """A request or a question for 'the …'."""
        what = what.strip()
        if self._chance.random() < 0.45:
            head = what.removeprefix("the ").split(" of ")[0].split(" that ")[0]
            many = " and " in head or singular(head.split(" with ")[0]) != head.split(" with ")[0]
            return f"what {'are' if many else 'is'} {what}?"
        request = self._pick(*lexicon.REQUESTS)
        return f"{request} {what}."

    def _all(self) -> str:
        return self._pick("", "", "", "all ", "the ", "all the ")

    def _most(self, descending: bool) -> str:
        words = ("most", "most", "largest number of") if descending else (
            "fewest", "least", "smallest number of")  # fmt: skip
        return self._pick(*words)

    def _bound(self, having: Having) -> str:
        return self._pick(*lexicon.BOUNDS[having.operator]).format(self._number(having.value))

    def _number(self, value: Value) -> str:
        if isinstance(value, int) and value < len(lexicon.NUMBERS) and self._chance.random() < 0.4:
            return lexicon.NUMBERS[value]
        return str(value)

    def _value(self, value: Value) -> str:
        if not isinstance(value, str):
            return str(value)
        if value != value.strip() or self._chance.random() < 0.35:
            return self._pick(f'"{value}"', f"'{value}'")
        return value

    def _extreme(self, ref: Ref, descending: bool) -> str:
        if self._profile.kinds[ref] in (Kind.YEAR, Kind.DATE):
            words = ("latest", "most recent") if descending else ("earliest",)
            return self._pick(*words)
        return self._pick(*_DEMAND[descending][:3])

    def _pick(self, *texts: str) -> str:
        return self._chance.choice(texts)


def joined(words: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last


def with_article(words: str) -> str:
    """With its article; none before a plural."""
    if singular(words) != words:
        return words
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def is_or_are(words: str) -> str:
    """The verb for a noun, or for several."""
    return "is" if singular(words) == words else "are"
