"""The search tree: partial statements, the statistics of their edges, and the rule of selection.

A node is a statement written up to a clause boundary. Statistics stand on edges, because finished
statements with one canonical SQL are one node that many paths may lead to. Unfinished ones are not
merged: their `sql` leaves out what the codec has begun, so equal SQL is no equal state.

Selection is PUCT as in AlphaZero (Silver et al. 2018, "A general reinforcement learning algorithm
that masters chess, shogi, and Go through self-play"): the edge with the greatest
Q + c · P · √N / (1 + n). Three things differ for the sake of few simulations:

- Q is the best value known behind the edge (as in SQL-o1, Lyu et al. 2025), not the mean of those
  seen: a statement is chosen in the end, and a mean over some fifty simulations is mostly about
  the bad ones. Before an edge is taken, the value head's word on its node is that value.
- The bonus for exploration is in proportion to what is left to find: the share of a node's
  probability that no statement written so far accounts for (compare sampling without replacement,
  Shi, Bieber and Sutton 2020, "Incremental sampling without replacement for sequence models"). An
  edge with nothing new behind it is *closed* and gets none (compare MCTS-Solver, Winands et al.
  2008).
- Virtual loss (Chaslot, Winands and van den Herik 2008, "Parallel Monte-Carlo tree search"): a leaf
  that waits for its value counts as a visit worth 0, so that the next selection of the same batch
  goes elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import exp, inf, log, sqrt

from ..codec.codec import Partial
from ..task import Evidence
from .actions import priors
from .canonical import canonical

# Shares of probabilities are sums of many rounded ones.
ROUNDING = 1e-9


class Node:
    """One state: a partial statement, and what is known of it.

    `edges` is None until it is expanded, `head` until the value head is asked, `evidence` until a
    simulation ended in it; `seen` counts those that came back to it. `rollouts` are the written
    statements that begin with an unfinished one (None: none is written yet). `value`, `closed`
    (nothing new is behind it), `best` (the best value there) and `left` (the share of its
    probability that no written statement accounts for) are as of the last `Tree.refresh`.
    """

    __slots__ = (
        "best",
        "closed",
        "edges",
        "evidence",
        "fixed",
        "head",
        "left",
        "partial",
        "pending",
        "rollouts",
        "seen",
        "value",
    )

    def __init__(self, partial: Partial) -> None:
        self.partial = partial
        self.edges: list[Edge] | None = None
        self.evidence: Evidence | None = None
        self.head: float | None = None
        self.rollouts: list[Node] | None = None
        self.left = 1.0
        self.fixed = 0.0
        self.pending = False
        self.seen = 0
        self.value = 0.0
        self.closed = False
        self.best = 0.0

    @property
    def dead(self) -> bool:
        """An unfinished statement that cannot go on."""
        return self.edges is not None and not self.edges

    @property
    def open(self) -> bool:
        """Whether a simulation that ends here brings something new."""
        return self.evidence is None if self.partial.finished else self.edges is None

    @property
    def unwritten(self) -> bool:
        """An unfinished statement that no written one begins with."""
        return self.open and not self.partial.finished and self.rollouts is None


class Edge:
    """An action: its prior, and the statistics of the simulations that took it."""

    __slots__ = ("node", "prior", "total", "virtual", "visits")

    def __init__(self, node: Node, prior: float) -> None:
        self.node = node
        self.prior = prior
        self.visits = 0
        self.virtual = 0
        self.total = 0.0


class Path:
    """The edges from the root to a leaf."""

    __slots__ = ("edges", "root")

    def __init__(self, root: Node, edges: list[Edge]) -> None:
        self.root = root
        self.edges = edges

    @property
    def leaf(self) -> Node:
        """Where it ends."""
        return self.edges[-1].node if self.edges else self.root

    def hold(self) -> None:
        """Virtual loss on every edge, until `release`."""
        for edge in self.edges:
            edge.virtual += 1

    def release(self) -> None:
        """Takes the virtual loss back."""
        for edge in self.edges:
            edge.virtual -= 1

    def back_up(self, value: float) -> None:
        """Counts one simulation with its value on every edge."""
        for edge in self.edges:
            edge.visits += 1
            edge.total += value


class Tree:
    """The nodes reached so far, and the finished statements by canonical SQL."""

    def __init__(self) -> None:
        self.root = Node(Partial())
        self.finished: dict[str, Node] = {}
        self._rollouts: list[Node] = []
        self._written: dict[tuple[int, ...], float] = {}

    def node(self, partial: Partial) -> Node:
        """The node of a statement; the likeliest spelling stands for those of one canonical SQL."""
        if not partial.finished:
            return Node(partial)
        self._written[partial.tokens] = partial.logprob
        key = canonical(partial.sql)
        known = self.finished.get(key)
        if known is None:
            known = self.finished[key] = Node(partial)
        elif known.evidence is None and known.partial.logprob < partial.logprob:
            known.partial = partial
        return known

    def add_rollout(self, partial: Partial) -> Node:
        """A whole statement written from the root: every node on its path will lead on to it."""
        node = self.node(partial)
        if node not in self._rollouts:
            self._rollouts.append(node)
        return node

    def expand(self, node: Node, children: Sequence[Partial], temperature: float) -> None:
        """Gives a node its edges, likeliest first.

        Rollouts that begin as this node does, and that none of the children leads to, are children
        too: whatever was once found stays within reach.
        """
        here = node.partial.tokens
        found = list(children)
        for rollout in self._rollouts:
            tokens = rollout.partial.tokens
            if _begins(tokens, here) and not any(_begins(tokens, c.tokens) for c in found):
                found.append(rollout.partial)
        edges: dict[int, Edge] = {}
        nodes = [self.node(child) for child in found]
        for child, prior in zip(nodes, priors(node.partial, found, temperature), strict=True):
            edge = edges.setdefault(id(child), Edge(child, 0.0))
            edge.prior += prior
            if not child.partial.finished:
                own = child.partial.tokens
                child.rollouts = [
                    r for r in self._rollouts if _begins(r.partial.tokens, own)
                ] or None
        node.edges = sorted(edges.values(), key=lambda edge: -edge.prior)

    def refresh(self, value: Callable[[Node], float]) -> None:
        """Brings up to date the values of all nodes, which are closed, and what is left of each."""
        _refresh(self.root, value, list(self._written.items()))

    def unaccounted(self, node: Node) -> float:
        """The log-probability of all statements beyond a node that were not written yet, at most.

        -inf where there are none.
        """
        left = _left(node, self._written.items())
        return node.partial.logprob + log(left) if left > 0 else -inf

    def select(self, exploration: float) -> Path:
        """The path that PUCT takes from the root to an open, finished or dead node."""
        node, taken = self.root, []
        while node.edges:
            edge = _best(node.edges, exploration)
            taken.append(edge)
            node = edge.node
        return Path(self.root, taken)


def _refresh(
    node: Node, value: Callable[[Node], float], written: Sequence[tuple[tuple[int, ...], float]]
) -> None:
    node.value = node.best = value(node)
    below = [one for one in written if _begins(one[0], node.partial.tokens)]
    node.left = _left(node, below)
    node.closed = not node.open or node.left <= 2 * ROUNDING
    if node.edges:
        for edge in node.edges:
            _refresh(edge.node, value, below)
        node.closed = all(edge.node.closed for edge in node.edges)
        node.best = max(edge.node.best for edge in node.edges)
    elif node.rollouts:
        node.best = max(value(rollout) for rollout in node.rollouts)


def _left(node: Node, written: Iterable[tuple[tuple[int, ...], float]]) -> float:
    """The share of a node's probability that the statements do not account for, rounded up."""
    if node.partial.finished:
        return 1.0 if node.open else 0.0
    if node.dead:
        return 0.0
    own, tokens = node.partial.logprob, node.partial.tokens
    if own == -inf:
        return 1.0
    share = sum(
        exp(min(0.0, logprob - own)) for other, logprob in written if _begins(other, tokens)
    )
    return min(1.0, max(0.0, 1.0 - share) + ROUNDING)


def _best(edges: Sequence[Edge], exploration: float) -> Edge:
    """The edge of the greatest Q + U, the first of equals."""
    factor = exploration * sqrt(1 + sum(edge.visits + edge.virtual for edge in edges))
    best, most = edges[0], float("-inf")
    for edge in edges:
        score = edge.node.best
        if not edge.node.closed:
            n = edge.visits + edge.virtual
            bonus = factor * edge.prior * edge.node.left / (1 + n)
            score = (score * edge.visits / n if n else score) + bonus
        if score > most:
            best, most = edge, score
    return best


def _begins(tokens: tuple[int, ...], prefix: tuple[int, ...]) -> bool:
    return tokens[: len(prefix)] == prefix
