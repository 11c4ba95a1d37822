"""The search tree as JSON for a prediction's trace, bounded in size."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush

from .tree import Edge, Node, Tree

# The most visited nodes and the first characters of each: at most about 100 KB a question.
NODES = 100
CHARACTERS = 500


def tree_trace(
    tree: Tree, candidates: Mapping[int, int], simulations: int, nodes: int = NODES
) -> dict[str, object]:
    """The most visited part of the tree as a list of nodes, parents before children.

    A node says its `parent` (its place in the list, -1 for the root), the `sql` written so far as
    far as it can be executed, its edge's `prior`, `visits` and mean `value`, the value head's
    `head`, and the `rows` that an executed one returned (None: it did not run). `candidate` is
    the place among the search's candidates, for statements that are among them. `omitted` counts
    the nodes that are left out. `candidates` maps a node's `id` to that place.
    """
    listed: list[dict[str, object]] = []
    waiting: list[tuple[int, int, int, Edge]] = []
    order = 0

    def add(node: Node, parent: int, edge: Edge | None) -> None:
        nonlocal order
        place = len(listed)
        sql = node.partial.sql
        said: dict[str, object] = {
            "parent": parent,
            "sql": sql if len(sql) <= CHARACTERS else sql[: CHARACTERS - 1] + "…",
            "logprob": round(node.partial.logprob, 4),
            "finished": node.partial.finished,
            "visits": edge.visits if edge is not None else simulations,
        }
        if edge is not None:
            said["prior"] = round(edge.prior, 4)
        if edge is not None and edge.visits:
            said["value"] = round(edge.total / edge.visits, 4)
        if node.head is not None:
            said["head"] = round(node.head, 4)
        if node.evidence is not None and node.partial.sql:
            said["rows"] = node.evidence.rows if node.evidence.runs else None
        if id(node) in candidates:
            said["candidate"] = candidates[id(node)]
        listed.append(said)
        for child in node.edges or ():
            heappush(waiting, (-child.visits, order, place, child))
            order += 1

    add(tree.root, -1, None)
    while waiting and len(listed) < nodes:
        _, _, parent, edge = heappop(waiting)
        add(edge.node, parent, edge)
    omitted = 0
    stack = [edge.node for _, _, _, edge in waiting]
    while stack:
        node = stack.pop()
        omitted += 1
        stack.extend(edge.node for edge in node.edges or ())
    return {"simulations": simulations, "nodes": listed, "omitted": omitted}
