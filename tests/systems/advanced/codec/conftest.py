"""A small database, tasks on it, and a tiny chat model that has learnt to answer them."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from systems.advanced.schema_graph.build import TaskMaker
from systems.advanced.task import Evidence, Role, Task
from systems.advanced.training.lessons import Lesson
from tests.systems.advanced.tiny_qwen import make_folder

from t2s_bench.types import Database, Example, Question

PAIRS = [
    ("How many singers are there?", "SELECT count(*) FROM singer"),
    ("Names of singers from France?", "SELECT name FROM singer WHERE country = 'France'"),
    ("Names of singers, oldest first?", "SELECT name FROM singer ORDER BY age DESC"),
]
STEPS = 80
# First and last steps with lower rates: what is learnt must not hang on the processor's rounding.
WARM_UP, COOL_DOWN = 10, 20
WRONG = "SELECT age FROM singer"


@dataclass(frozen=True)
class Learnt:
    learner: Any
    tasks: list[Task]
    lessons: list[Lesson]
    first: Any
    last: Any


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    path = tmp_path_factory.mktemp("singers") / "singers.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE singer (id INTEGER PRIMARY KEY, name TEXT, country TEXT, age INTEGER);"
        'CREATE TABLE "song list" (id INTEGER PRIMARY KEY, "order" TEXT,'
        " singer_id INTEGER REFERENCES singer (id));"
        "INSERT INTO singer (name, country, age) VALUES"
        " ('Ada', 'France', 30), ('Bo', 'France', 40), ('Cy', 'Norway', 50);"
    )
    connection.close()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Database("singers", (path,), digest, digest)


@pytest.fixture(scope="session")
def tasks(database: Database) -> Iterator[list[Task]]:
    maker = TaskMaker()
    yield [
        maker.task(Question(str(n), question, "singers"), database)
        for n, (question, _) in enumerate(PAIRS)
    ]
    maker.close()


@pytest.fixture
def task(tasks: list[Task]) -> Task:
    return tasks[1]


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory, tasks: list[Task]) -> Path:
    """Merges of the prompts' own words make them a third as long, and learning as fast."""
    from systems.advanced.codec.chat_prompts import ChatSettings, view

    shown = [view(task, None, ChatSettings()) for task in tasks]
    texts = [one.prompt(role).messages[0][1] for one in shown for role in Role]
    texts += [sql for _, sql in PAIRS] * 5
    return make_folder(tmp_path_factory.mktemp("qwen2"), texts=texts, hidden=64, spread=0.3)


def lessons_of(tasks: list[Task]) -> list[Lesson]:
    """For each task its SQL, its schema, and a right and a wrong candidate."""
    found = []
    for number, (task, (_, gold)) in enumerate(zip(tasks, PAIRS, strict=True)):
        example = Example(task.question, (gold,), "easy", task.database)
        right = Evidence(gold, ("rows", number), 2, 1, shown=(("Ada",), ("Bo",)))
        wrong = Evidence(WRONG, ("ages",), 3, 1, shown=((30,), (40,)))
        found += [
            Lesson(Role.SQL, task, example),
            Lesson(Role.SCHEMA, task, example),
            Lesson(Role.VALIDATION, task, example, right, True),
            Lesson(Role.VALIDATION, task, example, wrong, False),
        ]
    return found


@pytest.fixture(scope="session")
def learnt(model_folder: Path, tasks: list[Task]) -> Learnt:
    torch = pytest.importorskip("torch")
    from systems.advanced.codec.chat_learner import ChatLearner, ChatSize
    from systems.advanced.codec.chat_prompts import ChatSettings
    from systems.advanced.language_model.adapters import Lora
    from systems.advanced.language_model.loading import LocalOptions

    # Else the adapters begin as the tests before left chance, and one such beginning in two has not
    # learnt to link in these steps.
    torch.manual_seed(0)
    learner = ChatLearner.create(
        LocalOptions(str(model_folder), dtype="float32", device="cpu"),
        ChatSettings(examples=1, max_sql_tokens=80),
        ChatSize(Lora(rank=32, alpha=64)),
    )
    lessons = lessons_of(tasks)
    heads = list(learner.heads.parameters())
    adapters = [p for role in Role for p in learner.model.adapters.parameters(role.value)]
    rates = [3e-3, 3e-2]
    optimiser = torch.optim.AdamW([{"params": adapters}, {"params": heads}])
    learner.module.train()
    losses = []
    for step in range(STEPS):
        loss = learner.loss(lessons)
        losses.append(loss.parts)
        optimiser.zero_grad()
        torch.autograd.backward(loss.total)
        torch.nn.utils.clip_grad_norm_(adapters, 1.0)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, (step + 1) / WARM_UP, (STEPS - step) / COOL_DOWN)
        optimiser.step()
    return Learnt(learner, tasks, lessons, losses[0], losses[-1])
