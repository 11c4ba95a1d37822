from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.small_model.model import SmallModel
from systems.advanced.task import Evidence, Role, Task
from systems.advanced.training.cross_fitting import (
    cross_fitted,
    folds,
    questions_of,
    start_critic,
    write_candidates,
    writer,
)
from systems.advanced.training.data import read_data
from systems.advanced.training.learners import make_learner
from systems.advanced.training.lessons import Lesson, Loss
from systems.advanced.training.supervised import supervised
from systems.advanced.training.teaching import TOGETHER, drawn, grouped, taught
from systems.advanced.training.work import Work
from tests.systems.advanced.tiny_qwen import make_folder
from tests.systems.advanced.training.tiny import (
    STATEMENTS,
    TinyLearner,
    make_towns,
    small_options,
    working,
)

from systems.advanced.training import checkpoints
from t2s_bench.errors import BadInput, UserError


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_towns(tmp_path_factory.mktemp("data") / "towns")


def options(towns: Path, **changes: Any) -> Any:
    values = {"validation_folds": 3, "fold_steps": 8, "validation_candidates": 3, **changes}
    return small_options(towns, **values)


class Watched(TinyLearner):
    """Keeps the databases that each learner was taught golds of, and those that it wrote for."""

    made: list[Watched] = []  # noqa: RUF012 (shared on purpose)

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.taught: set[str] = set()
        self.asked: set[str] = set()
        Watched.made.append(self)

    def loss(self, lessons: Sequence[Lesson]) -> Loss:
        self.taught |= {one.task.database.id for one in lessons if one.role is not Role.VALIDATION}
        return super().loss(lessons)

    def policy(self) -> Any:
        policy = super().policy()
        opened = policy.open

        def spied(task: Task, *more: Any) -> Any:
            self.asked.add(task.database.id)
            return opened(task, *more)

        policy.open = spied  # type: ignore[method-assign,assignment]
        return policy


def test_folds_are_even_and_depend_on_names_alone() -> None:
    names = [f"d{number}" for number in range(10)]
    dealt = folds(names, 3)
    assert sorted(map(len, dealt)) == [3, 3, 4]
    assert set.union(*map(set, dealt)) == set(names)
    assert folds(reversed(names), 3) == dealt
    with pytest.raises(BadInput, match="validation_folds is 3.*2 databases.*validation_folds=2"):
        folds(["a", "b"], 3)


def test_no_writer_has_seen_the_databases_that_it_writes_for(towns: Path, tmp_path: Path) -> None:
    Watched.made.clear()
    with working(tmp_path / "out", options(towns), Watched()) as work:
        write_candidates(work)
        databases = {example.question.database for example in work.data.train}
        found = cross_fitted(work)
    main, *writers = Watched.made
    assert len(writers) == 3 and not main.taught and not main.asked
    for one in writers:
        assert one.asked and not one.asked & one.taught
        assert one.asked | one.taught == databases
    assert set.union(*(one.asked for one in writers)) == databases
    assert {lesson.example.question.database for lesson in found} == databases
    assert {lesson.right for lesson in found} == {True, False}
    for group in grouped(found):
        sqls = [one.evidence.sql for one in group if one.evidence is not None]
        # Three by beam search and three samples, of which those that run are kept, each once.
        assert 1 <= len(sqls) == len(set(sqls)) <= 6
        assert all(one.evidence is not None and one.evidence.runs for one in group)
        assert max(one.logprob for one in group) == group[0].best
        gold = group[0].example.golds[0]
        assert all(one.right for one in group if one.evidence and one.evidence.sql == gold)


def test_the_options_reach_the_writers(towns: Path, tmp_path: Path) -> None:
    counts = {}
    for candidates in (1, 4):
        with working(
            tmp_path / f"out{candidates}",
            options(towns, validation_candidates=candidates, fold_steps=3),
            TinyLearner(),
        ) as work:
            write_candidates(work)
            counts[candidates] = len(cross_fitted(work)) / len(work.data.train)
            assert checkpoints.saved(work.run.phase(1) / "fold2") == 3
    assert 0 < counts[1] <= 2 < counts[4]


