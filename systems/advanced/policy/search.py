"""Search over partial SQL: Monte-Carlo tree search with a policy's priors and a value, in batches.

A state is a statement up to a clause boundary with what executing its beginning showed; an action
is one of the k likeliest next clauses. The first simulations are the root's rollouts: the greedy
statement and a wide beam to the end (where a policy has no beam, samples in its place). So there is
an answer from the first call on, and the candidates are never fewer than those of a beam. Each
further simulation goes to a leaf by PUCT (`tree.py`), writes its likeliest statements to their ends
and backs up their value (`value.py`); a leaf that was written from before is expanded by a clause
first, and is written from at its likeliest new child. A leaf is worth going to for the probability
under it that no statement found so far accounts for, so every call brings new statements.

Alpha-SQL (Li et al. 2025, "Alpha-SQL: Zero-shot text-to-SQL using Monte Carlo tree search")
searches over prompted actions with UCT and rewards self-consistency; here the policy's own
probabilities guide, and self-consistency is one part of the value.

Several leaves wait together (virtual loss keeps them apart): one call of the model expands them,
one of its value head values their children, one writes from them, one of the database executes all
that is new.
The search ends early when what is left of it cannot change the answer, or is hardly worth it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..agents.candidate import Candidate, Group, grouped
from ..codec.codec import Constraint, Partial, Session
from ..evidence import Prober
from ..task import Evidence
from .actions import propose
from .cost import Meter, Spent
from .settings import SearchSettings
from .stopping import MARGIN, Standing
from .trace import tree_trace
from .tree import Node, Path, Tree
from .value import Agreement, execution_score


@dataclass(frozen=True)
class Found(Candidate):
    """A candidate of a search, with its value at the end.

    `visits` are the simulations that came back to it when it was known: writing it is none, so that
    what is found for its own sake, by beam or exploration, has no vote but its probability.
    """

    value: float = 0.0


@dataclass(frozen=True)
class SearchResult:
    """What a search came to: the answer (None where the policy finished no statement) and the rest.

    `candidates` starts with the answer; then its result's other statements, then the results by
    votes. `greedy` is the policy's greedy statement, which is among them. `trace` is JSON.
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

    The answer is of the most voted result (see `agents/candidate.py`), among those worth about as
    much as the best one found (`MARGIN`), and is its likeliest statement that by the search's own
    value is worth no less than the greedy one. The same arguments give the same result on every
    machine that runs the model the same way; time plays no part.
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
        self._begin()
        left = self._agreement.odds(self._tree.unaccounted(self._tree.root))
        if self._done < budget and self._candidates and self._is_worth(left):
            self._expand([Path(self._tree.root, [])])
            found = left
            while (
                self._done < budget
                and self._tree.root.edges
                and self._is_worth(found)
                and not self._decided()
            ):
                known = len(self._candidates)
                self._simulate()
                new = self._candidates[known:]
                found = sum(self._agreement.odds(node.partial.logprob) for node in new)
        return self._result()

    def _is_worth(self, found: float) -> bool:
        """Whether so much relative probability could matter beside the likeliest result's."""
        return found >= self._settings.worth * self._agreement.most

    def _begin(self) -> None:
        """The greedy statement and the root's beam, each statement one simulation.

        Samples take the place of what a beam does not give: servers have none.
        """
        budget = self._settings.simulations
        (written,) = self._write([Partial()], min(self._settings.beam, budget - 1))
        self._greedy = next((node for node in written if node.partial.greedy), None)
        if self._greedy is None:  # not in the beam, or it is not known which one it is
            alone = greedy(self._meter, self._constraint)
            self._greedy = self._tree.add_rollout(alone) if alone is not None else None
        if self._greedy is not None:
            self._count([self._greedy])
        rollouts = [one for one in written if one is not self._greedy]
        if budget > 1:
            self._tree.root.rollouts = rollouts
            self._count(rollouts)

    def _write(self, partials: list[Partial], n: int) -> list[list[Node]]:
        """Up to n statements from each beginning: the likeliest, and samples where they are few."""
        if n < 1:
            return [[] for _ in partials]
        written = self._extend(partials, n, 0.0)
        few = [place for place, found in enumerate(written) if len(found) < min(n, 2)]
        if few and n > 1:
            drawn = self._extend([partials[place] for place in few], n, self._settings.temperature)
            for place, more in zip(few, drawn, strict=True):
                written[place] = [*written[place], *more][:n]
        nodes = [[self._tree.add_rollout(p) for p in found if p.finished] for found in written]
        return [list(dict.fromkeys(found)) for found in nodes]

    def _extend(self, partials: list[Partial], n: int, temperature: float) -> list[list[Partial]]:
        return self._meter.extend(
            partials,
            n,
            temperature=temperature,
            seed=self._seed,
            to_end=True,
            constraint=self._constraint,
        )

    def _count(self, rollouts: list[Node]) -> None:
        """Simulations from the root straight to rollouts, which may not hang in the tree yet."""
        self._ask_head(rollouts)
        self._execute(rollouts)
        self._done += len(rollouts)

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
            and self._done + settings.rollouts * len(waiting) < settings.simulations
        ):
            path = self._tree.select(settings.exploration)
            leaf = path.leaf
            if leaf.pending:
                path.hold()
                met.append(path)
            elif leaf.open and not leaf.closed:
                leaf.pending = True
                path.hold()
                waiting.append(path)
            else:
                self._return(path, leaf)
                again += 1
        for path in met:
            path.release()
        self._evaluate(waiting)

    def _evaluate(self, waiting: list[Path]) -> None:
        """Writes from the leaves, those that lead to known statements expanded first; backs up."""
        grown = [path for path in waiting if path.leaf.rollouts is not None]
        self._expand(grown)
        ends = [self._goes_on(path) for path in waiting]
        writing = [end.leaf for end in ends if end.leaf.unwritten]
        room = self._settings.simulations - self._done - (len(ends) - len(writing))
        n = min(self._settings.rollouts, room // max(1, len(writing)))
        written = self._write([leaf.partial for leaf in writing], n) if writing else []
        for leaf, rollouts in zip(writing, written, strict=True):
            leaf.rollouts = rollouts
        rolled = [node for rollouts in written for node in rollouts]
        self._ask_head(rolled)
        self._execute([*(end.leaf for end in ends), *rolled])
        for path, end in zip(waiting, ends, strict=True):
            path.leaf.pending = False
            path.release()
            leaf = end.leaf
            new = leaf.rollouts if leaf in writing else [leaf] if leaf.partial.finished else None
            for node in new or ():
                end.back_up(self._value(node))
                self._done += 1
            if not new:
                self._return(end, leaf)

    def _return(self, path: Path, leaf: Node) -> None:
        """A simulation that brings nothing new is a visit to the best statement known there."""
        best = self._best_known(leaf)
        path.back_up(self._value(best))
        best.seen += 1
        self._done += 1

    def _best_known(self, leaf: Node) -> Node:
        """The best statement beyond a leaf; itself where none is known."""
        return max(leaf.rollouts or [leaf], key=self._value)

    def _expand(self, paths: list[Path]) -> None:
        """Expands leaves by a clause, in one call; the value head sees all children in one."""
        if paths:
            partials = [path.leaf.partial for path in paths]
            found = propose(self._meter, partials, self._settings.children, self._constraint)
            for path, children in zip(paths, found, strict=True):
                self._tree.expand(path.leaf, children, self._settings.temperature)
            self._ask_head([edge.node for path in paths for edge in path.leaf.edges or ()])

    def _goes_on(self, path: Path) -> Path:
        """The path to the best child of an expanded leaf that leads to nothing known."""
        new = [edge for edge in path.leaf.edges or () if edge.node.unwritten]
        if not new:
            return path
        weight = self._settings.exploration
        best = max(new, key=lambda edge: self._value(edge.node) + weight * edge.prior)
        return Path(path.root, [*path.edges, best])

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
        """Whether no course of the remaining simulations changes the answer."""
        found = self._found()
        groups = _results(found)
        return Standing(
            self._candidates,
            groups,
            self._representative(groups[0], found) if groups else None,
            self._greedy,
            [self._tree.unaccounted(node) for node in self._open_nodes()],
            self._settings.simulations - self._done,
            self._agreement,
            self._settings.weights,
        ).decided()

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
            Found(
                node.partial,
                node.evidence or Evidence("", None),
                node.seen,
                value=self._value(node),
            )
            for node in self._candidates
        ]

    def _representative(self, one: Group, found: list[Found]) -> int | None:
        """The likeliest candidate of a result that is worth no less than the greedy statement."""
        floor = self._value(self._greedy) if self._greedy is not None else 0.0
        return next((place for place in one.places if found[place].value >= floor), None)

    def _result(self) -> SearchResult:
        found = self._found()
        groups = _results(found)
        best = max((one.value for one in found), default=0.0)
        order: list[int] = []
        for one in groups:
            chosen = self._representative(one, found)
            near = max(found[place].value for place in one.places) >= best - MARGIN
            if chosen is not None and near:
                order = [chosen, *(place for place in one.places if place != chosen)]
                break
        order += [p for one in groups for p in one.places if p not in order]
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


def _results(found: Sequence[Found]) -> list[Group]:
    """The results by votes, each with its likeliest statement first."""
    return [
        replace(
            group,
            places=tuple(sorted(group.places, key=lambda place: (-found[place].logprob, place))),
        )
        for group in grouped(found)
    ]
