"""Samples queries from a grammar over the schema graph and real values.

The weights follow what is asked of databases: lists and counts most, then groups, superlatives and
joins, set operations least. A shape that a database cannot have gives None, and another is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from t2s_bench.synthesis.draws import COMPARED, COUNT, Draws
from t2s_bench.synthesis.profile import Kind, Profile, Ref
from t2s_bench.synthesis.query import Condition, Having, Item, Query


class Grammar(Draws):
    """Draws queries over one database; the same random numbers give the same queries."""

    def __init__(self, profile: Profile, chance: Random) -> None:
        super().__init__(profile, chance)
        self._shapes: list[tuple[int, Callable[[str], Query | None]]] = [
            (10, self._list),
            (12, self._filtered_list),
            (8, self._count),
            (7, self._aggregates),
            (8, self._group),
            (4, self._group_having),
            (5, self._most_common),
            (8, self._superlative),
            (3, self._above_average),
            (5, self._without_children),
            (2, self._with_some),
            (4, self._set_operation),
            (10, self._joined_list),
            (12, self._joined_filter),
            (6, self._joined_superlative),
            (5, self._children_counted),
            (5, self._children_having),
            (5, self._children_most),
        ]

    def draw(self) -> Query | None:
        """One query, or None where the shape drawn does not fit the table drawn."""
        shapes = [shape for _, shape in self._shapes]
        (shape,) = self._chance.choices(shapes, [weight for weight, _ in self._shapes])
        return shape(self._chance.choice(self._profile.tables))

    def _list(self, table: str) -> Query | None:
        select = self._columns(table, self._chance.choices((1, 2, 3), (5, 4, 2))[0])
        if not select:
            return None
        query = Query(table, _items(select))
        if self._chance.random() < 0.3:
            return self._ordered(query)
        if len(select) == 1 and select[0] not in self._profile.unique:
            return replace(query, distinct=self._chance.random() < 0.7)
        return query

    def _filtered_list(self, table: str) -> Query | None:
        select = self._columns(table, self._chance.choices((1, 2, 3), (6, 3, 1))[0])
        query = self._where(Query(table, _items(select)), table) if select else None
        if query is not None and self._chance.random() < 0.12:
            return self._ordered(query)
        return query

    def _count(self, table: str) -> Query | None:
        roll = self._chance.random()
        if roll < 0.2:
            return Query(table, (COUNT,))
        repeated = [ref for ref in self._shown(table) if ref not in self._profile.unique]
        if roll < 0.4 and repeated:
            return Query(table, (Item(self._chance.choice(repeated), "count", True),))
        return self._where(Query(table, (COUNT,)), table)

    def _aggregates(self, table: str) -> Query | None:
        numbers = self._profile.columns(table, Kind.NUMBER)
        if not numbers:
            return None
        ref = self._chance.choice(numbers)
        kinds = self._chance.sample(
            ("avg", "max", "min", "sum"), self._chance.choices((1, 2, 3), (6, 4, 1))[0]
        )
        query = Query(table, tuple(Item(ref, kind) for kind in kinds))
        return self._where(query, table) if self._chance.random() < 0.45 else query

    def _group(self, table: str) -> Query | None:
        group = self._category(table)
        if group is None:
            return None
        numbers = self._profile.columns(table, Kind.NUMBER)
        measure = COUNT
        if numbers and self._chance.random() < 0.45:
            kind = self._chance.choice(("avg", "max", "min", "sum"))
            measure = Item(self._chance.choice(numbers), kind)
        query = Query(table, (Item(group), measure), group=group)
        if self._chance.random() < 0.15:
            return self._where(query, table, one=True)
        return query

    def _group_having(self, table: str) -> Query | None:
        group = self._category(table)
        if group is None:
            return None
        select: tuple[Item, ...] = (Item(group),)
        numbers = self._profile.columns(table, Kind.NUMBER)
        if numbers and self._chance.random() < 0.3:
            ref = self._chance.choice(numbers)
            cells = [value for value in self._profile.values[ref] if not isinstance(value, str)]
            mean = sorted(cells)[len(cells) // 2]
            having = Having(Item(ref, "avg"), self._chance.choice((">", "<")), mean)
        else:
            having = self._count_having()
            if self._chance.random() < 0.2:
                select = (*select, COUNT)
        return Query(table, select, group=group, having=having)

    def _most_common(self, table: str) -> Query | None:
        group = self._category(table)
        if group is None:
            return None
        return Query(
            table,
            (Item(group), COUNT) if self._chance.random() < 0.2 else (Item(group),),
            group=group,
            order=COUNT,
            descending=self._chance.random() < 0.75,
            limit=1 if self._chance.random() < 0.85 else self._chance.randint(2, 5),
        )

    def _superlative(self, table: str) -> Query | None:
        select = self._columns(table, self._chance.choices((1, 2, 3), (6, 3, 1))[0])
        query = self._ordered(Query(table, _items(select)), compared=True) if select else None
        if query is None:
            return None
        if self._chance.random() < 0.15:
            query = self._where(query, table, one=True)
        limit = 1 if self._chance.random() < 0.75 else self._chance.randint(2, 5)
        return replace(query, limit=limit) if query is not None else None

    def _above_average(self, table: str) -> Query | None:
        numbers = self._profile.columns(table, Kind.NUMBER)
        select = self._columns(table, self._chance.choices((1, 2), (3, 1))[0])
        if not numbers or not select:
            return None
        condition = Condition(self._chance.choice(numbers), self._chance.choice("><"))
        items = (COUNT,) if self._chance.random() < 0.25 else _items(select)
        return Query(table, items, where=(condition,))

    def _without_children(self, table: str) -> Query | None:
        link = self._children(table)
        select = self._columns(table, self._chance.choices((1, 2), (4, 1))[0])
        if link is None or not select:
            return None
        items = (COUNT,) if self._chance.random() < 0.3 else _items(select)
        query = Query(table, items, without=link)
        return self._with_inner(query, link) if self._chance.random() < 0.3 else query

    def _with_some(self, table: str) -> Query | None:
        link = self._children(table)
        select = self._columns(table, 1)
        if link is None or not select:
            return None
        items = (COUNT,) if self._chance.random() < 0.5 else _items(select)
        return self._with_inner(Query(table, items, having_some=link), link)

    def _set_operation(self, table: str) -> Query | None:
        repeated = self._category(table)
        if repeated is None or self._profile.kinds[repeated] is Kind.YEAR:
            return None
        operator = self._chance.choices(("INTERSECT", "EXCEPT", "UNION"), (5, 4, 1))[0]
        first = self._condition(table, repeated)
        if first is None:
            return None
        second = self._contrast(first)
        if second is None:
            return None
        query = Query(table, (Item(repeated),), where=(first,))
        return replace(query, combined=(operator, replace(query, where=(second,))))

    def _joined_list(self, table: str) -> Query | None:
        links = self._path(table, 1)
        if links is None:
            return None
        query = Query(table, (), links=links)
        other = query.tables[-1]
        columns = [*self._columns(table, 1), *self._columns(other, 1)]
        if len(columns) < 2:
            return None
        if self._chance.random() < 0.2:
            columns[1:1] = [ref for ref in self._columns(table, 1) if ref not in columns]
        query = replace(query, select=_items(columns))
        roll = self._chance.random()
        if roll < 0.3:
            return self._where(query, self._chance.choice((table, other)), one=True)
        return self._ordered(query) if roll < 0.45 else query

    def _joined_filter(self, table: str) -> Query | None:
        links = self._path(table, self._chance.choices((1, 2, 3), (6, 3, 1))[0])
        if links is None:
            return None
        query = Query(table, (), links=links)
        roll = self._chance.random()
        numbers = self._profile.columns(table, Kind.NUMBER)
        # A parent with several children would be counted several times.
        once = all(
            link.child.table == near for link, near in zip(links, query.tables, strict=False)
        )
        if roll < 0.2 and once:
            items: tuple[Item, ...] = (COUNT,)
        elif roll < 0.35 and numbers and once:
            items = (
                Item(self._chance.choice(numbers), self._chance.choice(("avg", "max", "min"))),
            )
        else:
            items = _items(self._columns(table, self._chance.choices((1, 2), (4, 1))[0]))
        if not items:
            return None
        found = self._where(replace(query, select=items), query.tables[-1], one=True)
        if found is not None and not items[0].aggregate and self._chance.random() < 0.2:
            return replace(found, distinct=True)
        return found

    def _joined_superlative(self, table: str) -> Query | None:
        links = self._path(table, self._chance.choices((1, 2), (4, 1))[0])
        select = self._columns(table, self._chance.choices((1, 2), (4, 1))[0])
        if links is None or not select:
            return None
        query = Query(table, _items(select), links=links)
        compared = self._profile.columns(query.tables[-1], *COMPARED)
        if not compared:
            return None
        order = Item(self._chance.choice(compared))
        return replace(query, order=order, descending=self._chance.random() < 0.65, limit=1)

    def _children_counted(self, table: str) -> Query | None:
        query = self._children_grouped(table)
        return replace(query, select=(*query.select, COUNT)) if query is not None else None

    def _children_having(self, table: str) -> Query | None:
        query = self._children_grouped(table)
        return replace(query, having=self._count_having()) if query is not None else None

    def _children_most(self, table: str) -> Query | None:
        query = self._children_grouped(table)
        if query is None:
            return None
        limit = 1 if self._chance.random() < 0.85 else self._chance.randint(2, 5)
        down = self._chance.random() < 0.75
        return replace(query, order=COUNT, descending=down, limit=limit)

    def _children_grouped(self, table: str) -> Query | None:
        link = self._children(table)
        select = self._columns(table, self._chance.choices((1, 2), (4, 1))[0])
        if link is None or not select:
            return None
        return Query(table, _items(select), links=(link,), group=link.parent)


def _items(columns: list[Ref]) -> tuple[Item, ...]:
    return tuple(Item(ref) for ref in columns)
