"""Questions by any language model behind an OpenAI-compatible server: SQL given, words asked for.

The template's question goes along, so that the model changes words and not the sense; it is not
verified that it keeps to that. An answer without a question leaves the template's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from t2s_bench.databases.schema import Schema, read_schema
from t2s_bench.errors import BadInput, MissingExtra
from t2s_bench.synthesis.pairs import Pair

if TYPE_CHECKING:
    import openai

CONCURRENCY = 8
LONGEST = 400
INSTRUCTION = (
    "You word database questions. Write the one question, in natural English, that this SQL query "
    "answers. Keep every column, value and condition in it, and name no SQL. Answer with the "
    "question alone."
)


def reworded(
    pairs: Sequence[Pair],
    databases: Mapping[str, Path],
    base_url: str,
    model: str,
    seed: int = 0,
    listener: Callable[[int, int], None] | None = None,
) -> list[Pair]:
    """The same pairs with the model's questions, in the same order; repeats keep the template's.

    OPENAI_API_KEY holds the server's key where it wants one. Raises BadInput where the server does
    not answer and MissingExtra without the package `openai`.
    """
    client = _client(base_url)
    import openai

    schemas = {pair.database: read_schema(databases[pair.database]) for pair in pairs}
    seen: set[tuple[str, str]] = set()
    found = []
    with ThreadPoolExecutor(CONCURRENCY) as threads:
        asked = threads.map(
            lambda pair: _worded(client, model, pair, schemas[pair.database], seed), pairs
        )
        try:
            for pair, question in zip(pairs, asked, strict=True):
                key = (pair.database, question.lower())
                if question and key not in seen:
                    pair = replace(pair, question=question)
                seen.add((pair.database, pair.question.lower()))
                found.append(pair)
                if listener is not None:
                    listener(len(found), len(pairs))
        except openai.OpenAIError as error:
            threads.shutdown(cancel_futures=True)
            raise BadInput(f"the server at {base_url} gives no questions: {error}") from error
    return found


def _client(base_url: str) -> openai.OpenAI:
    try:
        import openai
    except ImportError as error:
        raise MissingExtra("openai", "openai", "an OpenAI-compatible server") from error
    import os

    return openai.OpenAI(base_url=base_url, api_key=os.environ.get("OPENAI_API_KEY") or "none")


def _worded(client: openai.OpenAI, model: str, pair: Pair, schema: Schema, seed: int) -> str:
    tables = "\n".join(
        f"{table.name}({', '.join(column.name for column in table.columns)})"
        for table in schema.tables
        if table.name.lower() in pair.sql.lower()
    )
    asked = f"Tables:\n{tables}\n\nSQL: {pair.sql}\n\nA stiff wording: {pair.question}"
    answer = client.chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": INSTRUCTION},
            {"role": "user", "content": asked},
        ],
        temperature=0.8,
        max_tokens=200,
        seed=seed,
    )
    text = (answer.choices[0].message.content or "").strip() if answer.choices else ""
    text = text.splitlines()[-1].strip().strip('"') if text else ""
    return text if len(text) <= LONGEST else ""
