"""A pretrained model as the trainer sees it: what its roles learn, and the heads beside them.

Roles learn an adapter each, or the weights themselves together (`role_weights.py`). What it
deliberately does not do: rollouts of the validation role, which has nothing to judge in a task
alone; it learns from executed candidates (lessons), and its verdicts on them are drawn by
`verdict_logits`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from t2s_bench.errors import BadInput

from ..language_model.adapters import Lora
from ..language_model.loading import LocalOptions, load_tokenizer
from ..language_model.model import LanguageModel, Prompt, Written
from ..language_model.sql_tokenizer import Extension, extend, grow
from ..language_model.transformers import TransformersModel
from ..schema_graph.disambiguator import Disambiguator
from ..task import Role, Task
from ..training.lessons import Lesson, Loss, Rollout
from .chat import ANSWER_TOKENS, ChatPolicy, Linker
from .chat_answers import BLOCK_STOP, block
from .chat_prompts import NO, YES, ChatSettings, verdict_prefix
from .chat_samples import Passed, Sample, answer_of, run, sql_answer
from .clauses import END_STOP, statement
from .heads import Heads
from .role_weights import ADAPTERS, MODEL, RoleAdapters, RoleWeights, SharedWeights
from .served_rollouts import Answer, ServedRollouts

FILE = "chat.json"
LINKER = "linker"


@dataclass(frozen=True)
class ChatSize:
    """What is learnt: the adapters' size (None: all weights), and the size of schema nodes.

    `schema_size` 0: there is no graph network.

    `sql_tokens` extends the tokenizer (see `sql_tokenizer.py`).
    """

    lora: Lora | None = Lora()
    schema_size: int = 0
    sql_tokens: bool = False


class ChatModule(nn.Module):
    """All weights in one module."""

    def __init__(self, causal: nn.Module, heads: Heads) -> None:
        super().__init__()
        self.causal = causal
        self.heads = heads


class ChatLearner:
    """Trains the three roles on one `TransformersModel`.

    With a `server`, rollouts are written there.
    """

    def __init__(
        self,
        model: TransformersModel,
        settings: ChatSettings,
        size: ChatSize,
        extension: Extension | None = None,
        linker: Linker | None = None,
        heads: Heads | None = None,
    ) -> None:
        self.model = model
        self.settings = settings
        self.size = size
        self.linker = linker
        self.heads = (heads or Heads(model.hidden_size, size.schema_size)).to(model.device)
        self._extension = extension
        new_tokens = extension.tokens if extension is not None else ()
        self._weights: RoleWeights = (
            SharedWeights(model)
            if size.lora is None
            else RoleAdapters(model, size.lora, new_tokens)
        )
        self.server: ServedRollouts | None = None
        self._module = ChatModule(model.causal, self.heads)
        self._reference_heads: Heads | None = None
        self._prompts: dict[tuple[str, str, str, Role], tuple[Prompt, Sample]] = {}

    @classmethod
    def create(
        cls,
        options: LocalOptions,
        settings: ChatSettings = ChatSettings(),  # noqa: B008 (frozen)
        size: ChatSize = ChatSize(),  # noqa: B008 (frozen)
        linker: Linker | None = None,
    ) -> ChatLearner:
        """Loads a model; adapters change nothing yet."""
        model = TransformersModel.load(options)
        extension = None
        if size.sql_tokens:
            extension = extend(model.tokenizer)
            grow(model.causal, extension)
        return cls(model, settings, size, extension, linker)

    @classmethod
    def load(
        cls, folder: Path, options: LocalOptions | None = None, linker: Linker | None = None
    ) -> ChatLearner:
        """What `save` wrote; `options` changes where and how the base model is loaded.

        A linker that is given goes before one that was saved.
        """
        try:
            said: dict[str, Any] = json.loads((folder / FILE).read_text())
        except (OSError, ValueError) as error:
            raise BadInput(f"{folder} holds no trained chat model: {error}") from error
        local = options or LocalOptions(**said["options"])
        lora = said["size"]["lora"]
        if lora is None:
            local = replace(local, model=str(folder / MODEL))
        model = TransformersModel.load(local)
        extension = None
        if said["extension"] is not None:
            extension = Extension(
                tuple(said["extension"]["texts"]),
                tuple(said["extension"]["tokens"]),
                tuple(map(tuple, said["extension"]["pieces"])),
            )
            if lora is not None:
                model.tokenizer = load_tokenizer(str(folder / "tokenizer"))
                grow(model.causal, extension)
        for role in Role if lora is not None else ():
            model.adapters.load(role.value, folder / ADAPTERS / role.value)
        if linker is None and (folder / LINKER).is_dir():
            linker = Disambiguator.load(folder / LINKER, model.embed)
        size = ChatSize(**{**said["size"], "lora": None if lora is None else Lora(**lora)})
        settings = ChatSettings(**said["settings"])
        return cls(model, settings, size, extension, linker, Heads.load(folder))

    @property
    def module(self) -> nn.Module:
        """All weights; where there are adapters, only they and the heads take gradients."""
        return self._module

    def parameters_of(self, role: Role) -> list[nn.Parameter]:
        """What the role learns; the SQL role also has the heads."""
        own = self._weights.parameters(role)
        return [*own, *self.heads.parameters()] if role is Role.SQL else own

    def loss(self, lessons: Sequence[Lesson]) -> Loss:
        """The sum of the roles' mean losses a token.

        Parts: `sql`, `schema`, `validation` (the verdict), `critique`, and `value`: the value head
        on every prefix of judged candidates, by whether the candidate is right.
        """
        parts: dict[str, torch.Tensor] = {}
        tokens = 0
        for role in Role:
            own = [lesson for lesson in lessons if lesson.role is role]
            if own:
                tokens += self._role_loss(role, own, parts)
        judged = [one for one in lessons if one.role is Role.VALIDATION and one.evidence]
        if judged:
            parts["value"] = self._value_loss(judged)
        total = sum(parts.values(), torch.zeros((), device=self.model.device))
        return Loss(total, {name: float(part.detach()) for name, part in parts.items()}, tokens)

    def rollouts(
        self, task: Task, role: Role, n: int, *, temperature: float, seed: int
    ) -> list[Rollout]:
        """See `Learner`; of the schema role, `sql` is its list as text."""
        return self.rollouts_of([task], role, n, temperature=temperature, seeds=[seed])[0]

    def rollouts_of(
        self,
        tasks: Sequence[Task],
        role: Role,
        n: int,
        *,
        temperature: float,
        seeds: Sequence[int],
    ) -> list[list[Rollout]]:
        """`rollouts` of several tasks, each with its seed; a server writes them at once."""
        if role is Role.VALIDATION:
            raise ValueError("the validation role learns from lessons, not from rollouts")
        was = self._module.training
        self._module.eval()
        prompts = [self._prompt(task, role, fresh=True)[0] for task in tasks]
        longest = self.settings.max_sql_tokens if role is Role.SQL else ANSWER_TOKENS
        stop = END_STOP if role is Role.SQL else BLOCK_STOP
        written: list[Sequence[Written | Answer]] = []
        if self.server is not None:
            written += self.server.write(
                prompts,
                role,
                n,
                temperature=temperature,
                seeds=seeds,
                max_tokens=longest,
                stop=stop,
            )
        else:
            for prompt, seed in zip(prompts, seeds, strict=True):
                (reading,) = self.model.read([prompt], self._weights.names[role])
                written += reading.generate(
                    [()], n, temperature=temperature, seed=seed, max_tokens=longest, stop=stop
                )
        found = [
            [
                Rollout(
                    role,
                    task,
                    one.tokens,
                    one.logprobs or (),
                    statement(one.text) if role is Role.SQL else block(one.text).strip(),
                )
                for one in answers
            ]
            for task, answers in zip(tasks, written, strict=True)
        ]
        found = [self._with_logprobs(group) for group in found]
        self._module.train(was)
        return found

    def token_logprobs(self, rollouts: Sequence[Rollout]) -> list[torch.Tensor]:
        """See `Learner`."""
        return self._token_logprobs(rollouts, self.heads, reference=False)

    def reference_logprobs(self, rollouts: Sequence[Rollout]) -> list[torch.Tensor]:
        """See `Learner`; raises RuntimeError before `freeze_reference`."""
        with torch.no_grad():
            return self._token_logprobs(rollouts, self._kept_heads(), reference=True)

    def verdict_logits(
        self, lessons: Sequence[Lesson], *, reference: bool = False
    ) -> list[torch.Tensor | None]:
        """See `Learner`: Yes minus No, as in `judge`; none for a statement that fails."""
        heads = self._kept_heads() if reference else self.heads
        model, adapter = self.model, self._weights.names[Role.VALIDATION]
        if reference:
            model, adapter = self._weights.reference(Role.VALIDATION)
        found: list[torch.Tensor | None] = [None] * len(lessons)
        samples, places, lengths = [], [], []
        for place, lesson in enumerate(lessons):
            if lesson.evidence is None or not lesson.evidence.runs:
                continue
            places.append(place)
            prefix = self.model.encode(verdict_prefix(lesson.evidence))
            for word in (YES, NO):
                verdict = self.model.encode(f" {word}")
                sample = self._sample(lesson.task, Role.VALIDATION, heads)
                samples.append(replace(sample, answer=(*prefix, *verdict)))
                lengths.append(len(verdict))
        if samples:
            passed = run(model, samples, adapter)
            odds = [
                logprobs[len(logprobs) - length :].sum()
                for logprobs, length in zip(passed.logprobs, lengths, strict=True)
            ]
            for number, place in enumerate(places):
                found[place] = odds[2 * number] - odds[2 * number + 1]
        return found

    def freeze_reference(self) -> None:
        """Keeps frozen copies of what has been learnt until now."""
        self._weights.freeze()
        self._reference_heads = deepcopy(self.heads).requires_grad_(False)

    def _kept_heads(self) -> Heads:
        if self._reference_heads is None:
            raise RuntimeError("freeze_reference was not called")
        return self._reference_heads

    def use_linker(self, linker: Linker | None) -> None:
        """Ranks and prunes prompts by another linker from now on."""
        self.linker = linker
        self._prompts.clear()

    def policy(self) -> ChatPolicy:
        """The model of now; it is left in inference mode."""
        self._module.eval()
        return self._policy()

    def _policy(self) -> ChatPolicy:
        model: LanguageModel = self.model
        return ChatPolicy(model, self.settings, self._weights.names, self.heads, self.linker)

    def save(self, folder: Path) -> None:
        """What was learnt, heads, tokenizer, graph network; not the weights of a frozen base."""
        self._weights.save(folder)
        self.heads.save(folder)
        if self._extension is not None:
            self.model.tokenizer.save_pretrained(folder / "tokenizer")
        if isinstance(self.linker, Disambiguator):
            (folder / LINKER).mkdir()
            self.linker.save(folder / LINKER)
        said = {
            "options": asdict(self.model.options),
            "settings": asdict(self.settings),
            "size": asdict(self.size),
            "extension": asdict(self._extension) if self._extension is not None else None,
        }
        (folder / FILE).write_text(json.dumps(said, indent=1) + "\n")

    def _with_logprobs(self, rollouts: list[Rollout]) -> list[Rollout]:
        """Computes those that a server did not give; of one task, which is one batch."""
        missing = [one for one in rollouts if len(one.logprobs) != len(one.tokens)]
        if not missing:
            return rollouts
        with torch.no_grad():
            logprobs = iter(self.token_logprobs(missing))
        return [
            one
            if len(one.logprobs) == len(one.tokens)
            else replace(one, logprobs=tuple(next(logprobs).tolist()))
            for one in rollouts
        ]

    def _role_loss(
        self, role: Role, lessons: Sequence[Lesson], parts: dict[str, torch.Tensor]
    ) -> int:
        """Adds the parts of one role; returns how many tokens were learnt."""
        samples = []
        for lesson in lessons:
            answer, names = answer_of(lesson, self.model)
            sample = self._sample(lesson.task, role, self.heads)
            samples.append(replace(sample, answer=answer, parts=names, weight=lesson.weight))
        passed = run(self.model, samples, self._weights.names[role])
        sums: dict[str, list[torch.Tensor]] = {}
        weights: dict[str, float] = {}
        count = 0
        for sample, logprobs in zip(samples, passed.logprobs, strict=True):
            for name in dict.fromkeys(filter(None, sample.parts)):
                chosen = torch.tensor(
                    [part == name for part in sample.parts], device=logprobs.device
                )
                sums.setdefault(name, []).append(-sample.weight * logprobs[chosen].sum())
                weights[name] = weights.get(name, 0.0) + sample.weight * int(chosen.sum())
                count += int(chosen.sum())
        for name, losses in sums.items():
            parts[name] = torch.stack(losses).sum() / max(weights[name], 1e-6)
        return count

    def _value_loss(self, lessons: Sequence[Lesson]) -> torch.Tensor:
        samples = []
        for lesson in lessons:
            assert lesson.evidence is not None
            answer = sql_answer(self.model, lesson.evidence.sql)
            sample = self._sample(lesson.task, Role.SQL, self.heads)
            samples.append(replace(sample, answer=answer, weight=lesson.weight))
        # The head reads states that it does not shape.
        with torch.no_grad():
            passed: Passed = run(self.model, samples, self._weights.names[Role.SQL])
        losses = []
        for lesson, states in zip(lessons, passed.states, strict=True):
            logits = self.heads.value(states.float()).squeeze(-1)
            right = torch.full_like(logits, float(lesson.right))
            losses.append(lesson.weight * F.binary_cross_entropy_with_logits(logits, right))
        return torch.stack(losses).sum() / max(sum(one.weight for one in lessons), 1e-6)

    def _token_logprobs(
        self, rollouts: Sequence[Rollout], heads: Heads, *, reference: bool
    ) -> list[torch.Tensor]:
        found: dict[int, torch.Tensor] = {}
        for role in Role:
            places = [place for place, one in enumerate(rollouts) if one.role is role]
            if places:
                samples = [
                    replace(
                        self._sample(rollouts[place].task, role, heads),
                        answer=rollouts[place].tokens,
                    )
                    for place in places
                ]
                model, adapter = self.model, self._weights.names[role]
                if reference:
                    model, adapter = self._weights.reference(role)
                passed = run(model, samples, adapter)
                found.update(zip(places, passed.logprobs, strict=True))
        return [found[place] for place in range(len(rollouts))]

    def _sample(self, task: Task, role: Role, heads: Heads) -> Sample:
        """A prompt as tokens; its nodes' vectors are made anew, for the gradient."""
        _, sample = self._prompt(task, role)
        if sample.nodes is None or heads.schema is None:
            return sample
        return replace(sample, nodes=heads.schema(sample.nodes))

    def _prompt(self, task: Task, role: Role, fresh: bool = False) -> tuple[Prompt, Sample]:
        """The role's prompt and its tokens, made once; `fresh`: with the vectors of now."""
        question = task.question
        key = (task.database.digest, question.question, question.evidence, role)
        if fresh or key not in self._prompts:
            prompt = self._policy().view(task, None).prompt(role)
            tokens, pairs = self.model.tokens_of(prompt)
            nodes = None
            if pairs and self.linker is not None:
                embeddings = self.linker.embeddings(task)
                if embeddings is not None:
                    nodes = torch.from_numpy(embeddings).to(self.model.device)
            self._prompts[key] = (prompt, Sample(tokens, (), (), 1.0, pairs, nodes))
        return self._prompts[key]
