"""The schema agent: which tables a question needs, and how they are joined.

It ranks with the policy's linking, connects the chosen tables along foreign keys and lets items go
where the recall guard allows. It never writes SQL and never looks at rows.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

from t2s_bench.databases.schema import ForeignKey, Schema

from ..codec.codec import Policy
from ..task import Linking, Task
from .messages import SchemaProposal
from .recall_guard import RecallGuard

# A table is chosen from this relevance on; the most relevant one always is.
CHOSEN = 0.5


class SchemaAgent:
    """Proposes a part of the schema for each task."""

    def __init__(self, policy: Policy, guard: RecallGuard | None = None) -> None:
        self._policy = policy
        self._guard = guard or RecallGuard()

    def propose(self, task: Task) -> SchemaProposal:
        """Links, connects and prunes; deterministic."""
        linking = self._policy.link(task)
        schema = task.schema
        if not schema.tables:
            return SchemaProposal(linking, ())
        ranked = sorted(
            range(len(schema.tables)), key=lambda place: (-linking.tables[place], place)
        )
        chosen = [place for place in ranked if linking.tables[place] >= CHOSEN] or ranked[:1]
        joins = connect(schema, chosen, linking.tables)
        places = _places(schema)
        ends = {places[name.lower()] for key in joins for name in (key.table, key.parent)}
        connectors = sorted(ends - set(chosen))
        raised = _raised(linking, schema, connectors, joins)
        threshold = min(self._guard.threshold, CHOSEN)
        pruned, gone = _pruned(raised, schema, threshold, set(chosen) | ends)
        return SchemaProposal(
            pruned,
            tuple(schema.tables[place].name for place in chosen),
            tuple(schema.tables[place].name for place in connectors),
            tuple(joins),
            gone,
        )


def connect(schema: Schema, chosen: Sequence[int], relevance: Sequence[float]) -> list[ForeignKey]:
    """Foreign keys that join the chosen tables (places, best first) into as few groups as possible.

    The usual approximation of a Steiner tree: from the first table on, the nearest chosen one is
    joined by its shortest path. A step costs 1, and up to 1 more the less relevant the table is
    that it leads to. Tables that no path reaches start a group of their own.
    """
    neighbours = _neighbours(schema)
    joined: set[int] = set()
    keys: dict[ForeignKey, None] = {}
    waiting = list(dict.fromkeys(chosen))
    while waiting:
        if not joined:
            joined.add(waiting.pop(0))
            continue
        path = _shortest(neighbours, joined, set(waiting), relevance)
        if path is None:
            joined.add(waiting.pop(0))
            continue
        for place, key in path:
            joined.add(place)
            keys[key] = None
            if place in waiting:
                waiting.remove(place)
    return list(keys)


def _shortest(
    neighbours: Sequence[Sequence[tuple[int, ForeignKey]]],
    starts: Iterable[int],
    goals: set[int],
    relevance: Sequence[float],
) -> list[tuple[int, ForeignKey]] | None:
    """The cheapest way from any start to any goal, as (table, the key that leads to it)."""
    came: dict[int, tuple[int, ForeignKey] | None] = {}
    # The counter keeps equal costs in the order of their coming, and keys from being compared.
    queue: list[tuple[float, int, int, int, ForeignKey | None]] = [
        (0.0, count, place, -1, None) for count, place in enumerate(sorted(starts))
    ]
    order = len(queue)
    while queue:
        cost, _, place, before, key = heapq.heappop(queue)
        if place in came:
            continue
        came[place] = None if key is None else (before, key)
        if place in goals:
            path = []
            step = came[place]
            while step is not None:
                path.append((place, step[1]))
                place = step[0]
                step = came[place]
            return path[::-1]
        for other, by in neighbours[place]:
            if other not in came:
                order += 1
                heapq.heappush(queue, (cost + 2 - relevance[other], order, other, place, by))
    return None


def _neighbours(schema: Schema) -> list[list[tuple[int, ForeignKey]]]:
    places = _places(schema)
    found: list[list[tuple[int, ForeignKey]]] = [[] for _ in schema.tables]
    for key in schema.foreign_keys:
        one, other = places.get(key.table.lower()), places.get(key.parent.lower())
        if one is not None and other is not None and one != other:
            found[one].append((other, key))
            found[other].append((one, key))
    return found


def _places(schema: Schema) -> dict[str, int]:
    return {table.name.lower(): place for place, table in enumerate(schema.tables)}


def _raised(
    linking: Linking, schema: Schema, connectors: Sequence[int], joins: Sequence[ForeignKey]
) -> Linking:
    """The linking with connectors and the columns of joins as relevant as a chosen table."""
    tables = list(linking.tables)
    columns = [list(table) for table in linking.columns]
    places = _places(schema)
    for place in connectors:
        tables[place] = max(tables[place], CHOSEN)
    for key in joins:
        for table, names in ((key.table, key.columns), (key.parent, key.parent_columns)):
            place = places[table.lower()]
            wanted = {name.lower() for name in names}
            for n, column in enumerate(schema.tables[place].columns):
                if column.name.lower() in wanted:
                    columns[place][n] = max(columns[place][n], CHOSEN)
    return Linking(tuple(tables), tuple(map(tuple, columns)))


def _pruned(
    linking: Linking, schema: Schema, threshold: float, needed: set[int]
) -> tuple[Linking, tuple[str, ...]]:
    """Lets items below the threshold go; a table with a kept column, or that joins, stays."""
    if threshold <= 0:
        return linking, ()
    gone: list[str] = []
    tables = list(linking.tables)
    columns = []
    for place, table in enumerate(schema.tables):
        kept = tuple(share if share >= threshold else 0.0 for share in linking.columns[place])
        if not any(kept) and tables[place] < threshold and place not in needed:
            tables[place] = 0.0
            gone.append(table.name)
        else:
            gone += [
                f"{table.name}.{column.name}"
                for column, share in zip(table.columns, kept, strict=True)
                if not share
            ]
        columns.append(kept)
    return Linking(tuple(tables), tuple(columns)), tuple(gone)
