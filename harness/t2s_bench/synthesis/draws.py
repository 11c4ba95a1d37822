"""What sampled queries are made of: columns to show, conditions on real values, foreign keys."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from t2s_bench.synthesis.profile import Kind, Link, Profile, Ref
from t2s_bench.synthesis.query import Condition, Having, Item, Query

COUNT = Item(None, "count")
COMPARED = (Kind.NUMBER, Kind.YEAR, Kind.DATE)
_SHOWN = (Kind.TEXT, Kind.NUMBER, Kind.YEAR, Kind.DATE, Kind.LABEL)
# How likely a column of a kind is shown, relative to text.
_SHOW_WEIGHTS = {Kind.TEXT: 4, Kind.NUMBER: 2, Kind.YEAR: 2, Kind.DATE: 2, Kind.LABEL: 1}


class Draws:
    """Draws the parts of queries over one database; None where it has no such part."""

    def __init__(self, profile: Profile, chance: Random) -> None:
        self._profile, self._chance = profile, chance

    def _with_inner(self, query: Query, link: Link) -> Query | None:
        inner = self._condition(link.child.table, link.child)
        return replace(query, inner=inner) if inner is not None else None

    def _count_having(self) -> Having:
        operator = self._chance.choice((">", ">=", ">=", "<", "="))
        number = self._chance.choices((1, 2, 3, 4, 5, 10), (3, 6, 4, 2, 2, 1))[0]
        return Having(COUNT, operator, max(number, 2) if operator in (">=", "<") else number)

    def _children(self, table: str) -> Link | None:
        links = [
            link
            for link in self._profile.links
            if link.parent.table == table and link.child not in self._profile.unique
        ]
        return self._chance.choice(links) if links else None

    def _path(self, table: str, length: int) -> tuple[Link, ...] | None:
        """Foreign keys from one table to another so many steps away, without a way back."""
        links: list[Link] = []
        seen = [table]
        for _ in range(length):
            onward = [
                (link, other)
                for link in self._profile.links
                for here, other in (
                    (link.child.table, link.parent.table),
                    (link.parent.table, link.child.table),
                )
                if here == seen[-1] and other not in seen
            ]
            if not onward:
                return None
            link, other = self._chance.choice(onward)
            if any(self._linked(before, other) for before in seen[:-1]):
                return None  # a question that leaves the way out would mean the shorter one
            links.append(link)
            seen.append(other)
        return tuple(links)

    def _linked(self, one: str, other: str) -> bool:
        return any({link.child.table, link.parent.table} == {one, other}
                   for link in self._profile.links)  # fmt: skip

    def _shown(self, table: str) -> list[Ref]:
        return self._profile.columns(table, *_SHOWN)

    def _columns(self, table: str, count: int) -> list[Ref]:
        """Different columns to show, telling ones first; now and then the table's own key."""
        left = self._shown(table)
        weights = [
            _SHOW_WEIGHTS[self._profile.kinds[ref]]
            * (3 if self._profile.column_words[ref].endswith(("name", "title")) else 1)
            for ref in left
        ]
        key = self._profile.keys.get(table)
        if key is not None and self._profile.kinds[Ref(table, key)] is Kind.KEY:
            left.append(Ref(table, key))
            weights.append(1)
        chosen: list[Ref] = []
        for _ in range(min(count, len(left))):
            (place,) = self._chance.choices(range(len(left)), weights)
            chosen.append(left.pop(place))
            weights.pop(place)
        return chosen

    def _category(self, table: str) -> Ref | None:
        """A column whose values come again: what groups are made of."""
        found = [
            ref
            for ref in self._profile.columns(table, Kind.TEXT, Kind.YEAR)
            if ref not in self._profile.unique
        ]
        return self._chance.choice(found) if found else None

    def _ordered(self, query: Query, compared: bool = False) -> Query | None:
        columns = self._profile.columns(query.subject, *COMPARED)
        if not compared:
            columns += self._profile.columns(query.subject, Kind.TEXT)[:1]
        if not columns:
            return None
        shown = [item.ref for item in query.select]
        if compared and shown == [shown[0]]:
            columns = [ref for ref in columns if ref not in shown]
        if not columns:
            return None
        ref = self._chance.choice(columns)
        text = self._profile.kinds[ref] is Kind.TEXT
        down = self._chance.random() < (0.25 if text else 0.6)
        return replace(query, order=Item(ref), descending=down)

    def _where(self, query: Query, table: str, one: bool = False) -> Query | None:
        shown = [item.ref for item in query.select if item.ref is not None]
        first = self._condition(table, *shown)
        if first is None:
            return None
        if one or self._chance.random() < 0.72:
            return replace(query, where=(first,))
        connective = "AND" if self._chance.random() < 0.6 else "OR"
        second = self._condition(table, first.ref, *shown)
        if connective == "OR" and self._chance.random() < 0.6:
            second = self._contrast(first)
        if second is None:
            return None
        return replace(query, where=(first, second), connective=connective)

    def _condition(self, table: str, *others: Ref | None) -> Condition | None:
        columns = [
            ref for ref in self._profile.columns(table, Kind.TEXT, *COMPARED) if ref not in others
        ]
        return self._compare(self._chance.choice(columns)) if columns else None

    def _compare(self, ref: Ref) -> Condition:
        values = self._profile.values[ref]
        value = self._chance.choice(values)
        kind = self._profile.kinds[ref]
        roll = self._chance.random()
        if kind is Kind.TEXT:
            text = str(value)
            if roll < 0.76:
                return Condition(ref, "=", (text,))
            if roll < 0.86:
                return Condition(ref, "!=", (text,))
            word = self._chance.choice(text.split() or [text])
            if len(word) < 3 or "%" in word or "_" in word:
                return Condition(ref, "=", (text,))
            pattern = self._chance.choice((f"%{word}%", f"%{word}%", f"{text[0]}%"))
            return Condition(ref, "LIKE", (pattern,))
        if kind is Kind.YEAR and roll < 0.4:
            return Condition(ref, "=", (value,))
        if roll < 0.12:
            return Condition(ref, "=", (value,))
        if roll > 0.88 and len(values) > 3:
            low, high = sorted(self._chance.sample(values, 2), key=lambda v: (str(type(v)), v))
            return Condition(ref, "BETWEEN", (low, high))
        operators, weights = (">", "<", ">=", "<="), (5, 4, 2, 2)
        return Condition(ref, self._chance.choices(operators, weights)[0], (value,))

    def _contrast(self, first: Condition) -> Condition | None:
        """A condition on the same column that means something else."""
        if first.operator in (">", ">=", "<", "<="):
            operator = "<" if first.operator[0] == ">" else ">"
            values = [
                value
                for value in self._profile.values[first.ref]
                if (str(value) < str(first.values[0]) if isinstance(value, str)
                    else value < first.values[0]) == (operator == "<")  # type: ignore[operator]
                and value != first.values[0]
            ]  # fmt: skip
            return (
                Condition(first.ref, operator, (self._chance.choice(values),)) if values else None
            )
        others = [value for value in self._profile.values[first.ref] if value not in first.values]
        if first.operator != "=" or not others:
            return None
        return Condition(first.ref, "=", (self._chance.choice(others),))
