"""What every phase works with: learner, data, rewards, run; and the questions as tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from t2s_bench.errors import BadInput
from t2s_bench.scoring import Scorer
from t2s_bench.training import TrainingRun
from t2s_bench.types import Database, Example, Question

from ..evidence import Prober
from ..task import Role, Task
from .data import Data
from .lessons import Learner, Lesson
from .optimisation import Optimiser
from .options import TrainingOptions
from .rewards import Level, Rewarder

if TYPE_CHECKING:
    from ..codec.chat_learner import ChatLearner
    from .loop import Stage

Item = TypeVar("Item")
MakeTask = Callable[[Question, Database], Task]
MakeLearner = Callable[[Sequence[Task]], Learner]
Tracker = Callable[[Mapping[str, float], int], None]


@dataclass
class Work:
    """One training in progress; `make_learner` makes a new one as the first was, of given tasks."""

    options: TrainingOptions
    seed: int
    run: TrainingRun
    data: Data
    learner: Learner
    optimiser: Optimiser
    rewarder: Rewarder
    scorer: Scorer
    prober: Prober
    make_task: MakeTask
    make_learner: MakeLearner
    report: Tracker = lambda values, step: None
    _tasks: dict[tuple[str, str], Task] = field(default_factory=dict)
    _done: dict[int, dict[str, int]] = field(default_factory=dict)

    @property
    def chat(self) -> ChatLearner | None:
        """The learner, where it is a pretrained chat model."""
        from ..codec.chat_learner import ChatLearner

        return self.learner if isinstance(self.learner, ChatLearner) else None

    def fit_length(self) -> None:
        """Leaves out training examples longer than `max_length`; raises BadInput if all are."""
        fits = [self.tokens(example) <= self.options.max_length for example in self.data.train]
        if not any(fits):
            raise BadInput(
                f"no training example has at most max_length={self.options.max_length} tokens"
            )
        pairs = list(zip(self.data.train, self.data.weights, strict=True))
        kept = [pair for pair, one in zip(pairs, fits, strict=True) if one]
        if len(kept) < len(pairs):
            self.run.log(f"{len(pairs) - len(kept)} examples are longer than max_length: left out")
        train, weights = zip(*kept, strict=True)
        self.data = replace(self.data, train=train, weights=weights)

    def tokens(self, example: Example) -> int:
        """Tokens of the SQL role's prompt and of the gold."""
        task, chat = self.task(example), self.chat
        if chat is None:
            return len(task.graph.items) + len(example.golds[0]) // 4
        prompt, _ = chat.model.tokens_of(chat.policy().view(task, None).prompt(Role.SQL))
        return len(prompt) + len(chat.model.tokenizer(example.golds[0])["input_ids"])

    def padded(self, example: Example) -> int:
        """The length by which examples share a batch; of the small model the graph's items alone.

        What its encoder pays for padding grows with the square of the items, and its SQL is short.
        """
        return len(self.task(example).graph.items) if self.chat is None else self.tokens(example)

    def task(self, example: Example) -> Task:
        """An example's task, made once."""
        assert example.database is not None
        key = (example.database.digest, f"{example.question.question}\0{example.question.evidence}")
        if key not in self._tasks:
            self._tasks[key] = self.make_task(example.question, example.database)
        return self._tasks[key]

    def steps_before(self, stage: Stage[Any]) -> int:
        """Steps of the phase's earlier stages, for counting on in metrics.jsonl."""
        done = self._done.setdefault(stage.phase, {})
        before = sum(steps for name, steps in done.items() if name != stage.name)
        done[stage.name] = stage.steps
        return before

    def phase_steps(self, phase: int) -> int:
        """Steps of all stages of a phase so far."""
        return sum(self._done.get(phase, {}).values())

    def right(self, asked: Sequence[tuple[Example, str]]) -> list[bool | None]:
        """Whether each statement is right for its example; None where the gold is broken."""
        return [
            reward.level is Level.RIGHT if reward.known else None for reward in self.rewarder(asked)
        ]

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that are trained."""
        if self.options.use_multi_agent_rl:
            return (Role.SCHEMA, Role.SQL, Role.VALIDATION)
        return (Role.SQL,)

    def batch_of_all(self) -> int:
        """Examples in a step, over all devices."""
        options = self.options
        return options.batch_size * options.gradient_accumulation_steps * self.optimiser.processes

    def mine(self, groups: Sequence[Sequence[Item]]) -> list[list[Item]]:
        """This process's part of a step's groups, put into batches of at most `batch_size` items.

        Neighbours go to different processes, so all have about as long examples. A group stays in
        one batch unless it is larger than that.
        """
        size = self.options.batch_size
        batches: list[list[Item]] = []
        for group in groups[self.optimiser.place :: self.optimiser.processes]:
            for at in range(0, len(group), size):
                part = group[at : at + size]
                if not batches or len(batches[-1]) + len(part) > size:
                    batches.append([])
                batches[-1] += part
        return batches


def describe_lesson(lesson: Lesson) -> Mapping[str, object]:
    """A lesson as a batch that has to be saved shows it."""
    return {
        "role": str(lesson.role),
        "id": lesson.example.id,
        "question": lesson.task.question.question,
        "database": lesson.task.database.id,
        "gold": lesson.example.golds[0],
        "candidate": lesson.evidence.sql if lesson.evidence else None,
        "right": lesson.right,
        "weight": lesson.weight,
    }
