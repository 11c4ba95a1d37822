"""How the tables of one FROM hang together where their conditions are not written out.

A table is joined to the ones before it by a foreign key; what that leaves apart, by the shortest
chain of foreign keys over at most `LONGEST_CHAIN` tables that FROM does not name; and what is still
apart, by columns of the same name. Nothing else is guessed: the rest is crossed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from t2s_bench.databases.schema import Schema

from .statement import Source

# A table of one FROM: its place in the schema, and which of its instances.
Instance = tuple[int, int]
# A column of one.
Reference = tuple[int, int, int]
Edge = tuple[Reference, Reference]

LONGEST_CHAIN = 4


@dataclass(frozen=True)
class Joined:
    """One table as it is joined: by pairs of equal columns, the second one's table before it."""

    instance: Instance
    kind: str = ""
    edges: tuple[Edge, ...] = ()


class ForeignKeys:
    """A schema's foreign keys between places, both ways, the first declared first."""

    def __init__(self, schema: Schema) -> None:
        places = {table.name.lower(): n for n, table in enumerate(schema.tables)}
        columns = [
            {column.name.lower(): n for n, column in enumerate(table.columns)}
            for table in schema.tables
        ]
        self.names = columns
        self.keyed = [
            frozenset(n for n, column in enumerate(table.columns) if column.primary_key)
            for table in schema.tables
        ]
        # (table, table) → the pairs of columns of one key.
        self.between: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
        self.neighbours: list[list[int]] = [[] for _ in schema.tables]
        for key in schema.foreign_keys:
            child, parent = places[key.table.lower()], places[key.parent.lower()]
            pairs = tuple(
                (columns[child][a.lower()], columns[parent][b.lower()])
                for a, b in zip(key.columns, key.parent_columns, strict=True)
            )
            if (child, parent) in self.between:
                continue
            self.between[child, parent] = pairs
            if child != parent:
                self.between[parent, child] = tuple((b, a) for a, b in pairs)
                self.neighbours[child].append(parent)
                self.neighbours[parent].append(child)

    def column(self, table: int, name: str) -> int | None:
        """The place of a column by its name, or None."""
        return self.names[table].get(name.lower())

    def edges(self, new: Instance, old: Instance) -> tuple[Edge, ...]:
        """The pairs of the key between two tables, or none."""
        return tuple(((*new, a), (*old, b)) for a, b in self.between.get((new[0], old[0]), ()))

    def chain(self, starts: Iterable[int], ends: Iterable[int], taken: set[int]) -> list[int]:
        """The shortest way from one of the starts to one of the ends, or []; ends included.

        The tables between are none of those `taken`.
        """
        goals = set(ends)
        ways = deque([start] for start in dict.fromkeys(starts))
        seen = set(taken)
        while ways:
            way = ways.popleft()
            for table in sorted(self.neighbours[way[-1]]):
                if table in goals and len(way) > 1:
                    return [*way, table]
                if table not in seen and len(way) <= LONGEST_CHAIN:
                    seen.add(table)
                    ways.append([*way, table])
        return []

    def namesakes(self, new: Instance, old: Instance) -> tuple[Edge, ...]:
        """The first pair of columns of the same name, key columns before others."""
        if new[0] == old[0]:
            return ()
        mine, theirs = self.names[new[0]], self.names[old[0]]
        shared = [(place, theirs[name]) for name, place in mine.items() if name in theirs]
        if not shared:
            return ()
        keyed, old_keyed = self.keyed[new[0]], self.keyed[old[0]]
        a, b = min(shared, key=lambda pair: -(pair[0] in keyed) - (pair[1] in old_keyed))
        return (((*new, a), (*old, b)),)


class _Known:
    """The keys of the schemas in use; a Schema is compared by identity, which is cheap."""

    def __init__(self, most: int = 512) -> None:
        self._most = most
        self._found: dict[int, tuple[Schema, ForeignKeys]] = {}

    def __call__(self, schema: Schema) -> ForeignKeys:
        known = self._found.get(id(schema))
        if known is not None:
            return known[1]
        if len(self._found) >= self._most:
            self._found.pop(next(iter(self._found)), None)
        keys = ForeignKeys(schema)
        self._found[id(schema)] = (schema, keys)
        return keys


foreign_keys: Callable[[Schema], ForeignKeys] = _Known()


class Groups:
    """Which things are one: union-find."""

    def __init__(self) -> None:
        self._above: dict[object, object] = {}

    def root(self, thing: object) -> object:
        """What stands for the group of a thing."""
        above = self._above
        while (higher := above.get(thing, thing)) != thing:
            thing = higher
        return thing

    def join(self, one: object, other: object) -> None:
        """Makes two groups one."""
        a, b = self.root(one), self.root(other)
        if a != b:
            self._above[b] = a


