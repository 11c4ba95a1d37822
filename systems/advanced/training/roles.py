"""What each role writes in reinforcement, and what it earns: its own reward and the team's.

- SQL: its statement's reward; the team executes that statement, so both are one.
- SCHEMA: the F1 of the tables and columns it lists against the gold's, and, as the team's reward,
  what the SQL role earns with the greedy statement that it writes on that list.
- VALIDATION: see `verdicts.py`.

The small model's schema role is a head without a text of its own, so only SQL is written there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from t2s_bench.databases.schema import Schema
from t2s_bench.types import Example

from ..codec.chat_answers import blended, named_items
from ..codec.codec import Partial
from ..reading import names, resolved
from ..task import Role, Task
from .lessons import Rollout
from .options import TrainingOptions
from .rewards import Reward
from .rolling import rolled
from .work import Work


@dataclass(frozen=True)
class Group:
    """One role's answers to one question with what they earn; `known` are the SQL rewards."""

    example: Example
    rollouts: tuple[Rollout, ...]
    rewards: tuple[float, ...]
    known: tuple[Reward, ...]


def written_roles(options: TrainingOptions) -> tuple[Role, ...]:
    """The roles whose answers are rolled out."""
    if options.use_multi_agent_rl and options.model_name != "small":
        return (Role.SCHEMA, Role.SQL)
    return (Role.SQL,)


def role_rewards(work: Work, examples: Sequence[Example], step: int) -> dict[Role, list[Group]]:
    """Groups of rollouts by role; a question whose gold is broken has none."""
    return {
        role: (_schema_groups if role is Role.SCHEMA else _sql_groups)(
            work, examples, _rollouts(work, examples, role, step)
        )
        for role in written_roles(work.options)
    }


def schema_f1(listed: str, task: Task, gold: str) -> float:
    """How well the names in a role's text (a list, or SQL) agree with those of the gold.

    Tables and columns count alike; 1 where the gold uses none and none is listed.
    """
    wanted, said = used(gold, task), mentioned(listed, task.schema)
    if not wanted and not said:
        return 1.0
    return 2 * len(wanted & said) / (len(wanted) + len(said))


def used(sql: str, task: Task) -> frozenset[str]:
    """Tables and columns ('table', 'table.column') that SQL uses, as the schema spells them."""
    tree = resolved(sql, task.schema, task.question.dialect)
    if tree is None:
        return frozenset()
    known = _items(task.schema)
    return frozenset(name for name in names(tree, task.schema) if name in known)


def mentioned(text: str, schema: Schema) -> frozenset[str]:
    """The tables and columns that a list names, a line each."""
    return frozenset(named_items(text, schema))


def _items(schema: Schema) -> frozenset[str]:
    tables = {table.name for table in schema.tables}
    return frozenset(tables | {f"{t.name}.{c.name}" for t in schema.tables for c in t.columns})


def _rollouts(
    work: Work, examples: Sequence[Example], role: Role, step: int
) -> list[list[Rollout]]:
    seed = ((work.seed * 100_003 + step) * 1009 + work.optimiser.place) * 1009
    seeds = [(seed + number) % 2**31 for number in range(len(examples))]
    return rolled(work, examples, role, work.options.grpo_rollouts, seeds)


def _sql_groups(
    work: Work, examples: Sequence[Example], written: Sequence[list[Rollout]]
) -> list[Group]:
    asked = [(e, one.sql) for e, group in zip(examples, written, strict=True) for one in group]
    rewards = iter(work.rewarder(asked))
    groups = []
    for example, group in zip(examples, written, strict=True):
        earned = tuple(next(rewards) for _ in group)
        if all(reward.known for reward in earned):
            values = tuple(reward.value for reward in earned)
            groups.append(Group(example, tuple(group), values, earned))
    return groups


def _schema_groups(
    work: Work, examples: Sequence[Example], written: Sequence[list[Rollout]]
) -> list[Group]:
    """Each distinct list is written on once."""
    policy = work.learner.policy()
    sqls: dict[tuple[str, frozenset[str]], str] = {}
    keys = []
    for example, group in zip(examples, written, strict=True):
        task = work.task(example)
        for one in group:
            key = (example.id, mentioned(one.sql, task.schema))
            keys.append((example, key))
            if key not in sqls:
                linking = blended(dict.fromkeys(key[1], 1.0), None, task.schema)
                session = policy.open(task, linking)
                (found,) = session.extend([Partial()], 1, temperature=0.0, to_end=True)
                sqls[key] = found[0].sql if found else ""
    earned = iter(work.rewarder([(example, sqls[key]) for example, key in keys]))
    weight = work.options.team_weight
    groups = []
    for example, group in zip(examples, written, strict=True):
        task = work.task(example)
        teams = tuple(next(earned) for _ in group)
        own = [schema_f1(one.sql, task, example.golds[0]) for one in group]
        if all(team.known for team in teams):
            rewards = team_rewards(own, [team.value for team in teams], weight)
            groups.append(Group(example, tuple(group), tuple(rewards), teams))
    return groups


def team_rewards(role: Sequence[float], team: Sequence[float], weight: float) -> list[float]:
    """Each rollout's own reward and its team's, put together by weight.

    >>> team_rewards([1.0, 0.0], [0.0, 0.0], 0.25)
    [0.75, 0.0]
    """
    return [(1 - weight) * own + weight * all_ for own, all_ in zip(role, team, strict=True)]
