"""What a gold SQL uses of a schema, and how well a linking finds it.

Golds are for training and measuring only: nothing that answers a question imports this file. No
weights, no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from t2s_bench.databases.schema import Schema
from t2s_bench.metrics.used_names import Names, used_names

from ..task import Linking, Task
from .graph import Kind
from .relations import RELATIONS

# An item is found where its relevance is at least this.
THRESHOLD = 0.5
_EXACT = [RELATIONS.index(f"word-{kind} exact") for kind in ("table", "column")]
_PARTIAL = [RELATIONS.index(f"word-{kind} partial") for kind in ("table", "column")]


@dataclass(frozen=True)
class LinkingQuality:
    """Means over questions; tables and columns count alike.

    `strict_recall` is the share of questions with everything found that the gold uses, `recall` and
    `precision` the shares of used items found and of found items used. `ambiguity_resolved` is the
    share of the `ambiguities` in which an item that the gold uses ranks first, None where there are
    none.
    """

    questions: int
    average_precision: float
    strict_recall: float
    recall: float
    precision: float
    ambiguity_resolved: float | None
    ambiguities: int


def used_by(sql: str, schema: Schema, dialect: str = "sqlite") -> Linking:
    """1 for each table and column that the SQL uses, else 0; raises Unreadable.

    By the harness's rules for schema linking: columns that only join count, COUNT(*) uses none.
    """
    names = Names(
        {
            table.name.lower(): frozenset(column.name.lower() for column in table.columns)
            for table in schema.tables
        }
    )
    used = used_names(names, sql, dialect)
    return Linking(
        tuple(float(table.name.lower() in used.tables) for table in schema.tables),
        tuple(
            tuple(
                float(f"{table.name}.{column.name}".lower() in used.columns)
                for column in table.columns
            )
            for table in schema.tables
        ),
    )


def linking_quality(
    tasks: Sequence[Task],
    linkings: Sequence[Linking],
    used: Sequence[Linking],
    threshold: float = THRESHOLD,
) -> LinkingQuality:
    """Measures linkings against what the golds use; raises ValueError without questions."""
    if not tasks:
        raise ValueError("linkings are measured on at least one question")
    precisions, recalls, shares, resolved = [], [], [], []
    for task, linking, gold in zip(tasks, linkings, used, strict=True):
        scores, wanted = flat(linking), flat(gold)
        precisions.append(average_precision(scores, wanted))
        found = [bool(w) for score, w in zip(scores, wanted, strict=True) if score >= threshold]
        recalls.append(sum(found) / max(1.0, sum(wanted)) if any(wanted) else 1.0)
        shares.append(sum(found) / len(found) if found else float(not any(wanted)))
        resolved += ambiguities_resolved(task, linking, gold)
    return LinkingQuality(
        len(tasks),
        float(np.mean(precisions)),
        float(np.mean([recall == 1.0 for recall in recalls])),
        float(np.mean(recalls)),
        float(np.mean(shares)),
        float(np.mean(resolved)) if resolved else None,
        len(resolved),
    )


def strict_recall_at(k: int, linkings: Sequence[Linking], used: Sequence[Linking]) -> float:
    """The share of questions whose k most relevant items hold all that the gold uses.

    Among equally relevant items those that are not used come first.
    """
    held = []
    for linking, gold in zip(linkings, used, strict=True):
        scores, wanted = flat(linking), flat(gold)
        held.append(sum(wanted) == sum(wanted[place] for place in _ranked(scores, wanted)[:k]))
    return float(np.mean(held))


def ambiguities_resolved(task: Task, linking: Linking, used: Linking) -> list[bool]:
    """For each ambiguity that the gold settles, whether an item that it uses ranks first.

    An ambiguity is a set of tables and columns that the same words of the question name equally
    well (all exactly or, where none is, all in part) and of which the gold uses some and not all.
    A tie at the top is not resolved.
    """
    graph = task.graph
    words = graph.first_table
    choices: set[tuple[int, ...]] = set()
    for row in graph.relations[:words, words:]:
        for types in (_EXACT, _PARTIAL):
            places = np.flatnonzero(np.isin(row, types))
            if places.size:
                choices.add(tuple(int(place) + words for place in places))
                break
    resolved = []
    for choice in sorted(choices):
        scores, wanted = [], []
        for number in choice:
            item = graph.items[number]
            if item.kind is Kind.TABLE:
                scores.append(linking.tables[item.table])
                wanted.append(used.tables[item.table])
            else:
                scores.append(linking.columns[item.table][item.column])
                wanted.append(used.columns[item.table][item.column])
        if any(wanted) and not all(wanted):
            resolved.append(bool(wanted[_ranked(scores, wanted)[0]]))
    return resolved


def average_precision(scores: Sequence[float], used: Sequence[float]) -> float:
    """The mean precision at each used item, down the ranking; ties count against it.

    >>> average_precision([0.9, 0.8, 0.1], [1, 0, 1])
    0.8333333333333333
    """
    hits, total = 0, 0.0
    for rank, place in enumerate(_ranked(scores, used), start=1):
        if used[place]:
            hits += 1
            total += hits / rank
    return total / hits if hits else 1.0


def flat(linking: Linking) -> list[float]:
    """The relevance of all tables, then of all columns."""
    return [*linking.tables, *(share for row in linking.columns for share in row)]


def _ranked(scores: Sequence[float], used: Sequence[float]) -> list[int]:
    """Places by score, the best first; at equal scores what is not used before what is."""
    return sorted(range(len(scores)), key=lambda place: (-scores[place], used[place]))
