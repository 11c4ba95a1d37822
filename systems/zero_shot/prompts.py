r"""The prompts, by profile.

`plain`   one user message: task, engine, schema, hint, question; the answer is one ```sql block.
`arctic`  the structure that Arctic-Text2SQL-R1 was trained on (ArcticTraining,
          projects/arctic_text2sql_r1/bird_eval/infer.py): a system message; a user message with the
          sections Database Engine, Database Schema, Question (the evidence goes before it),
          Instructions and Output Format; reasoning in <think>, result in <answer> with a ```sql
          block; the answer is started with "Let me solve this step by step. \n<think>". The
          sections, tags and start are as published, the sentences are this project's own: figures
          made with it are not the published ones.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

ENGINES = {
    "sqlite": "SQLite",
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "duckdb": "DuckDB",
}


@dataclass(frozen=True)
class Prompt:
    """Chat messages as (role, content), and how the model's answer begins ('' where it does not).

    `strict` says that only a ```sql block counts as the answer.
    """

    messages: tuple[tuple[str, str], ...]
    start: str = ""
    strict: bool = False

    def as_chat(self) -> list[dict[str, str]]:
        """The messages as chat templates and servers take them."""
        return [{"role": role, "content": content} for role, content in self.messages]

    def digest(self) -> str:
        """SHA-256 of the messages and the start, by which a prompt is recognised in a trace."""
        return hashlib.sha256(json.dumps([self.messages, self.start]).encode()).hexdigest()


def make_prompt(
    profile: str, schema: str, question: str, evidence: str, dialect: str, prefill: bool
) -> Prompt:
    """The prompt of a profile; `dialect` is a question's, `prefill` starts the model's answer."""
    engine = ENGINES.get(dialect, dialect)
    if profile == "arctic":
        return _arctic(schema, question, evidence, engine, prefill)
    return _plain(schema, question, evidence, engine)


def _plain(schema: str, question: str, evidence: str, engine: str) -> Prompt:
    hint = f"\nHint: {evidence}\n" if evidence else ""
    content = f"""\
Write one {engine} query that answers the question about the database below.

{schema}
{hint}
Question: {question}

Select exactly what the question asks for, in the order it is asked, and nothing else. Spell \
values as they stand in the database. Answer with the query alone, in a block that starts with \
```sql and ends with ```."""
    return Prompt((("user", content),))


def _arctic(schema: str, question: str, evidence: str, engine: str, prefill: bool) -> Prompt:
    system = (
        "You are an expert in data science. You will see the schema of a database and a question "
        "in plain language. Understand the schema, then write a valid SQL query that answers the "
        "question."
    )
    asked = f"{evidence}\n{question}" if evidence else question
    user = f"""\
Database Engine:
{engine}

Database Schema:
{schema}
The schema lists the tables with their columns, primary and foreign keys and further constraints.

Question:
{asked}

Instructions:
- Give only what the question asks for: if it asks for one column, the SELECT clause has that \
column and no other.
- Give all that the question asks for, with nothing missing and nothing more.
- Think through the steps of the query before you write it.

Output Format:
Show your reasoning step by step within `<think>` tags, and your final answer within `<answer>` \
tags.

The query must be correct SQL in this form:

```sql
-- your query
```

For example:
<think> The reasoning, with checks and corrections where they are needed. </think>
<answer> A short summary that leads to the query.

```sql
the final query
```
</answer>"""
    start = "Let me solve this step by step. \n<think>" if prefill else ""
    return Prompt((("system", system), ("user", user)), start, strict=True)
