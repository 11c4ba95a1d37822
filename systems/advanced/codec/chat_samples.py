"""Lessons as tokens: a role's prompt, what follows it, and which of that is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..language_model.model import Tokens
from ..language_model.transformers import TransformersModel
from ..task import Role
from ..training.lessons import Lesson
from .chat_prompts import (
    CRITIQUE_OPENING,
    NO,
    YES,
    critique_text,
    schema_answer,
    verdict_prefix,
)
from .clauses import FENCE


@dataclass(frozen=True)
class Sample:
    """A text to learn: `parts` names for each token of `answer` the loss it counts to ('': none).

    `pairs` and `nodes` are the prompt's marked tokens and the vectors of its graph's items.
    """

    prompt: Tokens
    answer: Tokens
    parts: tuple[str, ...]
    weight: float = 1.0
    pairs: tuple[tuple[int, int], ...] = ()
    nodes: torch.Tensor | None = None


@dataclass(frozen=True)
class Passed:
    """What a model says of the answers of samples: log-probabilities and states, one a token.

    `states` of an answer begin with the prompt's own, so they are one longer.
    """

    logprobs: list[torch.Tensor]
    states: list[torch.Tensor]


def sql_answer(model: TransformersModel, sql: str) -> Tokens:
    """A whole statement as the SQL role writes it, with its end."""
    return (*model.encode(f"{sql}\n{FENCE}"), model.tokenizer.eos_token_id)


def answer_of(lesson: Lesson, model: TransformersModel) -> tuple[Tokens, tuple[str, ...]]:
    """The tokens that a lesson teaches, and the part of the loss that each counts to."""
    gold, dialect = lesson.example.golds[0], lesson.task.question.dialect
    if lesson.role is Role.SQL:
        tokens = sql_answer(model, gold)
        return tokens, ("sql",) * len(tokens)
    if lesson.role is Role.SCHEMA:
        tokens = sql_answer(model, schema_answer(gold, lesson.task.schema, dialect))
        return tokens, ("schema",) * len(tokens)
    if lesson.evidence is None:
        raise ValueError("a validation lesson has evidence")
    shown = model.encode(verdict_prefix(lesson.evidence))
    verdict = model.encode(f" {YES if lesson.right else NO}")
    parts = ("",) * len(shown) + ("validation",) * len(verdict)
    if lesson.right:
        return (*shown, *verdict), parts
    opening = model.encode(CRITIQUE_OPENING)
    text = critique_text(lesson.evidence.sql, gold, lesson.task.schema, dialect)
    critique = sql_answer(model, text)
    return (
        (*shown, *verdict, *opening, *critique),
        parts + ("",) * len(opening) + ("critique",) * len(critique),
    )


def run(model: TransformersModel, samples: Sequence[Sample], adapter: str) -> Passed:
    """One pass over samples in a batch that is padded on the left; gradients as they are set."""
    device = model.device
    rows = [(*sample.prompt, *sample.answer) for sample in samples]
    longest = max(map(len, rows))
    # Logits are made for the answers only: a whole prompt's would be most of the memory.
    kept = 1 + max(len(sample.answer) for sample in samples)
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    mask, positions = torch.zeros_like(ids), torch.zeros_like(ids)
    for number, row in enumerate(rows):
        ids[number, longest - len(row) :] = torch.tensor(row)
        mask[number, longest - len(row) :] = 1
        positions[number, longest - len(row) :] = torch.arange(len(row))
    ids, mask, positions = (tensor.to(device) for tensor in (ids, mask, positions))
    inputs: dict[str, torch.Tensor] = {"input_ids": ids}
    with model.adapters.using(adapter):
        if any(sample.pairs for sample in samples):
            shifted = [
                [(token + longest - len(row), item) for token, item in sample.pairs]
                for row, sample in zip(rows, samples, strict=True)
            ]
            nodes = [sample.nodes for sample in samples]
            inputs = {"inputs_embeds": model.embeddings_of(ids, shifted, nodes)}
        with model.watched() as seen:
            output = model.causal(
                **inputs,
                attention_mask=mask,
                position_ids=positions,
                use_cache=False,
                logits_to_keep=kept,
            )
    scores = model.logprobs(output.logits)
    logprobs, states = [], []
    for number, sample in enumerate(samples):
        length = len(sample.answer)
        chosen = torch.tensor(sample.answer, dtype=torch.long, device=device)
        own = scores[number, kept - 1 - length : kept - 1]
        logprobs.append(own.gather(1, chosen[:, None]).squeeze(1))
        states.append(seen[0][number, kept - 1 - length :])
    return Passed(logprobs, states)
