"""A pretrained model answers clause by clause, and its sums are those of the whole text."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from systems.advanced.codec.chat import BROKEN, ChatPolicy, ChatSession  # noqa: E402
from systems.advanced.codec.clauses import FENCE  # noqa: E402
from systems.advanced.codec.codec import Constraint, Partial  # noqa: E402
from systems.advanced.task import Evidence, Role, Task  # noqa: E402
from tests.systems.advanced.codec.conftest import PAIRS, WRONG, Learnt  # noqa: E402


@pytest.fixture
def session(learnt: Learnt, task: Task) -> ChatSession:
    return opened(learnt.learner.policy(), task)


def opened(policy: ChatPolicy, task: Task) -> ChatSession:
    session = policy.open(task)
    assert isinstance(session, ChatSession)
    return session


def judged(sql: str, result: str, *shown: tuple[object, ...]) -> Evidence:
    return Evidence(sql, (result,), len(shown), 1, shown=shown)


def test_what_was_learnt_is_written_clause_by_clause(session: ChatSession) -> None:
    partial = Partial()
    seen = []
    while not partial.finished:
        ((partial,),) = session.extend([partial], 1, temperature=0.0)
        seen.append(partial.sql)
    assert seen == [
        "",  # SELECT name FROM
        "SELECT name FROM singer",
        "SELECT name FROM singer WHERE country = 'France'",
    ]
    ((whole,),) = session.extend([Partial()], 1, temperature=0.0, to_end=True)
    assert whole.tokens == partial.tokens and whole.finished
    assert whole.logprob == pytest.approx(partial.logprob, abs=1e-4)
    assert session.extend([whole], 2, temperature=0.0) == [[]]


def test_each_task_has_its_own_answer(learnt: Learnt) -> None:
    for task, (_, gold) in zip(learnt.tasks, PAIRS, strict=True):
        ((best,),) = opened(learnt.learner.policy(), task).extend(
            [Partial()], 1, temperature=0.0, to_end=True
        )
        assert best.sql == gold


def test_a_beam_is_distinct_and_ordered(session: ChatSession) -> None:
    (beam,) = session.extend([Partial()], 4, temperature=0.0, to_end=True)
    assert len(beam) > 1
    assert len({partial.tokens for partial in beam}) == len(beam)
    assert [one.logprob for one in beam] == sorted((one.logprob for one in beam), reverse=True)


def test_samples_are_distinct_and_repeat_with_their_seed(session: ChatSession) -> None:
    def drawn(seed: int) -> list[Partial]:
        (found,) = session.extend([Partial()], 12, temperature=3.0, seed=seed)
        return found

    first = drawn(1)
    assert 1 < len(first) <= 12 and len({one.tokens for one in first}) == len(first)
    assert drawn(1) == first
    assert drawn(2) != first


def test_logprobs_agree_with_what_was_written(learnt: Learnt, task: Task) -> None:
    policy = learnt.learner.policy()
    ((best,),) = opened(policy, task).extend([Partial()], 1, temperature=0.0, to_end=True)
    # Another session scores the text instead of remembering it.
    scores = opened(policy, task).logprobs([best.sql, WRONG, ""])
    assert best.tokens == policy.model.encode(f"{best.sql}\n{FENCE}")
    assert scores[0] == pytest.approx(best.logprob, abs=1e-4)
    assert scores[1] < scores[0]
    assert scores[2] == -math.inf


def test_fifty_steps_of_a_search_cost_fewer_tokens_than_separate_calls(
    session: ChatSession,
) -> None:
    tree = [Partial()]
    separate = 0
    prompt = session.cost.prompt_tokens
    for turn in range(50):
        node = tree[turn % len(tree)]
        (found,) = session.extend([node], 2, temperature=2.0, seed=turn)
        separate += sum(prompt + len(one.tokens) for one in found)
        tree += [one for one in found if not one.finished]
    assert session.cost.prompt_tokens == prompt  # read once
    assert len(tree) > 10
    assert prompt + session.cost.completion_tokens < 0.2 * separate


def test_the_judge_tells_right_from_wrong_and_broken(learnt: Learnt) -> None:
    for number, (task, (_, gold)) in enumerate(zip(learnt.tasks, PAIRS, strict=True)):
        right = next(
            one.evidence
            for one in learnt.lessons
            if one.task is task and one.evidence is not None and one.right
        )
        wrong = judged(WRONG, "ages", (30,), (40,))
        broken = Evidence("SELECT nothing", None, error="no such column: nothing")
        logits = opened(learnt.learner.policy(), task).judge(
            [right, replace(wrong, rows=3), broken]
        )
        assert right.sql == gold, number
        assert logits[0] > 0 > logits[1] > logits[2] == BROKEN


def test_the_critique_says_what_to_change(session: ChatSession) -> None:
    wrong = Evidence(WRONG, ("ages",), 3, 1, shown=((30,), (40,)))
    found = session.critique(wrong)
    assert found is not None
    assert {"singer.name", "singer.country", "'France'"} <= found.require
    assert found.forbid == {"singer.age"}
    assert "singer.name" in found.sentence


def test_values_are_chances_by_head_or_by_the_validation_role(learnt: Learnt, task: Task) -> None:
    policy = learnt.learner.policy()
    right, wrong = Partial(policy.model.encode(PAIRS[1][1])), Partial(policy.model.encode(WRONG))
    good, bad, empty = opened(policy, task).values([right, wrong, Partial()])
    assert good > bad and 0 < empty < 1
    without = replace(policy, heads=None)
    found = opened(without, task).values([right, wrong, Partial()])
    assert len(set(found)) == 3 and all(0 <= value <= 1 for value in found)


def test_a_constraint_is_told_in_the_prompt(learnt: Learnt, task: Task) -> None:
    policy = learnt.learner.policy()
    session = opened(policy, task)
    seen: list[str] = []
    read = policy.model.read

    def watched(prompts: Any, adapter: str = "") -> Any:
        seen.extend(prompt.messages[0][1] for prompt in prompts)
        return read(prompts, adapter)

    policy.model.read = watched
    try:
        constraint = Constraint(frozenset({"singer.age"}), frozenset({"'France'"}))
        session.extend([Partial()], 1, temperature=0.0, constraint=constraint)
        said = replace(constraint, sentence="only those over 35 count")
        session.extend([Partial()], 1, temperature=0.0, constraint=said)
    finally:
        policy.model.read = read
    assert "This is settled: the query uses singer.age; the query does not use 'France'" in seen[0]
    assert "This is settled: only those over 35 count" in seen[1]
    assert session.cost.prompt_tokens > opened(policy, task).cost.prompt_tokens


def test_the_schema_role_links_what_it_lists(learnt: Learnt, task: Task) -> None:
    linking = learnt.learner.policy().link(task)
    (singer, songs) = linking.tables
    used = dict(
        zip([c.name for c in task.schema.tables[0].columns], linking.columns[0], strict=True)
    )
    assert singer > 0.9 > 0.1 > songs
    assert used["name"] > 0.5 and used["country"] > 0.5
    assert used["age"] == used["id"] == 0.0


def test_a_statement_that_is_cut_off_ends(learnt: Learnt, task: Task) -> None:
    policy = learnt.learner.policy()
    short = replace(policy, settings=replace(policy.settings, max_sql_tokens=5))
    ((cut,),) = opened(short, task).extend([Partial()], 1, temperature=0.0, to_end=True)
    assert cut.finished and len(cut.tokens) == 5
    assert cut.sql and PAIRS[1][1].startswith(cut.sql)


def test_roles_speak_with_their_adapters(learnt: Learnt, task: Task) -> None:
    policy = learnt.learner.policy()
    base = replace(policy, adapters={})
    own = opened(policy, task).logprobs([PAIRS[1][1]])[0]
    assert own > opened(base, task).logprobs([PAIRS[1][1]])[0] + 1
    assert policy.adapters[Role.SQL] == "sql"
