from __future__ import annotations

import pytest
import torch
from systems.advanced.codec.pointer.encode import encode
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.small_model.critic import MARKS, padded
from systems.advanced.small_model.judging import Judging, Tokens
from systems.advanced.small_model.learner import SmallLearner
from systems.advanced.small_model.model import SmallModel
from systems.advanced.small_model.session import task_batch
from systems.advanced.task import Task
from tests.systems.advanced.tiny_small import tiny_config

from t2s_bench.benchmarks.benchmark import load

CONFIG = tiny_config(decoder_layers=2, dropout=0.0)


@pytest.fixture(scope="module")
def task() -> Task:
    mini, maker = load("mini"), TaskMaker()
    example = mini.examples[0]
    made = maker.task(example.question, mini.databases[example.question.database])
    maker.close()
    return made


@pytest.fixture(scope="module")
def model(task: Task) -> SmallModel:
    torch.manual_seed(0)
    return SmallLearner.from_lessons(CONFIG, [task]).model.eval()


@pytest.fixture(scope="module")
def statements(task: Task) -> list[Tokens]:
    table = task.schema.tables[0]
    sqls = [
        f"SELECT {column.name} FROM {table.name} ORDER BY {column.name} LIMIT 1"
        for column in table.columns[:3]
    ]
    sqls.append(f"SELECT count(*) FROM {table.name}")
    return [tuple(encode(sql, task.schema, task.graph)) for sql in sqls]


def test_values_and_verdicts_are_those_of_reading_each_statement_anew(
    model: SmallModel, task: Task, statements: list[Tokens]
) -> None:
    told = [[0.1 * n] * MARKS for n in range(len(statements))]
    batch = task_batch(model, task)
    tokens, lengths = padded(statements)
    with torch.inference_mode():
        memory = model.critic.remember(batch).shared_by(len(statements))
        verdicts, values = model.critic(memory, tokens, lengths, torch.tensor(told))
    judging = Judging(model.critic, batch)
    begun = [one[:length] for one in statements for length in (0, 2, len(one))]
    expected = [
        float(torch.sigmoid(values[number, length]))
        for number, one in enumerate(statements)
        for length in (0, 2, len(one))
    ]
    # In parts, so that most is known from before.
    found = judging.values(begun[::2]) + judging.values(begun[1::2])
    assert found == pytest.approx(expected[::2] + expected[1::2], abs=1e-5)
    assert judging.verdicts(statements, told) == pytest.approx(verdicts.tolist(), abs=1e-4)


def test_each_beginning_is_read_once(
    model: SmallModel, task: Task, statements: list[Tokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = Judging(model.critic, task_batch(model, task))
    judging.values(statements)
    assert judging.tokens == len({one[:n] for one in statements for n in range(1, len(one) + 1)})
    monkeypatch.setattr(model.critic, "decoder", None)
    judging.values([one[:3] for one in statements])
    judging.verdicts(statements, [[0.0] * MARKS] * len(statements))
