"""A pretrained language model as search, agents and clarifier see it: `Policy` and `Session`.

SQL is text in a fenced block. A partial statement ends with the keyword that opens its next clause
(`clauses.py`); its tokens are the language model's, and going on from it reads only what is new.
Roles are prompts, with the adapter of the role where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from t2s_bench.databases.schema import Schema

from ..language_model.model import LanguageModel, Reading, Tokens, Written
from ..task import Evidence, Linking, Role, Task
from .chat_answers import BLOCK_STOP, blended, named_items, parse_critique
from .chat_prompts import (
    CRITIQUE_OPENING,
    NO,
    YES,
    ChatSettings,
    View,
    hope_prefix,
    said,
    verdict_prefix,
    view,
)
from .clauses import CLAUSE_STOP, END_STOP, FENCE, executable_prefix, next_fence, statement
from .codec import Constraint, Cost, Partial
from .heads import Heads

# The logit of a statement that does not run: surely wrong, and below what a model sure of its No
# gives to one that runs (-12 was not: a model of two layers passed it after sixty steps).
BROKEN = -50.0
# A list of schema items or a critique is no longer than this.
ANSWER_TOKENS = 256


class Linker(Protocol):
    """What ranks a schema for prompts (see `schema_graph/disambiguator.py`)."""

    def link(self, task: Task) -> Linking:
        """The relevance of every table and column."""

    def shown(self, task: Task, linking: Linking) -> Schema | None:
        """The part of the schema that a prompt shows; None: all of it."""

    def embeddings(self, task: Task) -> npt.NDArray[np.float32] | None:
        """One vector an item of the task's graph, or None."""


@dataclass(frozen=True)
class ChatPolicy:
    """A language model with the chat codec.

    `adapters` names the adapter of each role ('' or absent: the base model). Without `heads` (on a
    server) the value of a partial statement is the validation role's Yes. Without a `linker` a
    schema is shown as it is, unless `open` is given a linking.
    """

    model: LanguageModel
    settings: ChatSettings = ChatSettings()
    adapters: Mapping[Role, str] = field(default_factory=dict)
    heads: Heads | None = None
    linker: Linker | None = None

    def open(self, task: Task, linking: Linking | None = None) -> ChatSession:
        """Reads the prompt of the SQL role; `linking` goes before the linker's own."""
        return ChatSession(self, task, self.view(task, linking))

    def link(self, task: Task) -> Linking:
        """The schema role's list of tables and columns, blended with the linker's relevance."""
        prior = self.linker.link(task) if self.linker is not None else None
        prompt = self.view(task, prior).prompt(Role.SCHEMA)
        (reading,) = self.model.read([prompt], self.adapters.get(Role.SCHEMA, ""))
        ((written,),) = reading.generate(
            [()], 1, temperature=0.0, max_tokens=ANSWER_TOKENS, stop=BLOCK_STOP
        )
        lines = named_items(written.text, task.schema)
        # The probability of a line is that of its share of the tokens.
        each = written.logprob / max(1, len(written.text))
        named = {name: math.exp(each * len(line)) for name, line in lines.items()}
        return blended(named, prior, task.schema)

    def view(self, task: Task, linking: Linking | None) -> View:
        """What the prompts of a task show."""
        shown, vectors = None, None
        if self.linker is not None:
            if linking is None:
                linking = self.linker.link(task)
            shown = self.linker.shown(task, linking)
            nodes = self.linker.embeddings(task) if self.heads is not None else None
            if nodes is not None and self.heads is not None:
                vectors = self.heads.projected(nodes)
        return view(task, linking, self.settings, shown=shown, vectors=vectors)