def connect(sources: Sequence[Source], keys: ForeignKeys) -> list[Joined]:
    """The tables in the order of their joins, tables of chains among them.

    Where a LEFT JOIN stands, the order stays and no table is added.
    """
    first = (sources[0].table, sources[0].instance)
    instances = [(source.table, source.instance) for source in sources]
    found: list[list[Edge]] = [[] for _ in sources]
    groups = Groups()
    alone: set[int] = set()
    for number, source in enumerate(sources):
        new = instances[number]
        if number == 0:
            continue
        if source.on:
            for left, right in source.on:
                edge = (
                    (left.table, left.instance, left.column),
                    (right.table, right.instance, right.column),
                )
                found[number].append(edge)
                groups.join(edge[0][:2], edge[1][:2])
        elif source.kind == "CROSS":
            alone.add(number)
        else:
            met = {}
            for old in instances[:number]:
                root = groups.root(old)
                if root not in met:
                    edges = keys.edges(new, old)
                    if edges:
                        met[root] = (old, edges)
            for old, edges in met.values():
                found[number].extend(edges)
                groups.join(old, new)
    if any(source.kind == "LEFT" for source in sources):
        for number in range(1, len(instances)):
            if not found[number] and number not in alone:
                namesakes = (keys.namesakes(instances[number], old) for old in instances[:number])
                found[number] = list(next((edges for edges in namesakes if edges), ()))
        return [
            Joined(instance, source.kind, tuple(edges))
            for instance, source, edges in zip(instances, sources, found, strict=True)
        ]
    _join_rest(instances, found, groups, alone, keys)
    return _ordered(first, instances, [edge for edges in found for edge in edges])


def _join_rest(
    instances: list[Instance],
    found: list[list[Edge]],
    groups: Groups,
    alone: set[int],
    keys: ForeignKeys,
) -> None:
    """Joins what hangs apart from the first table; adds tables of chains to the instances."""
    for number in range(1, len(instances)):
        here = instances[number]
        root = groups.root(here)
        apart = {groups.root(instances[n]) for n in alone}
        if root == groups.root(instances[0]) or root in apart:
            continue
        ours = [one for one in instances if groups.root(one) == root]
        others = [one for one in instances if groups.root(one) == groups.root(instances[0])]
        taken = {table for table, _ in instances}
        way = keys.chain((t for t, _ in others), (t for t, _ in ours), taken)
        if way:
            start = next(one for one in others if one[0] == way[0])
            end = next(one for one in ours if one[0] == way[-1])
            steps = [start, *((table, 0) for table in way[1:-1]), end]
            for before, after in zip(steps, steps[1:], strict=False):
                if after not in instances:
                    instances.append(after)
                    found.append([])
                found[number].extend(keys.edges(after, before))
                groups.join(before, after)
            continue
        for one in ours:
            edges = next((e for old in others if (e := keys.namesakes(one, old))), ())
            if edges:
                found[number].extend(edges)
                groups.join(instances[0], one)
                break


def _ordered(first: Instance, instances: Sequence[Instance], edges: Sequence[Edge]) -> list[Joined]:
    """Each table after one that it is joined to, else as given; edges at the later one."""
    placed = {first}
    waiting = [one for one in instances if one != first]
    left = list(dict.fromkeys(edges))
    order = [Joined(first)]
    while waiting:
        linked = {
            end[:2]
            for edge in left
            for end, other in (edge, edge[::-1])
            if other[:2] in placed and end[:2] not in placed
        }
        new = next((one for one in waiting if one in linked), waiting[0])
        waiting.remove(new)
        placed.add(new)
        own = [edge for edge in left if edge[0][:2] in placed and edge[1][:2] in placed]
        left = [edge for edge in left if edge not in own]
        order.append(
            Joined(new, "", tuple(edge if edge[0][:2] == new else edge[::-1] for edge in own))
        )
    return order


def equalities(edges: Iterable[Edge]) -> frozenset[frozenset[Reference]]:
    """The groups of columns that are equal: two ways to say the same joins give the same."""
    groups = Groups()
    references: dict[Reference, None] = {}
    for one, other in edges:
        groups.join(one, other)
        references[one] = references[other] = None
    found: dict[object, set[Reference]] = {}
    for reference in references:
        found.setdefault(groups.root(reference), set()).add(reference)
    return frozenset(frozenset(group) for group in found.values())
