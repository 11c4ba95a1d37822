from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import pytest
from systems.advanced.training.executors import executors, reward_pool
from systems.advanced.training.options import TrainingOptions
from systems.advanced.training.rewards import Level, Rewarder
from tests.systems.advanced.training.tiny import STATEMENTS, make_towns

import t2s_bench
from t2s_bench.errors import MissingExtra
from t2s_bench.ray_scoring import RayScorer
from t2s_bench.types import Example

METRICS = Rewarder.metrics("ex_spider")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Example, str]]:
    """Right, wrong, failing and refused statements; more than one call of an actor holds."""
    towns = make_towns(tmp_path_factory.mktemp("data") / "towns")
    examples = t2s_bench.load(towns).examples[:6]
    return [(example, sql) for example in examples for sql in STATEMENTS]


def test_a_statement_may_take_so_many_steps_wherever_it_is_executed(
    asked: list[tuple[Example, str]],
) -> None:
    example = asked[0][0]
    assert example.database is not None
    count = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 9999) "
    heavy = f"{count} SELECT count(*) FROM c"
    for steps, runs in ((10_000, False), (10_000_000, True)):
        with executors(TrainingOptions(execution_steps=steps), 1) as opened:
            (reward,) = opened.rewarder([(example, heavy)])
            assert (reward.level > Level.FAILS) is runs
            assert opened.prober.run(example.database, [heavy])[0].runs is runs
            assert opened.scorer.budget.steps == steps


def test_the_local_pool_is_the_trainers_own_scorer() -> None:
    with (
        t2s_bench.Scorer(METRICS) as scorer,
        reward_pool(TrainingOptions(), scorer, 2) as judge,
    ):
        assert judge is scorer


def test_a_pool_on_ray_without_ray_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    options = TrainingOptions(reward_pool="ray")
    with (
        t2s_bench.Scorer(METRICS) as scorer,
        pytest.raises(MissingExtra, match=r"pip install 't2s-bench\[ray\]'"),
    ):
        reward_pool(options, scorer, 2)


def same_rewards(asked: Sequence[tuple[Example, str]], actors: int) -> None:
    """Rewards are equal wherever they are executed."""
    with (
        t2s_bench.Scorer(METRICS) as scorer,
        reward_pool(TrainingOptions(reward_pool="ray"), scorer, actors) as judge,
    ):
        assert isinstance(judge, RayScorer)
        far, near = Rewarder(judge), Rewarder(scorer)
        assert far(asked) == near(asked)
        assert len({reward.value for reward in near(asked)}) > 3


class Slow(ModuleType):
    """As much of Ray as the pool uses, in this process; the last call sent is the first done."""

    def __init__(self) -> None:
        super().__init__("ray")
        self.actors: list[Any] = []
        self.killed: list[Any] = []

    def is_initialized(self) -> bool:
        return True

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}

    def remote(self, **_: object) -> Any:
        ray = self

        class Remote:
            def __init__(self, kind: Any) -> None:
                self.kind = kind

            def remote(self, *given: object) -> Any:
                actor = self.kind(*given)
                actor.calls = 0

                class Handle:
                    class judge:  # noqa: N801
                        @staticmethod
                        def remote(items: Any) -> Any:
                            actor.calls += 1
                            return Call(actor.judge, items)

                    held = actor

                ray.actors.append(Handle)
                return Handle

        return Remote

    def wait(self, calls: list[Any], num_returns: int) -> tuple[list[Any], list[Any]]:
        return calls[-1:], calls[:-1]

    def get(self, call: Any) -> Any:
        return call.function(call.items)

    def kill(self, actor: Any) -> None:
        self.killed.append(actor)
        actor.held._scorer.close()


class Call:
    def __init__(self, function: Any, items: Any) -> None:
        self.function, self.items = function, items


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    ray = Slow()
    monkeypatch.setitem(sys.modules, "ray", ray)
    yield ray


def test_judgements_that_come_in_any_order_are_put_in_theirs(
    slow: Slow, asked: list[tuple[Example, str]]
) -> None:
    same_rewards(asked, 4)
    # No more actors than the cluster has CPUs; all worked, and are gone.
    assert len(slow.actors) == 2 and slow.killed == slow.actors
    assert all(actor.held.calls > 0 for actor in slow.actors)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_real_cluster_gives_the_same_rewards(asked: list[tuple[Example, str]]) -> None:
    pytest.importorskip("ray", reason="ray is not installed: pip install 't2s-bench[ray]'")
    same_rewards(asked, 2)
