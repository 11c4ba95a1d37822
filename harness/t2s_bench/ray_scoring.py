"""Scoring spread over a Ray cluster: actors that each hold a `Scorer`.

For rewards in training on many machines. Databases must lie at the same paths on all of them.
Verdicts are those of the local scorer, only the machines differ. Needs the package `ray` (the extra
`ray`); joins the cluster that RAY_ADDRESS names, or starts one on this machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from t2s_bench.errors import BadInput, MissingExtra
from t2s_bench.metrics.judge import Judgement
from t2s_bench.scoring import Scorer
from t2s_bench.types import Budget, Database, Example

Item = tuple[Example, Database, str]
# Items in one call of an actor: many enough that the call costs little beside them.
CHUNK = 16
# Calls that wait at an actor, so that it never waits for the next.
AHEAD = 2


class _Judge:
    """The actor: a scorer with one worker."""

    def __init__(self, metrics: tuple[str, ...], budget: Budget | None) -> None:
        self._scorer = Scorer(metrics, budget=budget)

    def judge(self, items: list[Item]) -> list[Judgement]:
        found = dict(self._scorer.judge_all(items))
        return [found[number] for number in range(len(items))]


class RayScorer:
    """`Scorer.judge_all` on a cluster; close it, or use it in a `with`.

    `actors` each take one CPU; where the cluster has fewer, only as many are started. Raises
    MissingExtra without Ray, BadInput where no cluster can be reached. Untimed metrics only: a
    time of another machine says nothing.
    """

    def __init__(
        self, metrics: Iterable[str], *, actors: int = 1, budget: Budget | None = None
    ) -> None:
        try:
            import ray  # type: ignore[import-not-found]
        except ImportError as error:
            raise MissingExtra("ray", "ray", "a reward pool on Ray") from error
        self._ray: Any = ray
        self._own = not ray.is_initialized()
        if self._own:
            try:
                ray.init(include_dashboard=False, log_to_driver=False)
            except (ConnectionError, RuntimeError, ValueError) as error:
                reason = " ".join(str(error).split())[:200]
                raise BadInput(
                    f"no Ray cluster: {reason}. Set RAY_ADDRESS, or reward_pool=local"
                ) from error
        there = int(ray.cluster_resources().get("CPU", 1))
        kind = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=2)(_Judge)
        names = tuple(metrics)
        self._actors = [kind.remote(names, budget) for _ in range(max(1, min(actors, there)))]

    def judge_all(self, items: Iterable[Item]) -> Iterator[tuple[int, Judgement]]:
        """See `Scorer.judge_all`; an actor that dies is started again and its call repeated."""
        listed = list(items)
        starts = iter(range(0, len(listed), CHUNK))
        waiting: dict[Any, tuple[int, Any]] = {}

        def send(actor: Any) -> None:
            start = next(starts, None)
            if start is not None:
                call = actor.judge.remote(listed[start : start + CHUNK])
                waiting[call] = (start, actor)

        for _ in range(AHEAD):
            for actor in self._actors:
                send(actor)
        while waiting:
            (done,), _ = self._ray.wait(list(waiting), num_returns=1)
            start, actor = waiting.pop(done)
            send(actor)
            yield from enumerate(self._ray.get(done), start)

    def close(self) -> None:
        """Ends the actors, and the cluster where it was started here."""
        for actor in self._actors:
            self._ray.kill(actor)
        if self._own:
            self._ray.shutdown()

    def __enter__(self) -> RayScorer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
