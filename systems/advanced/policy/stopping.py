"""When a search may stop: no course of its remaining simulations changes the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..agents.candidate import Group
from ..task import Evidence
from .tree import Node
from .value import Agreement, Weights

# A result worth so much less than the best one found is not chosen, however often it was visited:
# visits lag behind where the best is found late.
MARGIN = 0.2


@dataclass(frozen=True)
class Standing:
    """Where a search stands: its candidates, their results (best first), and what may still come.

    `chosen` is the place of the statement that would answer now, `waiting` holds for each node that
    is still open the log-probability of all that may be found there, `simulations` are left.
    """

    candidates: Sequence[Node]
    groups: Sequence[Group]
    chosen: int | None
    greedy: Node | None
    waiting: Sequence[float]
    simulations: int
    agreement: Agreement
    weights: Weights

    def decided(self) -> bool:
        """Whether the answer stays what it is.

        Each simulation adds one visit to one result. The leading result must stay ahead, no open
        node may lead to a likelier statement that could stand for it, and its worth must suffice at
        worst: where all probability that may still come goes to one of its rivals.
        """
        if self.chosen is None or not self.groups[0].runs:
            return False
        visits = [self._visits(group) for group in self.groups if group.runs]
        # Votes are visits and a share of probability, which is worth one visit at most.
        if visits[0] <= max(visits[1:], default=0) + self.simulations + bool(visits[1:]):
            return False
        least = self.candidates[self.chosen].partial.logprob
        if any(logprob >= least for logprob in self.waiting):
            return False
        more = sum(self.agreement.odds(logprob) for logprob in self.waiting)
        return self._surely_best(more) and self._surely_stands(self.chosen, more)

    def _visits(self, group: Group) -> int:
        return sum(self.candidates[place].seen for place in group.places)

    def _surely_best(self, more: float) -> bool:
        """Whether the leading result stays within `MARGIN` of the best one."""
        weights, nodes = self.weights, self.candidates
        leader, *others = (group for group in self.groups if group.runs)
        shares = [self._share(nodes[one.first].evidence, more) for one in others]
        most = [
            max(nodes[place].fixed for place in one.places) + weights.agreement * share
            for one, share in zip(others, shares, strict=True)
        ]
        if self.waiting:
            share = max(shares, default=self._share(None, more))
            most.append(weights.fixed(1.0, 1.0) + weights.agreement * share)
        own = self.agreement.of(nodes[leader.first].evidence)
        least = max(nodes[place].fixed for place in leader.places)
        least += weights.agreement * own / (self.agreement.total + more)
        return least >= max(most, default=0.0) - MARGIN

    def _surely_stands(self, chosen: int, more: float) -> bool:
        """Whether the leader's statement keeps the greedy statement's value at least."""
        rival, node = self.greedy, self.candidates[chosen]
        if rival is None or rival.evidence is None or not rival.evidence.runs:
            return True
        leader = self.groups[0]
        if any(self.candidates[place] is rival for place in leader.places):
            return True
        if chosen != leader.first:
            return False
        own = self.agreement.of(node.evidence) / (self.agreement.total + more)
        lead = self.weights.agreement * (own - self._share(rival.evidence, more))
        return node.fixed + lead >= rival.fixed

    def _share(self, evidence: Evidence | None, more: float) -> float:
        """The share of a result if all that may still come goes to it."""
        return (self.agreement.of(evidence) + more) / (self.agreement.total + more)
