"""The lexical linker: what takes the graph attention's place when `gat` is switched off.

Relevance from the marks alone: whether a question names an item wholly, partly or by one of its
cells; a table is as relevant as its best column, a little less, and keys come with their table.
Nothing is learnt; the weights are round numbers.
"""

from __future__ import annotations

from ..task import Linking, Task
from .build import FEATURES
from .graph import Kind

_EXACT, _PARTIAL, _VALUE, _NOTHING = 0.9, 0.5, 0.7, 0.05
_KEY = 0.15


def lexical_linking(task: Task) -> Linking:
    """The relevance of every table and column by its marks."""
    graph, schema = task.graph, task.schema
    marks = [FEATURES.index(f"matched {how}") for how in ("exactly", "partly", "by value")]
    tables = [_NOTHING] * len(schema.tables)
    columns = [[_NOTHING] * len(table.columns) for table in schema.tables]
    for number, item in enumerate(graph.items):
        if item.kind not in (Kind.TABLE, Kind.COLUMN):
            continue
        exactly, partly, by_value = (bool(graph.features[number, mark]) for mark in marks)
        share = max(_NOTHING, _EXACT * exactly, _PARTIAL * partly, _VALUE * by_value)
        if item.kind is Kind.TABLE:
            tables[item.table] = max(tables[item.table], share)
        else:
            columns[item.table][item.column] = share
    for place, table in enumerate(schema.tables):
        best = max(columns[place], default=_NOTHING)
        tables[place] = max(tables[place], 0.6 * best)
        for number, column in enumerate(table.columns):
            if column.primary_key and tables[place] > _PARTIAL:
                columns[place][number] = max(columns[place][number], _KEY)
    return Linking(tuple(tables), tuple(tuple(row) for row in columns))
