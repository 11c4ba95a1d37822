from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from systems.advanced.codec.codec import Constraint, Partial
from systems.advanced.codec.pointer.vocabulary import TOKENS
from systems.advanced.evidence import Prober
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.small_model.learner import SmallLearner
from systems.advanced.small_model.model import SmallModel
from systems.advanced.small_model.names import item_name
from systems.advanced.small_model.session import BROKEN, SmallPolicy
from systems.advanced.task import Evidence, Role, Task
from systems.advanced.training.lessons import Lesson
from tests.systems.advanced.tiny_small import tiny_config

from systems.advanced.small_model import generation
from t2s_bench.benchmarks.benchmark import load
from t2s_bench.types import Example

CONFIG = tiny_config(
    width=48, heads=4, feedforward=96, encoder_layers=2, ngram_buckets=512, dropout=0.0
)


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Example, Task]]:
    mini, maker = load("mini"), TaskMaker()
    made = [
        (example, maker.task(example.question, mini.databases[example.question.database]))
        for example in mini.examples[:60]
    ]
    maker.close()
    return made


@pytest.fixture(scope="module")
def learner(pairs: list[tuple[Example, Task]]) -> SmallLearner:
    torch.manual_seed(0)
    return SmallLearner.from_lessons(CONFIG, [task for _, task in pairs])


@pytest.fixture(scope="module")
def lessons(learner: SmallLearner, pairs: list[tuple[Example, Task]]) -> list[Lesson]:
    made = [Lesson(Role.SQL, task, example) for example, task in pairs]
    return [lesson for lesson in made if learner.prepared(lesson) is not None][:12]


@pytest.fixture(scope="module")
def trained(learner: SmallLearner, lessons: list[Lesson]) -> Iterator[SmallLearner]:
    """A model that has learnt a dozen statements by heart."""
    optimiser = torch.optim.Adam(learner.parameters_of(Role.SQL), lr=3e-3)
    learner.model.train()
    losses = []
    for _ in range(80):
        optimiser.zero_grad()
        loss = learner.loss(lessons)
        loss.total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.parts["sql"])
    assert losses[-1] < 0.2 * losses[0]
    yield learner


def test_what_was_learnt_by_heart_is_written(trained: SmallLearner, lessons: list[Lesson]) -> None:
    right = 0
    for lesson in lessons:
        session = trained.policy().open(lesson.task)
        (best, *_) = session.extend([Partial()], 3, temperature=0, to_end=True)[0]
        ready = trained.prepared(lesson)
        assert ready is not None
        right += best.tokens == ready.tokens
    assert right >= 0.7 * len(lessons)


def test_the_beam_is_sorted_and_its_log_probabilities_are_the_scorers(
    trained: SmallLearner, lessons: list[Lesson]
) -> None:
    session = trained.policy().open(lessons[0].task)
    (found,) = session.extend([Partial()], 4, temperature=0, to_end=True)
    assert [one.logprob for one in found] == sorted((p.logprob for p in found), reverse=True)
    fresh = trained.policy().open(lessons[0].task)
    assert fresh.logprobs([one.sql for one in found])[0] == pytest.approx(
        found[0].logprob, abs=2e-3
    )


