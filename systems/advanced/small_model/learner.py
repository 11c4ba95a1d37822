"""The small model as the trainer sees it: losses of the three roles, rollouts, their chances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch.nn import functional as F

from ..codec.pointer.decode import Malformed, decode
from ..codec.pointer.encode import Inexpressible, encode
from ..codec.pointer.grammar import State
from ..codec.pointer.vocabulary import BEGIN, END
from ..schema_graph.graph import Kind
from ..schema_graph.lexical import lexical_linking
from ..task import Role, Task
from ..training.lessons import Lesson, Loss, Rollout
from .configuration import SmallConfig
from .critic import marks, padded
from .generation import Row, Writer
from .inputs import Batch, Inputs, make_batch, make_inputs
from .model import SmallModel
from .session import SmallPolicy, item_log_odds, task_batch
from .stepping import Voice
from .word_table import WordTable

LABEL_SMOOTHING = 0.02
# A share of the rarer words is read as unknown, so that unknown words mean something. The most
# frequent ones ("than", "least") are spared.
WORD_DROPOUT = 0.15
SPARED_WORDS = 150
# The schema role's share of the loss: the alignment of question and schema.
ALIGNMENT = 0.3


@dataclass(frozen=True)
class Prepared:
    """A task as arrays, the gold's tokens, and which items it uses."""

    inputs: Inputs
    tokens: tuple[int, ...]
    used: torch.Tensor


