"""Execution accuracy of the model of now on a slice, by the harness's own scorer.

The model answers alone: the likeliest statement, without search, team or clarifier. Only the main
process evaluates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from t2s_bench.types import Example

from ..codec.codec import Partial
from .curriculum import level
from .loop import mean_of
from .work import Work


@dataclass(frozen=True)
class Accuracy:
    """Shares between 0 and 1: of all, and by difficulty."""

    ex: float
    by_difficulty: dict[str, float]
    questions: int

    def figures(self) -> dict[str, float]:
        """As a line of metrics.jsonl has them."""
        return {"ex": self.ex, **{f"ex_{name}": ex for name, ex in self.by_difficulty.items()}}


def answers(work: Work, examples: Sequence[Example]) -> list[str]:
    """The likeliest statement for each; empty where there is none."""
    work.learner.module.eval()
    policy = work.learner.policy()
    found = []
    for example in examples:
        session = policy.open(work.task(example))
        (written,) = session.extend([Partial()], 1, temperature=0.0, to_end=True)
        found.append(written[0].sql if written else "")
    return found


def evaluate(work: Work, phase: int, step: int) -> Accuracy:
    """Scores the development slice and records it."""
    examples = work.data.development
    accuracy = Accuracy(0.0, {}, 0)
    if work.run.main:
        sqls = answers(work, examples)
        right = [0.0] * len(examples)
        items = [(e, e.database, sql) for e, sql in zip(examples, sqls, strict=True)]
        metric = work.options.reward_metric
        for number, judgement in work.scorer.judge_all(items):  # type: ignore[arg-type]
            right[number] = float(judgement.score.metrics[metric] or 0.0)
        groups = defaultdict(list)
        for example, value in zip(examples, right, strict=True):
            groups[level(example)].append(value)
        accuracy = Accuracy(
            mean_of(right), {name: mean_of(group) for name, group in groups.items()}, len(examples)
        )
        work.run.record(phase, step, "eval", accuracy.figures())
        work.report(accuracy.figures(), step)
        work.run.log(f"phase {phase}: EX {100 * accuracy.ex:.1f} of {len(examples)} questions")
    work.optimiser.accelerator.wait_for_everyone()
    return accuracy
