"""Search over partial SQL: Monte-Carlo tree search with a policy's priors and a value, in batches.

A state is a statement up to a clause boundary with what executing its beginning showed; an action
is one of the k likeliest next clauses. The tree grows as in AlphaZero (`tree.py`): each simulation
goes to a leaf by PUCT and backs up the leaf's value (`value.py`), with no rollout from there.
Alpha-SQL (Li et al. 2025, "Alpha-SQL: Zero-shot text-to-SQL using Monte Carlo tree search")
searches over prompted actions with UCT and rewards self-consistency; here the policy's own
probabilities guide, and self-consistency is one part of the value.

The first simulations are rollouts from the root: the greedy statement, then k samples at the
policy's temperature. So there is an answer from the first call on, and whatever the policy would
have said on its own is within the tree's reach.

Several leaves wait together (virtual loss keeps them apart): one call of the model expands them
all, one of its value head values all their children, one of the database executes them all. A leaf
with a single continuation is passed in the same simulation. The search ends early when what is left
of it cannot change the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from t2s_bench.errors import BadInput

from ..agents.candidate import Candidate
from ..codec.codec import Constraint, Partial, Session
from ..evidence import Prober
from ..task import Evidence
from .actions import propose
from .clusters import Cluster, cluster
from .cost import Meter, Spent
from .trace import tree_trace
from .tree import Node, Path, Tree
from .value import Agreement, Weights, execution_score

# A result worth so much less than the best one found is not chosen, however often it was visited:
# visits lag behind where the best is found late.
MARGIN = 0.2


@dataclass(frozen=True)
class SearchSettings:
    """How far a search goes and how it weighs.

    `simulations` bounds the work, `exploration` is PUCT's c, `temperature` flattens (above 1) or
    sharpens the policy's priors and draws the rollouts, `children` is k, `leaves` is how many wait
    for one call of the model.
    """

    simulations: int = 50
    exploration: float = 1.414
    temperature: float = 0.8
    children: int = 4
    leaves: int = 8
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        if min(self.simulations, self.children, self.leaves) < 1:
            raise BadInput(
                f"a search with {self.simulations} simulations, {self.children} children and "
                f"{self.leaves} leaves: give at least 1 of each"
            )
        if self.exploration < 0 or self.temperature <= 0:
            raise BadInput(
                f"a search with exploration {self.exploration} and temperature "
                f"{self.temperature}: give exploration of 0 or more and a temperature above 0"
            )


@dataclass(frozen=True)
class Found(Candidate):
    """A candidate of a search, with its value at the end; `visits` are simulations ending in it."""

    value: float = 0.0


@dataclass(frozen=True)
class SearchResult:
    """What a search came to: the answer (None where the policy finished no statement) and the rest.

    `candidates` starts with the answer; then its result's other statements, then the results by
    visits. `greedy` is the policy's greedy statement, which is among them. `trace` is JSON.
    """

    answer: Found | None
    candidates: tuple[Found, ...]
    greedy: Found | None
    simulations: int
    stopped_early: bool
    spent: Spent
    trace: Mapping[str, object]


def greedy(session: Session | Meter, constraint: Constraint | None = None) -> Partial | None:
    """The statement of the likeliest tokens one by one, or None where it comes to no end."""
    written = session.extend([Partial()], 1, temperature=0.0, to_end=True, constraint=constraint)[0]
    return written[0] if written and written[0].finished else None


def search(
    session: Session,
    prober: Prober,
    settings: SearchSettings | None = None,
    seed: int = 0,
    constraint: Constraint | None = None,
) -> SearchResult:
    """Searches for the answer of an opened task.

    The answer is of the most visited result, among those worth about as much as the best one found
    (`MARGIN`), and is its likeliest statement that by the search's own value is worth no less than
    the greedy one. The same arguments give the same result on every machine that runs the model the
    same way; time plays no part.
    """
    return _Search(session, prober, settings or SearchSettings(), seed, constraint).run()


class _Search:
    def __init__(
        self,
        session: Session,
        prober: Prober,
        settings: SearchSettings,
        seed: int,
        constraint: Constraint | None,
    ) -> None:
        self._meter = Meter(session)
        self._task = session.task
        self._prober = prober
        self._settings = settings
        self._seed = seed
        self._constraint = constraint
        self._tree = Tree()
        self._agreement = Agreement()
        self._candidates: list[Node] = []
        self._greedy: Node | None = None
        self._done = 0

    def run(self) -> SearchResult:
        budget = self._settings.simulations
        self._roll_out()
        if self._done < budget:
            self._expand([Path(self._tree.root, [])])
            while self._done < budget and self._tree.root.edges and not self._decided():
                self._simulate()
        return self._result()

    def _roll_out(self) -> None:
        """The greedy statement and samples beside it, each of them one simulation."""
        first = greedy(self._meter, self._constraint)
        if first is not None:
            self._greedy = self._tree.add_rollout(first)
            self._count([self._greedy])
        room = min(self._settings.children, self._settings.simulations - max(self._done, 1))
        if room < 1:
            return
        drawn = self._meter.extend(
            [Partial()],
            room,
            temperature=self._settings.temperature,
            seed=self._seed,
            to_end=True,
            constraint=self._constraint,
        )[0]
        self._count([self._tree.add_rollout(partial) for partial in drawn if partial.finished])

    def _count(self, rollouts: list[Node]) -> None:
        """Simulations from the root straight to rollouts, which may not hang in the tree yet."""
        self._ask_head(rollouts)
        self._execute(rollouts)
        for node in rollouts:
            node.seen += 1
            self._done += 1

    def _simulate(self) -> None:
        """A batch of simulations: those that end in known nodes at once, the others together.

        A path to a leaf that waits already is no simulation; its virtual loss leads elsewhere.
        """
        settings = self._settings
        self._tree.refresh(self._value)
        waiting: list[Path] = []
        met: list[Path] = []
        again = 0
        while (
            len(waiting) < settings.leaves
            and again + len(met) < settings.leaves
            and self._done + len(waiting) < settings.simulations
        ):
            path = self._tree.select(settings.exploration)
            leaf = path.leaf
            if leaf.pending:
                path.hold()
                met.append(path)
            elif leaf.open:
                leaf.pending = True
                path.hold()
                waiting.append(path)
            else:
                path.back_up(leaf.value)
                self._done += 1
                again += 1
        for path in met:
            path.release()
        ends = self._expand(waiting)
        self._execute([end.leaf for end in ends])
        for path, end in zip(waiting, ends, strict=True):
            path.leaf.pending = False
            path.release()
            end.back_up(self._value(end.leaf))
            self._done += 1

    def _expand(self, paths: list[Path]) -> list[Path]:
        """Expands unfinished leaves in one call; a path goes on where there is one way only.

        The value head sees all new nodes in one call.
        """
        growing = [path for path in paths if not path.leaf.partial.finished]
        if not growing:
            return paths
        partials = [path.leaf.partial for path in growing]
        found = propose(self._meter, partials, self._settings.children, self._constraint)
        for path, children in zip(growing, found, strict=True):
            self._tree.expand(path.leaf, children, self._settings.temperature)
        self._ask_head([edge.node for path in growing for edge in path.leaf.edges or ()])
        ends = []
        for path in paths:
            edges = path.leaf.edges
            way = [*path.edges, *edges] if edges and len(edges) == 1 else path.edges
            ends.append(Path(path.root, way))
        return ends

    def _ask_head(self, nodes: list[Node]) -> None:
        new = [node for node in dict.fromkeys(nodes) if node.head is None]
        if new:
            heads = self._meter.values([node.partial for node in new])
            for node, head in zip(new, heads, strict=True):
                node.head = head
                node.fixed = self._settings.weights.fixed(head, None)

    def _execute(self, nodes: list[Node]) -> None:
        """Executes what was not executed yet, in one call."""
        new = [node for node in dict.fromkeys(nodes) if node.evidence is None]
        shown = self._prober.run(self._task.database, [node.partial.sql for node in new])
        self._meter.executed(sum(bool(node.partial.sql) for node in new))
        for node, evidence in zip(new, shown, strict=True):
            node.evidence = evidence
            score = execution_score(self._task, evidence, node.partial.finished)
            node.fixed = self._settings.weights.fixed(node.head or 0.0, score)
            if node.partial.finished:
                self._candidates.append(node)
                self._agreement.add(evidence, node.partial.logprob)

    def _value(self, node: Node) -> float:
        """A node's value as things stand; 0 for what cannot be finished or does not run."""
        if not node.partial.finished or node.evidence is None:
            share = self._agreement.possible_share(node.partial.logprob)
        elif node.evidence.runs:
            share = self._agreement.share(node.evidence)
        else:
            return 0.0
        return 0.0 if node.dead else node.fixed + self._settings.weights.agreement * share

    def _decided(self) -> bool:
        """Whether no course of the remaining simulations changes the answer.

        Each of them adds one visit to one result. The leading result must stay ahead, no open node
        may lead to a likelier statement that could stand for it, and its worth must suffice at
        worst: where all probability that open nodes can still bring goes to one of its rivals.
        """
        left = self._settings.simulations - self._done
        found = self._found()
        clusters = cluster(found)
        if not clusters or not clusters[0].runs:
            return False
        leader, *others = clusters
        second = max((one.visits for one in others if one.runs), default=0)
        if leader.visits <= second + left:
            return False
        chosen = self._representative(leader, found)
        waiting = list(self._open_nodes())
        if chosen is None or any(n.partial.logprob >= found[chosen].logprob for n in waiting):
            return False
        more = sum(self._agreement.odds(node.partial.logprob) for node in waiting)
        return self._surely_best(leader, others, more, bool(waiting)) and self._surely_stands(
            leader, chosen, more
        )

    def _surely_best(
        self, leader: Cluster, others: list[Cluster], more: float, waiting: bool
    ) -> bool:
        """Whether the leading result stays within `MARGIN` of the best one."""
        weights, nodes = self._settings.weights, self._candidates
        rivals = [nodes[one.places[0]].evidence for one in others if one.runs]
        shares = [self._share(evidence, more) for evidence in rivals]
        most = [
            max(nodes[place].fixed for place in one.places) + weights.agreement * share
            for one, share in zip((one for one in others if one.runs), shares, strict=True)
        ]
        if waiting:
            share = max(shares, default=self._share(None, more))
            most.append(weights.fixed(1.0, 1.0) + weights.agreement * share)
        own = self._agreement.of(nodes[leader.places[0]].evidence)
        least = max(nodes[place].fixed for place in leader.places)
        least += weights.agreement * own / (self._agreement.total + more)
        return least >= max(most, default=0.0) - MARGIN

    def _surely_stands(self, leader: Cluster, chosen: int, more: float) -> bool:
        """Whether the leader's statement keeps the greedy statement's value at least."""
        rival, node = self._greedy, self._candidates[chosen]
        if rival is None or rival.evidence is None or not rival.evidence.runs:
            return True
        if any(self._candidates[place] is rival for place in leader.places):
            return True
        if chosen != leader.places[0]:
            return False
        own = self._agreement.of(node.evidence) / (self._agreement.total + more)
        lead = self._settings.weights.agreement * (own - self._share(rival.evidence, more))
        return node.fixed + lead >= rival.fixed

    def _share(self, evidence: Evidence | None, more: float) -> float:
        """The share of a result if all that may still come goes to it."""
        return (self._agreement.of(evidence) + more) / (self._agreement.total + more)

    def _open_nodes(self) -> Iterator[Node]:
        """Nodes within the tree that are not expanded, or finished and not evaluated."""
        stack = [self._tree.root]
        while stack:
            node = stack.pop()
            if node.open:
                yield node
            stack.extend(edge.node for edge in node.edges or ())

    def _found(self) -> list[Found]:
        return [
            Found(node.partial, node.evidence or Evidence("", None), node.seen, self._value(node))
            for node in self._candidates
        ]

    def _representative(self, one: Cluster, found: list[Found]) -> int | None:
        """The likeliest candidate of a result that is worth no less than the greedy statement."""
        floor = self._value(self._greedy) if self._greedy is not None else 0.0
        return next((place for place in one.places if found[place].value >= floor), None)

    def _result(self) -> SearchResult:
        found = self._found()
        clusters = cluster(found)
        best = max((one.value for one in found), default=0.0)
        order: list[int] = []
        for one in clusters:
            chosen = self._representative(one, found)
            near = max(found[place].value for place in one.places) >= best - MARGIN
            if chosen is not None and near:
                order = [chosen, *(place for place in one.places if place != chosen)]
                break
        order += [p for one in clusters for p in one.places if p not in order]
        candidates = tuple(found[place] for place in order)
        place_of = {id(self._candidates[place]): number for number, place in enumerate(order)}
        return SearchResult(
            candidates[0] if candidates else None,
            candidates,
            candidates[place_of[id(self._greedy)]] if self._greedy is not None else None,
            self._done,
            self._done < self._settings.simulations,
            self._meter.spent,
            tree_trace(self._tree, place_of, self._done),
        )