class ChatSession:
    """One task on a language model."""

    def __init__(self, policy: ChatPolicy, task: Task, shown: View) -> None:
        self._policy = policy
        self._model = policy.model
        self._task = task
        self._view = shown
        self._readings: dict[tuple[Role, str], Reading] = {}
        self._known: dict[str, tuple[Tokens, float]] = {}
        self._reading(Role.SQL)

    @property
    def task(self) -> Task:
        """What is answered."""
        return self._task

    @property
    def cost(self) -> Cost:
        """Tokens of the prompts read, and all that went through the model after them."""
        usages = [reading.usage for reading in self._readings.values()]
        return Cost(
            sum(usage.prompt_tokens for usage in usages),
            sum(usage.forward_tokens for usage in usages),
        )

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
        """See `codec.Session`; a constraint is told in the prompt, which is then read anew."""
        found: list[list[Partial]] = [[] for _ in partials]
        # Those of one length have the same room left.
        places: dict[int, list[int]] = {}
        for place, partial in enumerate(partials):
            if not partial.finished and n > 0:
                length = self._model.length(partial.tokens) if to_end else 0
                places.setdefault(length, []).append(place)
        longest = self._policy.settings.max_sql_tokens
        reading = self._reading(Role.SQL, constraint) if places else None
        for length, own in places.items():
            assert reading is not None
            written = reading.generate(
                [partials[place].tokens for place in own],
                n,
                temperature=temperature,
                seed=seed,
                max_tokens=max(1, longest - length),
                stop=END_STOP if to_end else CLAUSE_STOP,
            )
            for place, continuations in zip(own, written, strict=True):
                seen: dict[str, Partial] = {}
                for one in continuations:
                    partial = self._grown(partials[place], one, constraint)
                    seen.setdefault(self._model.decode(partial.tokens), partial)
                found[place] = list(seen.values())
        return found

    def logprobs(self, sqls: Sequence[str]) -> list[float]:
        """See `codec.Session`; those of its own statements are remembered as they were written."""
        missing = [sql for sql in dict.fromkeys(sqls) if sql and sql not in self._known]
        tokens = [self._model.encode(f"{sql}\n{FENCE}") for sql in missing]
        scores = self._reading(Role.SQL).score(tokens) if missing else []
        for sql, own, score in zip(missing, tokens, scores, strict=True):
            self._known[sql] = (own, sum(score))
        return [self._known[sql][1] if sql in self._known else -math.inf for sql in sqls]

    def values(self, partials: Sequence[Partial]) -> list[float]:
        """See `codec.Session`; by the value head, or the validation role's Yes without one."""
        if not partials:
            return []
        if self._policy.heads is not None:
            states = self._reading(Role.SQL).states([partial.tokens for partial in partials])
            return self._policy.heads.values(states)
        texts = [self._model.decode(partial.tokens).split(FENCE, 1)[0] for partial in partials]
        logits = self._yes_minus_no([hope_prefix(text.rstrip()) for text in texts])
        return [1 / (1 + math.exp(-min(max(logit, -50.0), 50.0))) for logit in logits]

    def judge(self, evidence: Sequence[Evidence]) -> list[float]:
        """See `codec.Session`: Yes minus No; what does not run gets `BROKEN`."""
        logits = [BROKEN] * len(evidence)
        places = [place for place, one in enumerate(evidence) if one.runs]
        found = self._yes_minus_no([verdict_prefix(evidence[place]) for place in places])
        for place, logit in zip(places, found, strict=True):
            logits[place] = logit
        return logits

    def critique(self, evidence: Evidence) -> Constraint | None:
        """See `codec.Session`: what the validation role says has to change, greedily written."""
        prefix = tuple(
            token
            for text in (verdict_prefix(evidence), f" {NO}", CRITIQUE_OPENING)
            for token in self._model.encode(text)
        )
        ((written,),) = self._reading(Role.VALIDATION).generate(
            [prefix], 1, temperature=0.0, max_tokens=ANSWER_TOKENS, stop=BLOCK_STOP
        )
        return parse_critique(written.text, self._task.schema)

    def _yes_minus_no(self, prefixes: Sequence[str]) -> list[float]:
        if not prefixes:
            return []
        tokens = [self._model.encode(prefix) for prefix in prefixes]
        scores = self._reading(Role.VALIDATION).choose(tokens, [f" {YES}", f" {NO}"])
        return [yes - no for yes, no in scores]

    def _reading(self, role: Role, constraint: Constraint | None = None) -> Reading:
        key = (role, said(constraint) if constraint is not None else "")
        if key not in self._readings:
            prompt = self._view.prompt(role, constraint)
            adapter = self._policy.adapters.get(role, "")
            (self._readings[key],) = self._model.read([prompt], adapter)
        return self._readings[key]

    def _grown(self, start: Partial, written: Written, constraint: Constraint | None) -> Partial:
        tokens = (*start.tokens, *written.tokens)
        text = self._model.decode(tokens)
        logprob = start.logprob + written.logprob
        cut = self._model.length(tokens) >= self._policy.settings.max_sql_tokens
        finished = written.finish != "stop" or next_fence(text, 0) is not None or cut
        if not finished:
            return Partial(tokens, executable_prefix(text), logprob, False)
        sql = statement(text)
        if constraint is None and sql and (sql not in self._known or self._known[sql][1] < logprob):
            self._known[sql] = (tokens, logprob)
        return Partial(tokens, sql, logprob, True)
