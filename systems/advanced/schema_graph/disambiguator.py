"""The component `gat` for pretrained models: ranks the schema, and prunes where that is safe.

Pruning is decided by a guard that is measured on validation questions and stored with the weights:
without one, or where no threshold keeps all that the gold uses in 99 of 100 questions, the whole
schema is shown and relevance only ranks and annotates it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from t2s_bench.databases.schema import Schema
from t2s_bench.errors import BadInput

from ..task import Linking, Task
from .connect import connected
from .gat import Embedder, SchemaGat
from .graph import Kind

GUARD = "guard.json"
LEAST_RECALL = 0.99


@dataclass(frozen=True)
class Guard:
    """What pruning at a threshold kept on validation questions.

    `strict_recall` is the share of questions with every used table and column kept, `shown` the
    mean share of columns that stayed.
    """

    threshold: float
    strict_recall: float
    shown: float
    questions: int

    @property
    def allows(self) -> bool:
        """Whether pruning is safe enough to be done."""
        return self.threshold > 0 and self.strict_recall >= LEAST_RECALL


class Disambiguator:
    """A trained `SchemaGat` with its guard: the `Linker` of `codec/chat.py`."""

    def __init__(self, gat: SchemaGat, guard: Guard | None = None) -> None:
        self.gat = gat.eval()
        self.guard = guard

    def link(self, task: Task) -> Linking:
        """The relevance of every table and column; 0 for columns that the graph left out."""
        batch = self.gat.batch([task.graph])
        with torch.inference_mode():
            odds = torch.sigmoid(self.gat(batch)).tolist()
        by_item = dict(zip(batch.judged.tolist(), odds, strict=True))
        columns = task.graph.column_items
        return Linking(
            tuple(by_item[item] for item in task.graph.table_items),
            tuple(
                tuple(
                    by_item[columns[place, number]] if (place, number) in columns else 0.0
                    for number in range(len(table.columns))
                )
                for place, table in enumerate(task.schema.tables)
            ),
        )

    def embeddings(self, task: Task) -> npt.NDArray[np.float32] | None:
        """The network's node of every item: (items, schema_embedding_dim)."""
        with torch.inference_mode():
            nodes = self.gat.nodes(self.gat.batch([task.graph]))
        return np.asarray(nodes.float().cpu().numpy(), dtype=np.float32)

    def shown(self, task: Task, linking: Linking) -> Schema | None:
        """The relevant part of the schema where the guard allows; None: show all of it."""
        if self.guard is None or not self.guard.allows:
            return None
        return pruned(task.schema, linking, self.guard.threshold)

    def measure(self, tasks: Sequence[Task], used: Sequence[Linking]) -> Guard:
        """Finds the highest threshold that keeps enough, and keeps it as the guard.

        `used` says 1 for what the gold of each task uses. The tasks are validation questions,
        neither trained on nor tested with.
        """
        if not tasks:
            raise ValueError("a guard is measured on at least one question")
        linkings = [self.link(task) for task in tasks]
        least = sorted(_least(link, gold) for link, gold in zip(linkings, used, strict=True))
        threshold = least[int((1 - LEAST_RECALL) * len(least))]
        kept, shares = 0, []
        for task, linking, gold in zip(tasks, linkings, used, strict=True):
            part = pruned(task.schema, linking, threshold)
            kept += _holds(part, task.schema, gold)
            whole = sum(len(table.columns) for table in task.schema.tables)
            shares.append(sum(len(table.columns) for table in part.tables) / max(1, whole))
        self.guard = Guard(threshold, kept / len(tasks), float(np.mean(shares)), len(tasks))
        return self.guard

    def save(self, folder: Path) -> None:
        """Writes the network and its guard into an existing folder."""
        self.gat.save(folder)
        if self.guard is not None:
            (folder / GUARD).write_text(json.dumps(asdict(self.guard), indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path, embedder: Embedder | None = None) -> Disambiguator:
        """What `save` wrote."""
        guard = None
        path = folder / GUARD
        if path.is_file():
            try:
                guard = Guard(**json.loads(path.read_text()))
            except (ValueError, TypeError) as error:
                raise BadInput(f"{path} is no guard: {error}. Delete it to go without") from error
        return cls(SchemaGat.load(folder, embedder), guard)


def pruned(schema: Schema, linking: Linking, threshold: float) -> Schema:
    """The tables and columns of at least some relevance, and what joins them.

    A relevant column brings its table; tables on the shortest paths of foreign keys between them
    come along. A kept table keeps its primary key and the columns of its keys to kept tables. A
    schema of which nothing is relevant is returned whole.
    """
    chosen = [
        place
        for place, table in enumerate(schema.tables)
        if linking.tables[place] >= threshold
        or any(share >= threshold for share in linking.columns[place])
    ]
    if not chosen:
        return schema
    places = connected(schema, chosen)
    names = {schema.tables[place].name for place in places}
    keys = tuple(key for key in schema.foreign_keys if key.table in names and key.parent in names)
    needed = {(key.table, name) for key in keys for name in key.columns}
    needed |= {(key.parent, name) for key in keys for name in key.parent_columns}
    tables = []
    for place in sorted(places):
        table = schema.tables[place]
        columns = tuple(
            column
            for number, column in enumerate(table.columns)
            if linking.columns[place][number] >= threshold
            or column.primary_key
            or (table.name, column.name) in needed
        )
        # COUNT(*) needs a table and none of its columns; one shows what it holds.
        tables.append(replace(table, columns=columns or table.columns[:1]))
    return Schema(tuple(tables), keys, schema.notes, schema.source)


def used_items(task: Task, used: Linking) -> npt.NDArray[np.float32]:
    """What a gold uses as the network's target: 1 for each used item of the task's graph."""
    target = np.zeros(len(task.graph.items), dtype=np.float32)
    for number, item in enumerate(task.graph.items):
        if item.kind is Kind.TABLE:
            target[number] = used.tables[item.table]
        elif item.kind is Kind.COLUMN:
            target[number] = used.columns[item.table][item.column]
    return target


def _least(linking: Linking, used: Linking) -> float:
    """The relevance of the least relevant used column, or table without used columns."""
    found = [1.0]
    for place, columns in enumerate(used.columns):
        own = [linking.columns[place][number] for number, needed in enumerate(columns) if needed]
        if own:
            found += own
        elif used.tables[place]:
            found.append(max(linking.tables[place], *linking.columns[place], 0.0))
    return min(found)


def _holds(part: Schema, whole: Schema, used: Linking) -> bool:
    for place, table in enumerate(whole.tables):
        own = part.table(table.name)
        if used.tables[place] and own is None:
            return False
        for number, column in enumerate(table.columns):
            if used.columns[place][number] and (own is None or own.column(column.name) is None):
                return False
    return True
