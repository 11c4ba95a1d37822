"""The trainer's view of a pretrained model: losses fall, sums agree, weights come back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from systems.advanced.codec.chat_learner import ChatLearner, ChatSize  # noqa: E402
from systems.advanced.codec.chat_prompts import ChatSettings  # noqa: E402
from systems.advanced.codec.codec import Partial  # noqa: E402
from systems.advanced.language_model.adapters import Lora  # noqa: E402
from systems.advanced.language_model.loading import LocalOptions  # noqa: E402
from systems.advanced.task import Evidence, Role, Task  # noqa: E402
from systems.advanced.training.lessons import Lesson  # noqa: E402
from tests.systems.advanced.codec.conftest import PAIRS, Learnt, lessons_of  # noqa: E402

from t2s_bench.errors import BadInput  # noqa: E402


class Nodes:
    """A linker that gives each item a fixed vector."""

    def __init__(self, size: int = 8) -> None:
        self._size = size

    def link(self, task: Task) -> Any:
        from systems.advanced.schema_graph.lexical import lexical_linking

        return lexical_linking(task)

    def shown(self, task: Task, linking: Any) -> None:
        return None

    def embeddings(self, task: Task) -> Any:
        chance = np.random.default_rng(0)
        return chance.normal(size=(len(task.graph.items), self._size)).astype(np.float32)


def create(folder: Path, *, linker: Any = None, **size: Any) -> ChatLearner:
    return ChatLearner.create(
        LocalOptions(str(folder), dtype="float32", device="cpu"),
        ChatSettings(examples=1, max_sql_tokens=20),
        ChatSize(Lora(rank=4), **size),
        linker,
    )


@pytest.fixture
def lessons(tasks: list[Task]) -> list[Lesson]:
    return lessons_of(tasks)


def test_every_part_of_the_loss_falls(learnt: Learnt) -> None:
    assert set(learnt.first) == {"sql", "schema", "validation", "critique", "value"}
    for name, before in learnt.first.items():
        assert learnt.last[name] < (0.95 if name == "value" else 0.2) * before, name


def test_a_loss_is_the_mean_over_tokens_of_what_is_taught(
    model_folder: Path, lessons: list[Lesson]
) -> None:
    learner = create(model_folder)
    both = learner.loss(lessons[:2])
    sql, schema = learner.loss(lessons[:1]), learner.loss(lessons[1:2])
    assert both.parts["sql"] == pytest.approx(sql.parts["sql"], abs=1e-4)
    assert both.parts["schema"] == pytest.approx(schema.parts["schema"], abs=1e-4)
    apart = sql.total.item() + schema.total.item()
    assert both.total.item() == pytest.approx(apart, abs=1e-3)
    assert both.tokens == sql.tokens + schema.tokens
    gold = PAIRS[0][1]
    assert sql.tokens == len(learner.model.encode(f"{gold}\n```")) + 1
    # Its mean is what the session gives the statement, but for the end token.
    score = learner.policy().open(lessons[0].task).logprobs([gold])[0]
    assert sql.parts["sql"] * sql.tokens > -score


def test_a_weight_scales_its_lesson(model_folder: Path, lessons: list[Lesson]) -> None:
    learner = create(model_folder)
    first, second = lessons[0], lessons[4]
    heavy = learner.loss([replace(first, weight=1e6), second])
    assert heavy.parts["sql"] == pytest.approx(learner.loss([first]).parts["sql"], abs=1e-3)


def test_gradients_reach_each_role_and_never_the_base(
    model_folder: Path, lessons: list[Lesson]
) -> None:
    learner = create(model_folder)
    torch.autograd.backward(learner.loss(lessons).total)
    own = {id(p) for role in Role for p in learner.parameters_of(role)}
    for role in Role:
        moved = [p for p in learner.parameters_of(role) if p.grad is not None and p.grad.any()]
        assert moved, role
    others = [p for p in learner.module.parameters() if id(p) not in own]
    assert others and all(p.grad is None and not p.requires_grad for p in others)


def test_rollouts_have_the_logprobs_of_the_policy_that_wrote_them(
    model_folder: Path, task: Task
) -> None:
    learner = create(model_folder)
    for role in (Role.SQL, Role.SCHEMA):
        rollouts = learner.rollouts(task, role, 4, temperature=0.8, seed=3)
        assert len(rollouts) == 4 and len({one.tokens for one in rollouts}) > 1
        again = learner.rollouts(task, role, 4, temperature=0.8, seed=3)
        assert [one.tokens for one in again] == [one.tokens for one in rollouts]
        for one, logprobs in zip(rollouts, learner.token_logprobs(rollouts), strict=True):
            assert logprobs.requires_grad
            assert list(one.logprobs) == pytest.approx(logprobs.tolist(), abs=1e-4)
    with pytest.raises(ValueError, match="validation role"):
        learner.rollouts(task, Role.VALIDATION, 1, temperature=1.0, seed=0)


def test_the_reference_stays_while_the_policy_moves(model_folder: Path, task: Task) -> None:
    learner = create(model_folder)
    rollouts = learner.rollouts(task, Role.SQL, 2, temperature=1.0, seed=1)
    rollouts += learner.rollouts(task, Role.SCHEMA, 1, temperature=1.0, seed=1)
    with pytest.raises(RuntimeError, match="freeze_reference"):
        learner.reference_logprobs(rollouts)
    learner.freeze_reference()
    before = [row.tolist() for row in learner.token_logprobs(rollouts)]
    rows = learner.token_logprobs(rollouts)
    torch.stack([row.sum() for row in rows]).sum().backward()
    with torch.no_grad():
        for parameter in learner.parameters_of(Role.SQL):
            if parameter.grad is not None:
                parameter.add_(parameter.grad, alpha=1e-4)
    after = learner.token_logprobs(rollouts)
    reference = learner.reference_logprobs(rollouts)
    for old, new, kept in zip(before, after, reference, strict=True):
        assert kept.tolist() == pytest.approx(old, abs=1e-5)
        assert not kept.requires_grad and new.requires_grad
    assert after[0].sum().item() > sum(before[0]) + 1e-3  # up the gradient
    assert after[2].tolist() == pytest.approx(before[2], abs=1e-5)  # another role's


def test_what_is_saved_comes_back(learnt: Learnt, task: Task, tmp_path: Path) -> None:
    learnt.learner.save(tmp_path)
    loaded = ChatLearner.load(tmp_path)
    sqls = [sql for _, sql in PAIRS]
    old, new = learnt.learner.policy().open(task), loaded.policy().open(task)
    assert new.logprobs(sqls) == pytest.approx(old.logprobs(sqls), abs=1e-4)
    partials = [Partial(loaded.model.encode(sql)) for sql in sqls]
    assert new.values(partials) == pytest.approx(old.values(partials), abs=1e-4)
    assert {p.numel() for p in loaded.parameters_of(Role.SCHEMA)}
    loss = loaded.loss(learnt.lessons)
    assert loss.total.requires_grad
    with pytest.raises(BadInput, match="no trained chat model"):
        ChatLearner.load(tmp_path / "adapters")


def test_sql_tokens_are_learnt_and_saved(
    model_folder: Path, lessons: list[Lesson], tmp_path: Path
) -> None:
    learner = create(model_folder, sql_tokens=True)
    lesson = replace(
        lessons[8], example=replace(lessons[8].example, golds=("SELECT name FROM t ORDER BY age",))
    )
    loss = learner.loss([lesson])
    assert loss.tokens < create(model_folder).loss([lesson]).tokens
    torch.autograd.backward(loss.total)
    (rows,) = [
        p
        for name, p in learner.model.causal.named_parameters()
        if "trainable_tokens_delta" in name and ".sql" in name and "reference" not in name
    ][:1]
    assert rows.grad is not None and rows.grad.any()
    with torch.no_grad():
        rows.add_(rows.grad, alpha=-0.1)
    learner.save(tmp_path)
    loaded = ChatLearner.load(tmp_path)
    assert loaded.loss([lesson]).parts["sql"] == pytest.approx(
        learner.loss([lesson]).parts["sql"], abs=1e-4
    )


def test_schema_nodes_reach_the_model_and_learn(
    model_folder: Path, lessons: list[Lesson], tmp_path: Path
) -> None:
    learner = create(model_folder, schema_size=8, linker=Nodes())
    plain = create(model_folder, linker=Nodes())
    sql = lessons[:1]
    # The projection starts at zero: nothing has changed yet.
    assert learner.loss(sql).parts["sql"] == pytest.approx(plain.loss(sql).parts["sql"], abs=1e-4)
    projection = learner.heads.schema
    assert projection is not None
    before = learner.loss(sql)
    torch.autograd.backward(before.total)
    gradient = projection.weight.grad
    assert gradient is not None and gradient.abs().sum() > 0
    with torch.no_grad():
        projection.weight.sub_(gradient / gradient.norm() * 0.05)
    after = learner.loss(sql)
    assert after.parts["sql"] < before.parts["sql"]
    # Inference sees the same vectors.
    rollouts = learner.rollouts(lessons[0].task, Role.SQL, 2, temperature=1.0, seed=0)
    for one, logprobs in zip(rollouts, learner.token_logprobs(rollouts), strict=True):
        assert list(one.logprobs) == pytest.approx(logprobs.tolist(), abs=1e-4)
    learner.save(tmp_path)
    loaded = ChatLearner.load(tmp_path, linker=Nodes())
    assert loaded.loss(sql).parts["sql"] == pytest.approx(after.parts["sql"], abs=1e-4)


def test_the_graph_network_is_saved_with_the_model_that_reads_it(
    model_folder: Path, lessons: list[Lesson], tmp_path: Path
) -> None:
    pytest.importorskip("torch_geometric")
    from systems.advanced.schema_graph.disambiguator import Disambiguator
    from systems.advanced.schema_graph.gat import GatConfig, SchemaGat

    torch.manual_seed(0)
    gat = SchemaGat(GatConfig(heads=2, layers=1, size=8, edge_size=4))
    learner = create(model_folder, schema_size=8)
    assert learner.heads.schema is not None
    torch.nn.init.normal_(learner.heads.schema.weight)
    before = learner.loss(lessons[:1]).parts["sql"]
    learner.use_linker(Disambiguator(gat))
    after = learner.loss(lessons[:1]).parts["sql"]
    assert after != pytest.approx(before, abs=1e-3)
    learner.save(tmp_path)
    loaded = ChatLearner.load(tmp_path)
    assert isinstance(loaded.linker, Disambiguator)
    assert loaded.loss(lessons[:1]).parts["sql"] == pytest.approx(after, abs=1e-4)


def test_verdicts_are_those_of_a_session_and_can_be_learnt(
    learnt: Learnt, lessons: list[Lesson]
) -> None:
    learner = learnt.learner
    learner.module.eval()
    own = [one for one in lessons if one.role is Role.VALIDATION][:2]
    broken = replace(own[0], evidence=Evidence("SELECT x", None, error="no such column"))
    right, none, wrong = learner.verdict_logits([own[0], broken, own[1]])
    assert none is None and right.item() > 0 > wrong.item()
    judged = learner.policy().open(own[0].task).judge([one.evidence for one in own])
    assert [right.item(), wrong.item()] == pytest.approx(judged, abs=1e-2)
    learner.module.zero_grad()
    right.backward()
    moved = {id(p) for p in learner.module.parameters() if p.grad is not None and p.grad.any()}
    assert moved <= {id(p) for p in learner.model.adapters.parameters("validation")} and moved
    learner.module.zero_grad()


def test_the_reference_s_verdicts_stay(model_folder: Path, lessons: list[Lesson]) -> None:
    learner = create(model_folder)
    learner.module.eval()
    judged = [lessons[2]]
    with pytest.raises(RuntimeError, match="freeze_reference"):
        learner.verdict_logits(judged, reference=True)
    learner.freeze_reference()
    with torch.no_grad():
        (before,) = learner.verdict_logits(judged)
        for parameter in learner.parameters_of(Role.VALIDATION):
            parameter.add_(0.1)
        (now,) = learner.verdict_logits(judged)
        (kept,) = learner.verdict_logits(judged, reference=True)
    assert before is not None and now is not None and kept is not None
    assert kept.item() == pytest.approx(before.item(), abs=1e-4)
    assert abs(now.item() - before.item()) > 1e-3
