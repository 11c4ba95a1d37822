"""Phase 2, first half: search on training questions, then learning what the search found.

Expert iteration (Anthony et al. 2017): for each question the likeliest right statement of the
search is taught as if it were the gold; where nothing right was found, the gold itself. The
validation role learns from all candidates. With `use_policy_solver=false` samples of the policy
take the search's place, as many as it would have made simulations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from t2s_bench.types import Example

from ..policy.search import search
from ..policy.settings import SearchSettings
from ..small_model.learner import SmallLearner
from ..task import Role
from .lessons import Lesson
from .loop import fit
from .rewards import Level, Reward
from .rolling import rolled
from .supervised import spread
from .teaching import taught
from .work import Work


@dataclass(frozen=True)
class Tried:
    """A question with the candidates for it: SQL, log-probability and reward."""

    example: Example
    sqls: tuple[str, ...]
    logprobs: tuple[float, ...]
    rewards: tuple[Reward, ...]

    @property
    def best(self) -> int | None:
        """The likeliest right candidate's place."""
        right = [n for n, reward in enumerate(self.rewards) if reward.level is Level.RIGHT]
        return max(right, key=lambda n: (self.logprobs[n], -n), default=None)


def expert_iteration(work: Work) -> None:
    """All rounds."""
    options = work.options
    for round_ in range(options.expert_rounds):

        def make(round_: int = round_) -> list[Lesson]:
            return found_lessons(work, round_)

        name = f"search{round_ + 1}"
        fit(work, taught(work, 2, name, options.expert_steps, options.later_learning_rate, make))


def found_lessons(work: Work, round_: int) -> list[Lesson]:
    """Lessons of the round's questions."""
    examples = spread(work.data.train, work.options.search_questions, skip=round_)
    tried = explored(work, examples)
    lessons: list[Lesson] = []
    for one in tried:
        lessons += _lessons(work, one)
    solved = sum(one.best is not None for one in tried)
    work.run.log(f"search round {round_ + 1}: right SQL for {solved} of {len(tried)} questions")
    return lessons


def explored(work: Work, examples: Sequence[Example]) -> list[Tried]:
    """Candidates of every question, and what they earn; one batch for the scorer."""
    work.learner.module.eval()
    found: list[tuple[Example, list[str], list[float]]] = []
    explore = _searched if work.options.use_policy_solver else _sampled
    for example, pairs in explore(work, examples):
        found.append((example, list(pairs), list(pairs.values())))
    rewards = iter(work.rewarder([(e, sql) for e, sqls, _ in found for sql in sqls]))
    return [
        Tried(example, tuple(sqls), tuple(logprobs), tuple(next(rewards) for _ in sqls))
        for example, sqls, logprobs in found
    ]


def _searched(
    work: Work, examples: Sequence[Example]
) -> Iterator[tuple[Example, dict[str, float]]]:
    """Statements that the search found for each question, with their log-probabilities."""
    options = work.options
    policy = work.learner.policy()
    settings = SearchSettings(
        simulations=options.mcts_simulations,
        exploration=options.mcts_exploration,
        temperature=options.policy_temperature,
    )
    for number, example in enumerate(examples):
        session = policy.open(work.task(example))
        result = search(session, work.prober, settings, work.seed + number)
        # What does not run within the search's small budget would take the scorer's whole one.
        yield example, {c.sql: c.logprob for c in result.candidates if c.evidence.runs}


def _sampled(work: Work, examples: Sequence[Example]) -> Iterator[tuple[Example, dict[str, float]]]:
    """As many samples as a search would have made simulations."""
    seeds = [work.seed + number for number in range(len(examples))]
    written = rolled(work, examples, Role.SQL, work.options.mcts_simulations, seeds)
    for example, rollouts in zip(examples, written, strict=True):
        yield example, {one.sql: sum(one.logprobs) for one in rollouts if one.sql}


def _lessons(work: Work, tried: Tried) -> list[Lesson]:
    example, task = tried.example, work.task(tried.example)
    assert example.database is not None
    best = tried.best
    taught_ = example if best is None else replace(example, golds=(tried.sqls[best],))
    lessons = [Lesson(Role.SQL, task, taught_)]
    if Role.SCHEMA in work.roles and not isinstance(work.learner, SmallLearner):
        lessons.append(Lesson(Role.SCHEMA, task, taught_))
    if Role.VALIDATION in work.roles and tried.sqls:
        likeliest = max(tried.logprobs)
        shown = work.prober.run(example.database, tried.sqls)
        lessons += [
            Lesson(
                Role.VALIDATION,
                task,
                example,
                evidence=evidence,
                right=reward.level is Level.RIGHT,
                logprob=logprob,
                best=likeliest,
            )
            for evidence, reward, logprob in zip(shown, tried.rewards, tried.logprobs, strict=True)
            if reward.known
        ]
    return lessons