def test_a_beam_holds_what_is_near_its_best_and_no_runaway(
    trained: SmallLearner, lessons: list[Lesson], monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(spread: float, longest: int = 63) -> list[Partial]:
        monkeypatch.setattr(generation, "SPREAD", spread)
        monkeypatch.setattr(generation, "LONGEST", longest)
        session = trained.policy().open(lessons[0].task)
        return session.extend([Partial()], 12, temperature=0.0, to_end=True)[0]

    wide = written(1e9)
    spread = (wide[0].logprob - wide[-1].logprob) / 2
    near = [one.tokens for one in wide if one.logprob > wide[0].logprob - spread]
    assert 1 <= len(near) < len(wide)
    assert [one.tokens for one in written(spread)] == near
    longest = max(len(one.tokens) for one in wide)
    assert max(len(one.tokens) for one in written(1e9, longest - 1)) < longest


def test_a_beam_knows_which_statement_is_the_greedy_one(
    trained: SmallLearner, lessons: list[Lesson]
) -> None:
    known = 0
    for lesson in lessons:
        session = trained.policy().open(lesson.task)
        alone = session.extend([Partial()], 1, temperature=0.0, to_end=True)[0]
        beam = session.extend([Partial()], 8, temperature=0.0, to_end=True)[0]
        marked = [one.tokens for one in beam if one.greedy]
        known += len(marked)
        assert marked in ([], [one.tokens for one in alone])
    assert known


def test_what_linking_encoded_serves_the_task_it_was_encoded_for(
    trained: SmallLearner, lessons: list[Lesson]
) -> None:
    policy, (first, second) = trained.policy(), lessons[:2]
    policy.link(first.task)
    assert policy.open(second.task).task is second.task
    linking = policy.link(first.task)
    one, other = policy.open(first.task), policy.open(first.task)
    assert one is not other and one.linking() == other.linking() == linking
    sql = first.example.golds[0]
    assert one.logprobs([sql]) == other.logprobs([sql])


def test_writing_on_costs_nothing_of_the_beginning_and_adds_to_its_log_probability(
    trained: SmallLearner, lessons: list[Lesson]
) -> None:
    session = trained.policy().open(lessons[0].task)
    (begun,) = session.extend([Partial()], 2, temperature=0)
    assert all(not one.finished and one.sql == "" for one in begun)
    before = session.cost.completion_tokens
    whole = session.extend(begun, 1, temperature=0, to_end=True)
    written = session.cost.completion_tokens - before
    assert written <= sum(
        len(one[0].tokens) - len(b.tokens) for one, b in zip(whole, begun, strict=True)
    )
    for one, start in zip(whole, begun, strict=True):
        assert one[0].tokens[: len(start.tokens)] == start.tokens
        assert one[0].logprob <= start.logprob


def test_samples_repeat_with_their_seed_and_differ_with_another(
    trained: SmallLearner, lessons: list[Lesson]
) -> None:
    session = trained.policy().open(lessons[1].task)

    def drawn(seed: int) -> list[str]:
        partials = session.extend([Partial()], 8, temperature=3.0, seed=seed, to_end=True)[0]
        return [partial.sql for partial in partials]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


@pytest.fixture(scope="module")
def versatile(pairs: list[tuple[Example, Task]], lessons: list[Lesson]) -> SmallLearner:
    """A model that knows several statements for one question, so that there is a way around."""
    first = lessons[0]
    others = [
        sql
        for table in first.task.schema.tables
        for sql in (
            f'SELECT COUNT(*) FROM "{table.name}"',
            f'SELECT DISTINCT "{table.columns[0].name}" FROM "{table.name}"',
        )
    ]
    known = [
        Lesson(Role.SQL, first.task, replace(first.example, golds=(sql,)))
        for sql in (first.example.golds[0], *others)
    ]
    torch.manual_seed(0)
    learner = SmallLearner.from_lessons(CONFIG, [task for _, task in pairs])
    optimiser = torch.optim.Adam(learner.parameters_of(Role.SQL), lr=3e-3)
    learner.model.train()
    for _ in range(80):
        optimiser.zero_grad()
        learner.loss(known).total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return learner


def test_constraints_hold(versatile: SmallLearner, lessons: list[Lesson]) -> None:
    task = lessons[0].task
    session = versatile.policy().open(task)
    (free,) = session.extend([Partial()], 1, temperature=0, to_end=True)[0]
    for token in {token for token in free.tokens if token >= len(TOKENS)}:
        forbid = frozenset({item_name(task.schema, task.graph, token - len(TOKENS))})
        without = session.extend(
            [Partial()], 8, temperature=0, to_end=True, constraint=Constraint(forbid=forbid)
        )[0]
        assert without and all(token not in one.tokens for one in without)
    wanted = Constraint(require=frozenset({"DISTINCT"}))
    found = session.extend([Partial()], 8, temperature=0, to_end=True, constraint=wanted)[0]
    assert found and all("DISTINCT" in one.sql for one in found)


def test_the_critic_learns_to_prefer_the_right_statement(
    learner: SmallLearner, lessons: list[Lesson]
) -> None:
    judged = []
    with Prober() as prober:
        for lesson in lessons[:6]:
            other = f"SELECT COUNT(*) FROM {lesson.task.schema.tables[0].name}"
            gold, wrong = prober.run(lesson.task.database, [lesson.example.golds[0], other])
            judged.append(Lesson(Role.VALIDATION, lesson.task, lesson.example, gold, True, -1.0))
            judged.append(Lesson(Role.VALIDATION, lesson.task, lesson.example, wrong, False, -1.0))
    optimiser = torch.optim.Adam(learner.parameters_of(Role.VALIDATION), lr=3e-3)
    frozen = learner.model.encoder.embedding.ids.weight.detach().clone()
    learner.model.train()
    for _ in range(40):
        optimiser.zero_grad()
        loss = learner.loss(judged)
        loss.total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert loss.parts["preferred"] == 1.0
    assert torch.equal(frozen, learner.model.encoder.embedding.ids.weight)


def test_what_does_not_run_is_judged_broken(trained: SmallLearner, lessons: list[Lesson]) -> None:
    session = trained.policy().open(lessons[0].task)
    broken = Evidence("SELECT nothing FROM nowhere", None, error="no such table")
    assert session.judge([broken]) == [BROKEN]


def test_edges_matter_only_where_they_are_typed(
    trained: SmallLearner, lessons: list[Lesson]
) -> None:
    task = lessons[0].task
    typed = SmallPolicy(trained.model).open(task)
    blind = SmallPolicy(trained.model, typed=False).open(task)
    sql = lessons[0].example.golds[0]
    assert typed.logprobs([sql]) != blind.logprobs([sql])


def test_a_saved_model_answers_as_before_and_a_compact_one_nearly(
    trained: SmallLearner, lessons: list[Lesson], tmp_path: Path
) -> None:
    sql = lessons[0].example.golds[0]
    (before,) = trained.policy().open(lessons[0].task).logprobs([sql])
    sizes = []
    for compact, near in ((False, 1e-5), (True, 0.2)):
        folder = tmp_path / str(compact)
        folder.mkdir()
        trained.model.save(folder, compact=compact)
        again = SmallPolicy(SmallModel.load(folder)).open(lessons[0].task)
        assert again.logprobs([sql])[0] == pytest.approx(before, abs=near)
        sizes.append((folder / "weights.pt").stat().st_size)
    assert sizes[1] < 0.6 * sizes[0]
