"""A benchmark of six databases of one schema, and a learner small enough to train in a second.

The learner chooses one of a fixed list of statements by a bag of the question's words; a statement
is one token. Everything else is as the contract says, and learnt by real gradients.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import torch
from systems.advanced.codec.codec import Constraint, Cost, Partial
from systems.advanced.schema_graph.graph import SchemaGraph
from systems.advanced.task import Evidence, Linking, Role, Task
from systems.advanced.training.data import read_data
from systems.advanced.training.executors import executors
from systems.advanced.training.lessons import Lesson, Loss, Rollout
from systems.advanced.training.optimisation import Optimiser
from systems.advanced.training.options import TrainingOptions
from systems.advanced.training.work import Work
from torch.nn import functional as F

from t2s_bench.databases.schema import read_schema
from t2s_bench.runs.lock import Lock
from t2s_bench.training import Request, TrainingRun
from t2s_bench.types import Database, Question

QUESTIONS = (
    ("How many cities are there?", "SELECT count(*) FROM city", "easy"),
    ("List the names of all.", "SELECT name FROM city", "easy"),
    ("What is the largest size?", "SELECT max(size) FROM city", "medium"),
    ("Give the smallest one.", "SELECT min(size) FROM city", "medium"),
    ("Which identifiers have big towns?", "SELECT id FROM city WHERE size > 3", "hard"),
    ("Add up everything.", "SELECT sum(size) FROM city", "hard"),
)
WRONG = ("SELECT nmae FROM city", "SELECT 1", "DELETE FROM city", "SELECT id FROM city", "SELECT")
STATEMENTS = (*(gold for _, gold, _ in QUESTIONS), *WRONG)
BUCKETS = 64


def make_towns(folder: Path, databases: int = 6) -> Path:
    """Writes the benchmark."""
    lines: list[str] = []
    for number in range(databases):
        name = f"town{number}"
        path = folder / "databases" / name / f"{name}.sqlite"
        path.parent.mkdir(parents=True)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE city (id INTEGER PRIMARY KEY, name, size INTEGER)")
            connection.executemany(
                "INSERT INTO city (name, size) VALUES (?, ?)",
                [(f"n{n}", 10 * number + n + 2) for n in range(5 + number)],
            )
        for question, gold, difficulty in QUESTIONS:
            entry = {"db_id": name, "question": question, "gold": gold, "difficulty": difficulty}
            lines.append(json.dumps({"id": f"{name}-{len(lines)}", **entry}) + "\n")
    (folder / "questions.jsonl").write_text("".join(lines))
    return folder


def make_task(question: Question, database: Database) -> Task:
    """A task with an empty graph."""
    empty = np.zeros((0, 0), dtype=np.uint8)
    return Task(question, database, read_schema(database), SchemaGraph((), empty, empty))


class Net(torch.nn.Module):
    """Words → statements, words and statement → right, words → schema items."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.words = torch.nn.EmbeddingBag(BUCKETS, 16)
        self.dropout = torch.nn.Dropout(dropout)
        self.write = torch.nn.Linear(16, len(STATEMENTS))
        self.judge = torch.nn.Bilinear(16, len(STATEMENTS), 1)


class TinyLearner:
    """See `Learner`."""

    def __init__(self, seed: int = 0, dropout: float = 0.1) -> None:
        torch.manual_seed(seed)
        self.net = Net(dropout)
        self.reference: dict[str, torch.Tensor] = {}

    @property
    def module(self) -> torch.nn.Module:
        return self.net

    def parameters_of(self, role: Role) -> list[torch.nn.Parameter]:
        return list(self.net.parameters())

    def encoded(self, tasks: Sequence[Task]) -> torch.Tensor:
        bags = [
            [crc32(word.encode()) % BUCKETS for word in task.question.question.lower().split()]
            for task in tasks
        ]
        starts = np.cumsum([0, *map(len, bags[:-1])])
        flat = torch.tensor([word for bag in bags for word in bag])
        vectors: torch.Tensor = self.net.words(flat, torch.from_numpy(starts))
        return self.net.dropout(vectors)  # type: ignore[no-any-return]

    def scores(self, tasks: Sequence[Task]) -> torch.Tensor:
        return self.net.write(self.encoded(tasks)).log_softmax(-1)  # type: ignore[no-any-return]

    def logits(self, tasks: Sequence[Task], sqls: Sequence[str]) -> torch.Tensor:
        places = torch.tensor([STATEMENTS.index(sql) for sql in sqls], dtype=torch.long)
        chosen = F.one_hot(places, len(STATEMENTS))
        return self.net.judge(self.encoded(tasks), chosen.float()).squeeze(-1)  # type: ignore[no-any-return]

    def loss(self, lessons: Sequence[Lesson]) -> Loss:
        written = [one for one in lessons if one.role is not Role.VALIDATION]
        judged = [one for one in lessons if one.role is Role.VALIDATION and one.evidence]
        total, parts = torch.zeros(()), {}
        if written:
            targets = torch.tensor([STATEMENTS.index(one.example.golds[0]) for one in written])
            weights = torch.tensor([one.weight for one in written])
            each = F.nll_loss(self.scores([one.task for one in written]), targets, reduction="none")
            total = total + (each * weights).sum()
            parts["sql"] = float(each.mean().detach())
        if judged:
            sqls = [one.evidence.sql for one in judged if one.evidence]
            right = torch.tensor([float(one.right) for one in judged])
            logits = self.logits([one.task for one in judged], sqls)
            each = F.binary_cross_entropy_with_logits(logits, right, reduction="none")
            total = total + each.sum()
            parts["validation"] = float(each.mean().detach())
        return Loss(total / max(1, len(lessons)), parts, len(lessons))

    def rollouts(
        self, task: Task, role: Role, n: int, *, temperature: float, seed: int
    ) -> list[Rollout]:
        with torch.no_grad():
            scores = self.scores([task])[0]
        chance = torch.Generator().manual_seed(seed)
        drawn = torch.multinomial((scores / temperature).softmax(-1), n, True, generator=chance)
        return [
            Rollout(role, task, (place,), (float(scores[place]),), STATEMENTS[place])
            for place in drawn.tolist()
        ]

    def token_logprobs(self, rollouts: Sequence[Rollout]) -> list[torch.Tensor]:
        scores = self.scores([one.task for one in rollouts])
        return [row[list(one.tokens)] for row, one in zip(scores, rollouts, strict=True)]

    def reference_logprobs(self, rollouts: Sequence[Rollout]) -> list[torch.Tensor]:
        now = {name: value.clone() for name, value in self.net.state_dict().items()}
        self.net.load_state_dict(self.reference)
        found = self.token_logprobs(rollouts)
        self.net.load_state_dict(now)
        return found

    def verdict_logits(
        self, lessons: Sequence[Lesson], *, reference: bool = False
    ) -> list[torch.Tensor | None]:
        now = {name: value.clone() for name, value in self.net.state_dict().items()}
        if reference:
            self.net.load_state_dict(self.reference)
        sqls = [one.evidence.sql for one in lessons if one.evidence]
        logits = self.logits([one.task for one in lessons], sqls)
        if reference:
            self.net.load_state_dict(now)
        return [
            logit if one.evidence and one.evidence.runs else None
            for one, logit in zip(lessons, logits, strict=True)
        ]

    def freeze_reference(self) -> None:
        self.reference = {name: value.clone() for name, value in self.net.state_dict().items()}

    def policy(self) -> TinyPolicy:
        return TinyPolicy(self)

    def save(self, folder: Path) -> None:
        torch.save(self.net.state_dict(), folder / "net.pt")


