"""Names of graph items as constraints spell them."""

from __future__ import annotations

from t2s_bench.databases.schema import Schema

from ..schema_graph.graph import Kind, SchemaGraph


def item_name(schema: Schema, graph: SchemaGraph, number: int) -> str:
    """'table' or 'table.column'; a value's literal."""
    item = graph.items[number]
    if item.kind is Kind.TABLE:
        return schema.tables[item.table].name
    if item.kind is Kind.COLUMN:
        table = schema.tables[item.table]
        return f"{table.name}.{table.columns[item.column].name}"
    return item.text
