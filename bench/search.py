"""What a search costs beside the same tokens written by separate calls.

    python bench/search.py [--model FOLDER] [--backend small] [--questions 20] [--simulations 50]

For each question, in turn: a search over one opened task; then as many tokens as it took, by whole
statements that are sampled one a call, each on a task opened anew (nothing is shared between
calls), and once more on one opened task (the prompt is shared, nothing else). Seconds include
opening, executing and everything else; ratios are of the sums over all questions. Answers play no
part. Without --model a small model of the shipped size is taught the benchmark's own golds for a
few steps (a minute or two), so that statements are of their usual length.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from systems.advanced.codec.codec import Constraint, Cost, Partial, Policy, Session  # noqa: E402
from systems.advanced.evidence import Prober  # noqa: E402
from systems.advanced.models import open_model  # noqa: E402
from systems.advanced.options import AdvancedOptions  # noqa: E402
from systems.advanced.policy.search import search  # noqa: E402
from systems.advanced.policy.settings import SearchSettings  # noqa: E402
from systems.advanced.schema_graph.build import TaskMaker  # noqa: E402
from systems.advanced.task import Evidence, Role, Task  # noqa: E402

from t2s_bench.benchmarks.benchmark import Benchmark, load  # noqa: E402
from t2s_bench.types import Database  # noqa: E402

TARGET = 0.6
STEPS, BATCH = 60, 16


@dataclass
class Clock:
    """Seconds spent in what is timed."""

    seconds: float = 0.0


class TimedSession:
    """A session whose calls are timed."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    @property
    def task(self) -> Task:
        """See `codec.Session`."""
        return self._session.task

    @property
    def cost(self) -> Cost:
        """See `codec.Session`."""
        return self._session.cost

    def extend(
        self,
        partials: Sequence[Partial],
        n: int,
        *,
        temperature: float,
        seed: int = 0,
        to_end: bool = False,
        constraint: Constraint | None = None,
    ) -> list[list[Partial]]:
        """See `codec.Session`."""
        started = perf_counter()
        found = self._session.extend(
            partials, n, temperature=temperature, seed=seed, to_end=to_end, constraint=constraint
        )
        self._clock.seconds += perf_counter() - started
        return found

    def values(self, partials: Sequence[Partial]) -> list[float]:
        """See `codec.Session`."""
        started = perf_counter()
        found = self._session.values(partials)
        self._clock.seconds += perf_counter() - started
        return found

    def logprobs(self, sqls: Sequence[str]) -> list[float]:
        """See `codec.Session`."""
        return self._session.logprobs(sqls)

    def judge(self, evidence: Sequence[Evidence]) -> list[float]:
        """See `codec.Session`."""
        return self._session.judge(evidence)

    def critique(self, evidence: Evidence) -> Constraint | None:
        """See `codec.Session`."""
        return self._session.critique(evidence)


class TimedProber(Prober):
    """A prober whose executions are timed."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def run(self, database: Database, sqls: Sequence[str]) -> list[Evidence]:
        """See `Prober`."""
        started = perf_counter()
        found = super().run(database, sqls)
        self._clock.seconds += perf_counter() - started
        return found


def taught(benchmark: Benchmark, tasks: Sequence[Task]) -> Policy:
    """A small model that has seen the golds of its questions a few times."""
    import torch
    from systems.advanced.codec.pointer.vocabulary import TOKENS
    from systems.advanced.schema_graph.build import FEATURES, RELATIONS
    from systems.advanced.small_model.configuration import SmallConfig
    from systems.advanced.small_model.learner import SmallLearner
    from systems.advanced.training.lessons import Lesson

    torch.manual_seed(0)
    config = SmallConfig(relations=len(RELATIONS), features=len(FEATURES), vocabulary=len(TOKENS))
    learner = SmallLearner.from_lessons(config, tasks)
    lessons = [
        Lesson(Role.SQL, task, example)
        for task, example in zip(tasks, benchmark.examples, strict=True)
    ]
    lessons = [lesson for lesson in lessons if learner.prepared(lesson) is not None]
    optimiser = torch.optim.AdamW(learner.module.parameters(), 1e-3)
    learner.module.train()
    for step in range(STEPS):
        loss = learner.loss([lessons[(step * BATCH + n) % len(lessons)] for n in range(BATCH)])
        optimiser.zero_grad()
        loss.total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    print(f"taught {len(lessons)} golds in {STEPS} steps; loss {float(loss.total.detach()):.2f}")
    return learner.policy()


def write_apart(policy: Policy, task: Task, tokens: int, temperature: float, anew: bool) -> float:
    """Seconds that as many tokens take, statement by statement."""
    started = perf_counter()
    session, spent = policy.open(task), 0
    for seed in count():
        before = session.cost.completion_tokens
        session.extend([Partial()], 1, temperature=temperature, seed=seed, to_end=True)
        spent += session.cost.completion_tokens - before
        if spent >= tokens:
            return perf_counter() - started
        if anew:
            session = policy.open(task)
    raise AssertionError("count() does not end")


def main() -> None:
    """Prints the table; exits with 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--model", default="")
    parser.add_argument("--backend", choices=("small", "transformers", "openai"), default="small")
    parser.add_argument("--dataset", default="mini")
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--simulations", type=int, default=50)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    benchmark, maker, clock = load(asked.dataset), TaskMaker(), Clock()
    examples = benchmark.examples if not asked.model else benchmark.examples[: asked.questions]
    tasks = [maker.task(e.question, benchmark.databases[e.question.database]) for e in examples]
    if asked.backend == "small":
        import torch

        torch.set_num_threads(asked.threads)
    if asked.model:
        options = AdvancedOptions(backend=asked.backend, model=asked.model, threads=asked.threads)
        policy = open_model(options, ROOT / "systems" / "advanced", frozenset()).policy
    else:
        policy = taught(benchmark, tasks)
    settings = SearchSettings(simulations=asked.simulations)
    searched: list[float] = []
    apart: list[float] = []
    shared: list[float] = []
    outside: list[float] = []
    calls, tokens, early = [], [], 0
    with TimedProber(clock) as prober:
        search(policy.open(tasks[0]), prober, settings)  # warm
        for task in tasks[: asked.questions]:
            clock.seconds = 0.0
            started = perf_counter()
            session = TimedSession(policy.open(task), clock)
            opened = perf_counter() - started
            found = search(session, prober, settings)
            searched.append(perf_counter() - started)
            outside.append(searched[-1] - opened - clock.seconds)
            calls.append(found.spent.extend_calls)
            tokens.append(found.spent.completion_tokens)
            early += found.stopped_early
            for into, anew in ((apart, True), (shared, False)):
                into.append(write_apart(policy, task, tokens[-1], settings.temperature, anew))
    maker.close()
    ratio = sum(searched) / sum(apart)
    median = statistics.median
    print(f"{len(searched)} questions of {asked.dataset}, {asked.simulations} simulations each")
    print(f"seconds a question: search {median(searched):.3f}, apart {median(apart):.3f}")
    print(f"tokens a question: {median(tokens):.0f}; calls of extend: {median(calls):.0f}", end="")
    print(f" (most {max(calls)}); stopped early: {early}")
    print(f"search outside model and database: {1_000 * median(outside):.1f} ms a question")
    print(f"search / same tokens apart, each opened anew: {ratio:.2f} (target ≤ {TARGET})")
    print(f"search / same tokens apart on one opened task: {sum(searched) / sum(shared):.2f}")
    sys.exit(ratio > TARGET)


if __name__ == "__main__":
    main()