def test_what_is_written_is_not_written_again(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with working(tmp_path / "out", options(towns), TinyLearner()) as work:
        write_candidates(work)
        first = cross_fitted(work)

    def never(*_: object) -> None:
        raise AssertionError("a writer was made again")

    with working(tmp_path / "out", options(towns), TinyLearner(), resume=True) as work:
        monkeypatch.setattr(work, "make_learner", never)
        write_candidates(work)
        again = cross_fitted(work)
        # Steps of the stages that are left out count for the lines of later ones.
        assert work.steps_before(taught(work, 1, "writing", 12, 0.1, list)) == 3 * 8
    key = [(one.example.id, one.evidence and one.evidence.sql, one.right) for one in first]
    assert key == [(one.example.id, one.evidence and one.evidence.sql, one.right) for one in again]


def test_synthetic_questions_are_written_for_twice_as_many_at_most(
    towns: Path, tmp_path: Path
) -> None:
    made = make_towns(tmp_path / "made")
    text = (made / "questions.jsonl").read_text()
    (made / "questions.jsonl").write_text(text.replace('"question": "', '"question": "Please: '))
    with working(tmp_path / "out", options(towns, synthetic=(str(made),)), TinyLearner()) as work:
        data = work.data
        fold = folds({one.question.database for one in data.train}, 3)[0]
        asked = questions_of(data, fold)
        assert {one.question.database for one in asked} == fold
        own = [one for one in asked if one.id not in data.synthetic]
        assert own == [one for one in data.own if one.question.database in fold]
        some = replace(data, train=(*own[:1], *(one for one in asked if one.id in data.synthetic)))
        assert len(asked) == 2 * len(own) and len(questions_of(some, fold)) == 3
        write_candidates(work)
        found = {one.example.id for one in cross_fitted(work)}
        assert found & data.synthetic and found - data.synthetic


def test_the_validator_learns_from_them_and_by_question(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[Lesson]] = []

    class Kept(TinyLearner):
        def loss(self, lessons: Sequence[Lesson]) -> Loss:
            if lessons and lessons[0].role is Role.VALIDATION:
                seen.append(list(lessons))
            return super().loss(lessons)

    with working(tmp_path / "out", options(towns, batch_size=12), Kept()) as work:
        supervised(work)
        known = {
            id: {one.evidence.sql for one in group if one.evidence}
            for group in grouped(cross_fitted(work))
            for id in [group[0].example.id]
        }
    assert len(seen) >= 3
    for batch in seen:
        assert len(batch) <= 12
        for group in grouped(batch):
            sqls = {one.evidence.sql for one in group if one.evidence}
            assert sqls == known[group[0].example.id]


def test_of_many_candidates_of_a_question_some_are_drawn(towns: Path, tmp_path: Path) -> None:
    with working(tmp_path / "out", options(towns, batch_size=8), TinyLearner()) as work:
        example = work.data.train[0]
        many = [
            Lesson(Role.VALIDATION, work.task(example), example, Evidence(f"SELECT {n}", n))
            for n in range(25)
        ]
        draw = drawn(work, grouped(many), 20, curriculum=False)
        drawn_ = [
            [one.evidence.sql for part in draw(step).parts for one in part if one.evidence]
            for step in range(20)
        ]
    # Four questions fill a step: the one that there is comes four times, each time with the same.
    assert all(len(set(sqls)) == TOGETHER and len(sqls) == 4 * TOGETHER for sqls in drawn_)
    assert len({sql for sqls in drawn_ for sql in sqls}) == 25


def test_a_pretrained_model_s_adapters_step_aside_and_come_back(
    towns: Path, tmp_path: Path
) -> None:
    chosen = options(
        towns,
        model_name=str(make_folder(tmp_path / "qwen", spread=0.02)),
        tuning="lora",
        lora_rank=2,
        use_schema_disambiguator=False,
        batch_size=2,
        fold_steps=1,
        validation_candidates=1,
    )
    learner: Any = make_learner(chosen, [])
    with working(tmp_path / "out", chosen, learner) as work:
        data = replace(work.data, train=work.data.train[:4], weights=work.data.weights[:4])
        work.data = data
        before = {n: w.clone() for n, w in checkpoints.weights_of(learner.module).items()}
        with writer(work, data, 1) as own:
            assert own.learner is learner
            for parameter in learner.module.parameters():
                if parameter.requires_grad:
                    parameter.data += 1
        after = checkpoints.weights_of(learner.module)
        assert all(torch.equal(after[name], value) for name, value in before.items())


def test_the_small_model_s_critic_starts_as_the_only_writer(towns: Path, tmp_path: Path) -> None:
    chosen = options(
        towns,
        validation_folds=2,
        validation_writers=1,
        fold_steps=2,
        validation_candidates=1,
        schema_embedding_dim=32,
        schema_gat_heads=2,
        schema_gat_layers=1,
    )
    maker = TaskMaker()
    tasks = [
        maker.task(one.question, one.database)
        for one in read_data(chosen, 0, tmp_path).train
        if one.database is not None
    ]
    (tmp_path / "other").mkdir()
    make_learner(chosen, tasks).save(tmp_path / "other")
    chosen = replace(chosen, fellow=str(tmp_path / "other"))
    learner: Any = make_learner(chosen, tasks)
    with working(tmp_path / "out", chosen, learner, task=maker.task) as work:
        work.make_learner = partial(make_learner, chosen)
        with writer(work, work.data, 1) as own:
            # The fellow has learnt the very questions that a fold keeps from its writer.
            fresh: Any = own.learner
            assert learner.model.fellow is not None and fresh.model.fellow is None
        write_candidates(work)
        start_critic(work)
        kept = SmallModel.load(work.run.phase(1) / "candidates1" / "writer")
        assert not (work.run.phase(1) / "candidates2").exists()
        assert cross_fitted(work) is not None
    critic = learner.model.critic.decoder.state_dict()
    writer_ = kept.decoder.state_dict()
    assert all(torch.equal(critic[name], value) for name, value in writer_.items())
    own = learner.model.decoder.state_dict()
    assert any(not torch.equal(own[name], value) for name, value in writer_.items())
    maker.close()


def test_what_cannot_be_cross_fitted_cheaply_is_refused(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with working(tmp_path / "out", options(towns), TinyLearner()) as work:
        with monkeypatch.context() as patch:
            patch.setattr(checkpoints, "is_spread", lambda optimiser: True)
            with pytest.raises(UserError, match="validation_folds=0, or launch without"):
                write_candidates(work)
        with monkeypatch.context() as patch:
            patch.setattr(Work, "chat", object())
            with pytest.raises(UserError, match="tuning=lora or validation_folds=0"):
                write_candidates(work)


def test_statements_outlive_the_writers_as_lines(towns: Path, tmp_path: Path) -> None:
    with working(tmp_path / "out", options(towns), TinyLearner()) as work:
        write_candidates(work)
        lines = [
            line
            for path in sorted(work.run.phase(1).glob("candidates*/statements.jsonl"))
            for line in path.read_text().splitlines()
        ]
    assert lines and all('"right": ' in line for line in lines)
    assert {sql for sql in STATEMENTS if any(sql in line for line in lines)}
