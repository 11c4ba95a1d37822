"""Which tables join chosen ones: the shortest paths through the foreign keys."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from t2s_bench.databases.schema import Schema


def connected(schema: Schema, chosen: Iterable[int]) -> frozenset[int]:
    """The places of the chosen tables and of those on the shortest paths between them.

    One table after the other is joined to those before it, the nearest first and, at equal
    distance, the one that comes first in the schema. A table that no key leads to stays alone.
    """
    numbers = {table.name.lower(): place for place, table in enumerate(schema.tables)}
    near: dict[int, set[int]] = {place: set() for place in range(len(schema.tables))}
    for key in schema.foreign_keys:
        one, other = numbers[key.table.lower()], numbers[key.parent.lower()]
        near[one].add(other)
        near[other].add(one)
    left = sorted(set(chosen))
    if not left:
        return frozenset()
    found = {left.pop(0)}
    alone: set[int] = set()
    while left:
        path = _path(near, found, set(left))
        if path is None:
            # Nothing more can be reached from here: the next part begins with the first one left.
            alone |= found
            found = {left.pop(0)}
        else:
            found.update(path)
            left = [place for place in left if place not in found]
    return frozenset(found | alone)


def _path(near: dict[int, set[int]], starts: set[int], goals: set[int]) -> list[int] | None:
    """The shortest path from any start to any goal."""
    came: dict[int, int | None] = dict.fromkeys(sorted(starts))
    queue = deque(came)
    while queue:
        place = queue.popleft()
        if place in goals:
            path = []
            at: int | None = place
            while at is not None:
                path.append(at)
                at = came[at]
            return path
        for other in sorted(near[place]):
            if other not in came:
                came[other] = place
                queue.append(other)
    return None