class SmallLearner:
    """Trains a `SmallModel`; a statement that the codec cannot express teaches nothing."""

    def __init__(self, model: SmallModel) -> None:
        self.model = model
        self._prepared: dict[tuple[str, str, str], Prepared | None] = {}
        self._candidates: dict[tuple[str, str, str], tuple[int, ...] | None] = {}
        self._inputs_of: dict[tuple[str, str], Inputs] = {}
        self._reference: SmallModel | None = None

    @classmethod
    def from_lessons(cls, config: SmallConfig, tasks: Iterable[Task]) -> SmallLearner:
        """A new model whose words are those of the tasks' questions and schemas."""
        words = WordTable.trained(
            (item.words for task in tasks for item in task.graph.items), config.ngram_buckets
        )
        config = replace(config, words=len(words.known))
        return cls(SmallModel(config, words))

    @property
    def module(self) -> torch.nn.Module:
        """All weights."""
        return self.model

    @property
    def device(self) -> torch.device:
        """Where the weights are, and all that is computed with them."""
        return next(self.model.parameters()).device

    def parameters_of(self, role: Role) -> list[torch.nn.Parameter]:
        """The critic is the validation role's own; the others share the rest."""
        if role is Role.VALIDATION:
            return list(self.model.critic.parameters())
        return [*self.model.encoder.parameters(), *self.model.decoder.parameters()]

    def prepared(self, lesson: Lesson) -> Prepared | None:
        """Arrays of a lesson's gold, made once; None where the codec cannot express it."""
        sql = lesson.example.golds[0]
        key = (lesson.task.database.digest, lesson.task.question.question, sql)
        if key not in self._prepared:
            self._prepared[key] = self._prepare(lesson.task, sql)
        return self._prepared[key]

    def loss(self, lessons: Sequence[Lesson]) -> Loss:
        """The mean over the batch; each role's part by its name.

        Tokens count those of SQL and of judged candidates.
        """
        written = [lesson for lesson in lessons if lesson.role is not Role.VALIDATION]
        judged = [lesson for lesson in lessons if lesson.role is Role.VALIDATION]
        parts: dict[str, float] = {}
        total = torch.zeros((), device=self.device)
        tokens = 0
        if written:
            loss, more, tokens = self._written_loss(written)
            total = total + loss
            parts |= more
        if judged:
            loss, more, count = self._judged_loss(judged)
            total = total + loss
            parts |= more
            tokens += count
        return Loss(total, parts, tokens)

    def _written_loss(
        self, lessons: Sequence[Lesson]
    ) -> tuple[torch.Tensor, dict[str, float], int]:
        known = [(lesson, self.prepared(lesson)) for lesson in lessons]
        pairs = [(lesson, one) for lesson, one in known if one is not None]
        if not pairs:
            return torch.zeros((), device=self.device), {}, 0
        device = self.device
        ready = [one for _, one in pairs]
        made = make_batch([one.inputs for one in ready], self.model.words).to(device)
        batch = self._with_word_dropout(made)
        memory, relevance = self.model.remember(batch)
        statements, lengths = padded([(BEGIN, *one.tokens) for one in ready], device)
        states, _ = self.model.decoder.states(statements[:, :-1], memory)
        logits = self.model.decoder.logits(states, memory)
        # Padded items count as classes of no chance; smoothing must not spread onto them.
        targets = statements[:, 1:].clone()
        real = torch.arange(targets.shape[1], device=device) < (lengths - 1)[:, None]
        weights = torch.tensor([lesson.weight for lesson, _ in pairs], device=device)
        teaches = torch.tensor([lesson.role is Role.SQL for lesson, _ in pairs], device=device)
        share = real * (weights * teaches)[:, None]
        logprobs = logits.log_softmax(-1)
        nll = -logprobs.gather(2, targets[..., None]).squeeze(-1)
        possible = memory.bias[:, None] > -1e8
        spread = -(logprobs * possible).sum(-1) / possible.sum(-1)
        loss = ((1 - LABEL_SMOOTHING) * nll + LABEL_SMOOTHING * spread) * share
        sql = loss.sum() / share.sum().clamp(min=1)
        right = ((logits.argmax(-1) == targets) | ~real).all(1).float().mean()
        used = torch.zeros(relevance.shape)
        for row, one in enumerate(ready):
            used[row, : len(one.used)] = one.used
        used = used.to(device)
        schema = (batch.kinds == 1) | (batch.kinds == 2)
        schema &= batch.mask
        aligned = F.binary_cross_entropy_with_logits(
            relevance, used, reduction="none", pos_weight=torch.tensor(3.0, device=device)
        )
        alignment = (aligned * schema).sum() / schema.sum()
        total = sql + ALIGNMENT * alignment if self.model.config.typed else sql
        return (
            total,
            {
                "sql": float(sql.detach()),
                "schema": float(alignment.detach()),
                "exact": float(right),
            },
            int(share.sum()),
        )

    def _judged_loss(self, lessons: Sequence[Lesson]) -> tuple[torch.Tensor, dict[str, float], int]:
        """Binary cross-entropy, and the pairwise one between right and wrong of one question."""
        read = [(lesson, self._candidate(lesson)) for lesson in lessons]
        pairs = [(lesson, tokens) for lesson, tokens in read if tokens is not None]
        if not pairs:
            return torch.zeros((), device=self.device), {}, 0
        logits, values, task_of, lengths = self._judged(self.model, pairs, dropout=True)
        right = torch.tensor([float(lesson.right) for lesson, _ in pairs], device=self.device)
        weights = torch.tensor([lesson.weight for lesson, _ in pairs], device=self.device)
        single = F.binary_cross_entropy_with_logits(logits, right, weights)
        same = task_of[:, None] == task_of[None, :]
        better = same & (right[:, None] > right[None, :])
        loss, parts = single, {"validation": float(single.detach())}
        if better.any():
            # Every question counts once, however many pairs it has.
            count = better.sum(1, keepdim=True).float()
            of_task = count.new_zeros(len(pairs)).index_add(0, task_of, count.squeeze(1))[task_of]
            share = better / of_task.clamp(min=1)[:, None]
            margins = logits[:, None] - logits[None, :]
            preference = (F.softplus(-margins) * share).sum() / share.sum()
            preferred = ((margins > 0) * share).sum() / share.sum()
            loss = loss + preference
            parts |= {"preference": float(preference.detach()), "preferred": float(preferred)}
        # Every beginning of a statement, the empty one too, by whether the statement is right.
        real = torch.arange(values.shape[1], device=self.device) <= lengths[:, None]
        each = F.binary_cross_entropy_with_logits(
            values, right[:, None].expand_as(values), reduction="none"
        )
        spread = real * (weights / (lengths + 1))[:, None]
        value = (each * spread).sum() / spread.sum().clamp(min=1e-6)
        parts["value"] = float(value.detach())
        return loss + value, parts, int(lengths.sum())

    def verdict_logits(
        self, lessons: Sequence[Lesson], *, reference: bool = False
    ) -> list[torch.Tensor | None]:
        """See `Learner`; none for a statement that failed or that the codec cannot express."""
        model = self._frozen() if reference else self.model
        read = [(lesson, self._candidate(lesson)) for lesson in lessons]
        pairs = [(lesson, tokens) for lesson, tokens in read if tokens is not None]
        if not pairs:
            return [None] * len(lessons)
        found = iter(self._judged(model, pairs, dropout=False)[0])
        return [None if tokens is None else next(found) for _, tokens in read]

    def _judged(
        self, model: SmallModel, pairs: Sequence[tuple[Lesson, tuple[int, ...]]], *, dropout: bool
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits of statements and of their beginnings, each one's task, and their lengths."""
        places: dict[tuple[str, str], int] = {}
        tasks = []
        for lesson, _ in pairs:
            key = (lesson.task.database.digest, lesson.task.question.question)
            if key not in places:
                places[key] = len(places)
                tasks.append(self._task_inputs(lesson.task, key))
        device = self.device
        task_of = torch.tensor(
            [places[one.task.database.digest, one.task.question.question] for one, _ in pairs],
            device=device,
        )
        statements, lengths = padded([tokens for _, tokens in pairs], device)
        told = torch.tensor(
            [
                marks(lesson.evidence, lesson.logprob, lesson.best, tokens, lesson.task.graph)
                for lesson, tokens in pairs
                if lesson.evidence is not None
            ],
            device=device,
        )
        batch = make_batch(tasks, model.words).to(device)
        if dropout:
            batch = self._with_word_dropout(batch)
        memory = model.critic.remember(batch).take(task_of)
        logits, values = model.critic(memory, statements, lengths, told)
        return logits, values, task_of, lengths

    def _candidate(self, lesson: Lesson) -> tuple[int, ...] | None:
        """The tokens of a candidate that ran; others need no learning to be refused."""
        if lesson.evidence is None or not lesson.evidence.runs:
            return None
        key = (lesson.task.database.digest, lesson.task.question.question, lesson.evidence.sql)
        if key not in self._candidates:
            try:
                tokens = encode(lesson.evidence.sql, lesson.task.schema, lesson.task.graph)
            except Inexpressible:
                self._candidates[key] = None
            else:
                fits = len(tokens) < self.model.config.longest_sql - 1
                self._candidates[key] = tokens if fits else None
        return self._candidates[key]

    def _task_inputs(self, task: Task, key: tuple[str, str]) -> Inputs:
        if key not in self._inputs_of:
            self._inputs_of[key] = self._inputs(task)
        return self._inputs_of[key]

    def rollouts(
        self, task: Task, role: Role, n: int, *, temperature: float, seed: int
    ) -> list[Rollout]:
        """Samples whole statements; their log-probabilities are at temperature 1, unmasked."""
        self.model.eval()
        with torch.inference_mode():
            batch = task_batch(self.model, task)
            memory, _ = self.model.remember(batch)
            voice = Voice(self.model.decoder, memory)
            writer = Writer([voice], BEGIN, self.model.config.longest_sql - 1)
            start = Row((), State.start(task.graph), 0.0, 0, 0)
            (rows,) = writer.sample(
                [start], n, lambda row: row.tokens[-1] == END, None, temperature, seed
            )
        found = [Rollout(role, task, row.tokens, ()) for row in rows]
        with torch.inference_mode():
            logprobs = self._token_logprobs(self.model, found)
        out = []
        for rollout, scores in zip(found, logprobs, strict=True):
            try:
                sql = decode(rollout.tokens, task.schema, task.graph)
            except Malformed:
                sql = ""
            out.append(replace(rollout, logprobs=tuple(scores.tolist()), sql=sql))
        return out

    def token_logprobs(self, rollouts: Sequence[Rollout]) -> list[torch.Tensor]:
        """See `Learner`."""
        return self._token_logprobs(self.model, rollouts)

    def reference_logprobs(self, rollouts: Sequence[Rollout]) -> list[torch.Tensor]:
        """See `Learner`; raises RuntimeError before `freeze_reference`."""
        with torch.no_grad():
            return self._token_logprobs(self._frozen(), rollouts)

    def freeze_reference(self) -> None:
        """Keeps a copy of the weights of now."""
        self._reference = deepcopy(self.model).eval()

    def _frozen(self) -> SmallModel:
        if self._reference is None:
            raise RuntimeError("freeze_reference was not called")
        return self._reference

    def policy(self) -> SmallPolicy:
        """The model of now; it is left in inference mode."""
        return SmallPolicy(self.model)

    def save(self, folder: Path) -> None:
        """See `SmallModel.save`."""
        self.model.save(folder)

    def _token_logprobs(self, model: SmallModel, rollouts: Sequence[Rollout]) -> list[torch.Tensor]:
        if not rollouts:
            return []
        inputs = [self._inputs(rollout.task) for rollout in rollouts]
        memory, _ = model.remember(make_batch(inputs, model.words).to(self.device))
        statements, lengths = padded(
            [(BEGIN, *rollout.tokens) for rollout in rollouts], self.device
        )
        states, _ = model.decoder.states(statements[:, :-1], memory)
        logprobs = model.decoder.logits(states, memory).log_softmax(-1)
        chosen = logprobs.gather(2, statements[:, 1:, None]).squeeze(-1)
        return [row[: length - 1] for row, length in zip(chosen, lengths.tolist(), strict=True)]

    def _inputs(self, task: Task) -> Inputs:
        relevance = None
        if not self.model.config.typed:
            relevance = item_log_odds(task.graph, lexical_linking(task))
        longest = self.model.config.longest_question
        return make_inputs(task.graph, self.model.words, relevance, longest)

    def _prepare(self, task: Task, sql: str) -> Prepared | None:
        try:
            tokens = encode(sql, task.schema, task.graph)
        except Inexpressible:
            return None
        if len(tokens) > self.model.config.longest_sql - 1:
            return None
        first = self.model.config.vocabulary
        used = torch.zeros(len(task.graph.items))
        for token in tokens:
            if token >= first:
                used[token - first] = 1.0
                item = task.graph.items[token - first]
                if item.kind is Kind.COLUMN:
                    used[task.graph.table_items[item.table]] = 1.0
        return Prepared(self._inputs(task), tokens, used)

    def _with_word_dropout(self, batch: Batch) -> Batch:
        if not self.model.training:
            return batch
        # torch's chance, which the trainer seeds at every step.
        dropped = torch.rand(len(batch.ids), device=batch.ids.device) < WORD_DROPOUT
        return replace(batch, ids=batch.ids.masked_fill(dropped & (batch.ids > SPARED_WORDS), 0))
