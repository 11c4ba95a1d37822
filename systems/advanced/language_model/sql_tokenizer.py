"""Tokens for SQL: what a tokenizer splits though SQL writes it again and again.

Three groups: keywords of several words and their usual spacing (`ORDER BY`, `INNER JOIN`),
operators and aggregates with their brackets (`COUNT(*)`, `!= '`), and the marks of schema text
(`CREATE TABLE`, `REFERENCES`). Only pieces for which the given tokenizer needs two tokens or more
are added, so each one shortens; the text is never changed, and decodes to what it was.

A new embedding starts as the mean of the pieces that it replaces, so an extended model begins near
the old one; `Adapters.add(…, new_tokens=…)` then trains exactly these rows beside LoRA.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from t2s_bench.errors import BadInput

_KEYWORDS = (
    "GROUP BY",
    "ORDER BY",
    "INNER JOIN",
    "LEFT JOIN",
    "LEFT OUTER JOIN",
    "CROSS JOIN",
    "NATURAL JOIN",
    "UNION ALL",
    "NOT IN",
    "NOT LIKE",
    "NOT EXISTS",
    "NOT BETWEEN",
    "IS NULL",
    "IS NOT NULL",
    "DESC LIMIT 1",
    "DESC LIMIT",
    "ASC LIMIT",
    "LIMIT 1",
    "SELECT DISTINCT",
    "PARTITION BY",
    "CASE WHEN",
    "INTERSECT SELECT",
    "EXCEPT SELECT",
    "UNION SELECT",
    "WITH RECURSIVE",
)
_AGGREGATES = (
    "COUNT(*)",
    "COUNT(DISTINCT",
    "COUNT(",
    "SUM(",
    "AVG(",
    "MIN(",
    "MAX(",
    "SUM(CASE WHEN",
    "CAST(",
    "AS REAL)",
    "AS FLOAT)",
    "STRFTIME('%Y',",
    "SUBSTR(",
    "ROUND(",
    "IIF(",
    "IN (SELECT",
    "NOT IN (SELECT",
    "(SELECT",
)
# Aliases as Spider and BIRD write them.
_ALIASES = tuple(
    form for n in range(1, 6) for form in (f"AS T{n}", f"AS T{n} ON T{n}", f"T{n}.", f"ON T{n}.")
)
_OPERATORS = ("!=", ">=", "<=", "<>", "= '", "LIKE '%", "%'", "||", ") AS ", "= T1.", "= T2.")
_SCHEMA = (
    "CREATE TABLE",
    "CREATE VIEW",
    "PRIMARY KEY (",
    "PRIMARY KEY",
    "FOREIGN KEY (",
    "REFERENCES",
    "NOT NULL",
    " -- example: [",
    ", example: [",
    "',\n    ",
    "],\n    ",
    ",\n    ",
    "\n);\n\n",
    "VARCHAR(",
)


@dataclass(frozen=True)
class Extension:
    """What was added: each new token's text and number, and the numbers of its old pieces."""

    texts: tuple[str, ...]
    tokens: tuple[int, ...]
    pieces: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Shortening:
    """Tokens of some texts before and after an extension."""

    texts: int
    before: int
    after: int

    @property
    def saved(self) -> float:
        """The share of tokens that is saved."""
        return 1 - self.after / self.before if self.before else 0.0

    def __str__(self) -> str:
        each = max(1, self.texts)
        return (
            f"{self.before / each:.1f} → {self.after / each:.1f} tokens a text "
            f"({100 * self.saved:.1f} % fewer, {self.texts:,} texts)"
        )


def forms() -> tuple[str, ...]:
    """Every piece that may become a token, in a stable order."""
    found: dict[str, None] = {}
    for words in (*_KEYWORDS, *_AGGREGATES, *_ALIASES):
        for cased in (words, words.lower()):
            # At the start of a text or after a bracket, and after a space.
            found.update(dict.fromkeys((cased, " " + cased)))
    for mark in _OPERATORS:
        found.update(dict.fromkeys((mark, " " + mark)))
    found.update(dict.fromkeys(_SCHEMA))
    return tuple(found)


def extend(tokenizer: Any, texts: Iterable[str] | None = None) -> Extension:
    """Adds tokens to a fast tokenizer, in place; forms that it has whole are left out.

    With `texts` (SQL and schema texts of training) only forms that occur in them are added, so
    that no row stays untrained. Adding twice adds nothing. Raises BadInput for a tokenizer that
    cannot take tokens which leave the text as it is.
    """
    from tokenizers import AddedToken

    seen = None if texts is None else "\n".join(texts)
    chosen, pieces = [], []
    for form in forms():
        split = tuple(tokenizer(form, add_special_tokens=False)["input_ids"])
        if len(split) > 1 and (seen is None or form in seen):
            chosen.append(form)
            pieces.append(split)
    # As they stand: no stripping of spaces beside them, no normalising.
    tokenizer.add_tokens([AddedToken(form, normalized=False, special=False) for form in chosen])
    tokens = tuple(tokenizer.convert_tokens_to_ids(list(chosen)))
    for form, token in zip(chosen, tokens, strict=True):
        made = tokenizer(form, add_special_tokens=False)["input_ids"]
        if made != [token] or _decoded(tokenizer, made) != form:
            raise BadInput(
                f"this tokenizer cannot take the token {form!r} unchanged: leave sql_tokens off"
            )
    return Extension(tuple(chosen), tokens, tuple(pieces))


def grow(causal: Any, extension: Extension) -> None:
    """Gives a model rows for the new tokens, each the mean of its old pieces, in place.

    Both the embeddings and, where it has weights of its own, the head. A matrix that has spare rows
    already (Qwen2.5 pads its own) keeps its size.
    """
    if not extension.tokens:
        return
    needed = max(extension.tokens) + 1
    if causal.get_input_embeddings().weight.shape[0] < needed:
        # mean_resizing draws from the whole vocabulary's distribution; the rows are set below.
        causal.resize_token_embeddings(needed, mean_resizing=False)
    embedding, head = causal.get_input_embeddings(), causal.get_output_embeddings()
    matrices = {id(embedding.weight): embedding.weight}
    if head is not None:
        matrices[id(head.weight)] = head.weight
        if getattr(head, "bias", None) is not None:
            matrices[id(head.bias)] = head.bias
    with torch.no_grad():
        for matrix in matrices.values():
            for token, pieces in zip(extension.tokens, extension.pieces, strict=True):
                old = torch.tensor(pieces, device=matrix.device)
                matrix[token] = matrix[old].float().mean(0).to(matrix.dtype)


def shortening(before: Any, after: Any, texts: Sequence[str]) -> Shortening:
    """Counts tokens of texts with the tokenizer as it was and as it is."""

    def count(tokenizer: Any) -> int:
        made = tokenizer(list(texts), add_special_tokens=False)["input_ids"] if texts else []
        return sum(map(len, made))

    return Shortening(len(texts), count(before), count(after))


def _decoded(tokenizer: Any, tokens: Sequence[int]) -> str:
    return str(
        tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
    )