class TinyPolicy:
    """See `Policy`."""

    def __init__(self, learner: TinyLearner) -> None:
        self.learner = learner

    def open(self, task: Task, linking: Linking | None = None) -> TinySession:
        return TinySession(self.learner, task)

    def link(self, task: Task) -> Linking:
        tables = task.schema.tables
        return Linking(
            tuple(0.9 for _ in tables), tuple(tuple(0.8 for _ in t.columns) for t in tables)
        )


class TinySession:
    """See `Session`."""

    def __init__(self, learner: TinyLearner, task: Task) -> None:
        self.learner = learner
        self.task = task
        self.cost = Cost()

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
        with torch.no_grad():
            scores = self.learner.scores([self.task])[0]
        order = scores.argsort(descending=True).tolist()
        if temperature:
            chance = torch.Generator().manual_seed(seed)
            drawn = torch.multinomial((scores / temperature).softmax(-1), n, generator=chance)
            order = drawn.tolist()
        found = [Partial((p,), STATEMENTS[p], float(scores[p]), True) for p in order[:n]]
        return [[] if partial.finished else found for partial in partials]

    def logprobs(self, sqls: Sequence[str]) -> list[float]:
        with torch.no_grad():
            scores = self.learner.scores([self.task])[0].tolist()
        return [scores[STATEMENTS.index(s)] if s in STATEMENTS else -math.inf for s in sqls]

    def values(self, partials: Sequence[Partial]) -> list[float]:
        return [0.5 for _ in partials]

    def judge(self, evidence: Sequence[Evidence]) -> list[float]:
        if not evidence:
            return []
        with torch.no_grad():
            sqls = [one.sql for one in evidence]
            return self.learner.logits([self.task] * len(sqls), sqls).tolist()

    def critique(self, evidence: Evidence) -> Constraint | None:
        return None


def small_options(towns: Path, **changes: Any) -> TrainingOptions:
    """Options under which the tiny learner learns the towns in a second or two."""
    values: dict[str, Any] = {
        "datasets": (str(towns),),
        "development_databases": 1,
        "calibration_databases": 2,
        "batch_size": 8,
        "learning_rate": 0.05,
        "later_learning_rate": 0.01,
        "grpo_learning_rate": 0.02,
        "warmup_steps": 2,
        "phase1_steps": 12,
        "expert_steps": 5,
        "search_questions": 6,
        "mcts_simulations": 6,
        "grpo_steps": 16,
        "grpo_questions": 4,
        "grpo_rollouts": 6,
        "phase3_steps": 4,
        "phase4_steps": 4,
        "clarification_iterations": 1,
        "refine_questions": 12,
        "log_every": 1,
        "checkpoint_every": 4,
        "num_gpus": 0,
        "length_buckets": False,
        "final_questions": 0,
    }
    return TrainingOptions(**{**values, **changes})


@contextmanager
def working(
    folder: Path,
    options: TrainingOptions,
    learner: TinyLearner,
    *,
    seed: int = 0,
    resume: bool = False,
    task: Callable[[Question, Database], Task] = make_task,
    phases: tuple[int, ...] = (1, 2, 3, 4),
) -> Iterator[Work]:
    """A training in progress in `folder`."""
    data = read_data(options, seed, folder.parent / "no_data")
    lock = Lock({"options": options.shown()}, {})
    with (
        TrainingRun(folder, lock, Request(phases), resume=resume) as run,
        executors(options, 1) as opened,
    ):
        yield Work(
            options,
            seed,
            run,
            data,
            learner,
            Optimiser(learner, options, seed),
            opened.rewarder,
            opened.scorer,
            opened.prober,
            task,
            lambda tasks: type(learner)(dropout=learner.net.dropout.p),
        )
