"""The codec asks a served model the same as a local one, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("torch")
pytest.importorskip("openai")

from systems.advanced.codec.chat import BROKEN, ChatPolicy  # noqa: E402
from systems.advanced.codec.codec import Partial  # noqa: E402
from systems.advanced.language_model.openai import ServerModel, ServerOptions  # noqa: E402
from systems.advanced.task import Evidence, Role, Task  # noqa: E402
from tests.systems.advanced.codec.conftest import PAIRS, WRONG, Learnt  # noqa: E402
from tests.systems.advanced.model_server import serving  # noqa: E402


@pytest.fixture(scope="module")
def served(learnt: Learnt) -> Iterator[ChatPolicy]:
    local = learnt.learner.policy()
    with serving(learnt.learner.model) as server:
        model = ServerModel(ServerOptions("tiny", server.url, retries=0))
        yield ChatPolicy(model, local.settings, {role: role.value for role in Role})
        model.close()


def test_a_served_model_writes_clause_by_clause(served: ChatPolicy, task: Task) -> None:
    session = served.open(task)
    partial = Partial()
    seen = []
    while not partial.finished:
        ((partial,),) = session.extend([partial], 1, temperature=0.0)
        seen.append(partial.sql)
    assert seen == [
        "",
        "SELECT name FROM singer",
        "SELECT name FROM singer WHERE country = 'France'",
    ]
    assert -0.5 < partial.logprob < 0
    ((whole,),) = session.extend([Partial()], 1, temperature=0.0, to_end=True)
    assert whole.sql == partial.sql
    assert session.cost.prompt_tokens > 100 and session.cost.completion_tokens > 0


def test_a_served_model_scores_judges_and_criticises_as_locally(
    served: ChatPolicy, learnt: Learnt, task: Task
) -> None:
    far, near = served.open(task), learnt.learner.policy().open(task)
    sqls = [PAIRS[1][1], WRONG]
    for one, other in zip(far.logprobs(sqls), near.logprobs(sqls), strict=True):
        assert one == pytest.approx(other, abs=0.05)
    right = next(one.evidence for one in learnt.lessons if one.task is task and one.evidence)
    wrong = Evidence(WRONG, ("ages",), 3, 1, shown=((30,), (40,)))
    broken = Evidence("SELECT nothing", None, error="no such column: nothing")
    logits = far.judge([right, wrong, broken])
    assert logits[0] > 0 > logits[1] > logits[2] == BROKEN
    found = far.critique(wrong)
    assert found is not None and found == near.critique(wrong)
    values = far.values([Partial(served.model.encode(sqls[0])), Partial()])
    assert all(0 <= value <= 1 for value in values)


def test_a_served_model_links_and_samples(served: ChatPolicy, task: Task) -> None:
    linking = served.link(task)
    assert linking.tables[0] > 0.9 > 0.1 > linking.tables[1]
    session = served.open(task)
    (first,) = session.extend([Partial()], 4, temperature=2.0, seed=1)
    (again,) = session.extend([Partial()], 4, temperature=2.0, seed=1)
    assert first == again and 1 <= len(first) <= 4
