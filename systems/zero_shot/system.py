"""The plainest honest entry: one prompt with the schema, one model, and a vote if asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Protocol

from t2s_bench.databases.prompt import compact, ddl
from t2s_bench.databases.schema import Schema, read_schema
from t2s_bench.databases.values import ValueIndex, ValueMatch
from t2s_bench.errors import BadInput
from t2s_bench.execution.pool import Pool
from t2s_bench.system import Setup, System
from t2s_bench.types import Candidate, Database, Execution, Prediction, Question

from .completion import Completion
from .extraction import extract_sql
from .options import ZeroShotOptions
from .prompts import Prompt, make_prompt
from .voting import BUDGET, Vote, vote

# Values that match a question less than this are left to chance.
LEAST_SCORE = 0.5
SAMPLES = 3


class Model(Protocol):
    """What answers prompts: `server.ChatServer` or `local.LocalModel`."""

    def complete_all(self, prompts: Sequence[tuple[Prompt, int]]) -> list[Completion]:
        """Answers prompts, each with the seed of its sampling, in their order."""

    def close(self) -> None:
        """Frees what the model holds."""


class ZeroShot(System):
    """Asks a model for SQL, with the schema and the cells that match the question in the prompt.

    With `n` > 1 the answers vote by their execution results, and the confidence is the winner's
    share of them; with one answer there is no confidence. No answer is repaired or asked for again.
    """

    Options = ZeroShotOptions

    def __init__(self, options: ZeroShotOptions, setup: Setup) -> None:
        super().__init__(options, setup)
        self._settings = options
        self._seed = setup.seed if options.seed is None else options.seed
        self._schemas: dict[str, Schema] = {}
        self._indexes: dict[str, ValueIndex] = {}
        self._pool: Pool | None = None
        self._model = _start_model(options)
        # Enough questions at once to keep the model busy, few enough to lose little.
        on_server = options.backend == "openai"
        self.batch_size = 4 * options.concurrency if on_server else options.batch

    def predict(self, question: Question, database: Database) -> Prediction:
        """Answers one question."""
        return self.predict_batch([(question, database)])[0]

    def predict_batch(self, requests: Sequence[tuple[Question, Database]]) -> list[Prediction]:
        """Answers questions in their order; requests to a server go out at the same time."""
        asked = []
        for question, database in requests:
            if self._settings.n > 1 and question.dialect != "sqlite":
                raise BadInput(f"zero_shot votes on SQLite only: set n=1 for {question.dialect}")
            matches = self._matches(question, database)
            asked.append((self._prompt(question, database, matches), matches))
        completions = self._model.complete_all(
            [
                (prompt, _seed(self._seed, question.id))
                for (prompt, _), (question, _) in zip(asked, requests, strict=True)
            ]
        )
        sqls = [
            [extract_sql(text, prompt.strict) for text in completion.texts]
            for (prompt, _), completion in zip(asked, completions, strict=True)
        ]
        votes = self._votes(sqls, [database for _, database in requests])
        return [
            self._prediction(prompt, matches, completion, found, votes[place])
            for place, ((prompt, matches), completion, found) in enumerate(
                zip(asked, completions, sqls, strict=True)
            )
        ]

    def describe(self) -> Mapping[str, object]:
        """A local model's fingerprint; a server says nothing that could be trusted."""
        describe = getattr(self._model, "describe", None)
        return describe() if describe is not None else {}

    def close(self) -> None:
        """Ends the model, the worker that executes for the vote, and the value indexes."""
        self._model.close()
        if self._pool is not None:
            self._pool.close()
        for index in self._indexes.values():
            index.close()
        self._indexes.clear()

    def _on(self, component: str) -> bool:
        return component not in self.setup.off

    def _matches(self, question: Question, database: Database) -> tuple[ValueMatch, ...]:
        if not self._on("values"):
            return ()
        if database.digest not in self._indexes:
            self._indexes[database.digest] = ValueIndex.open(database)
        found = self._indexes[database.digest].search(f"{question.evidence}\n{question.question}")
        return tuple(match for match in found if match.score >= LEAST_SCORE)

    def _prompt(
        self, question: Question, database: Database, matches: Sequence[ValueMatch]
    ) -> Prompt:
        if database.digest not in self._schemas:
            samples = SAMPLES if self._on("examples") else 0
            self._schemas[database.digest] = read_schema(database, samples=samples)
        schema = self._schemas[database.digest]
        longest = self._settings.schema_characters
        if self._settings.schema == "ddl":
            described = self._on("descriptions")
            text = ddl(schema, matches=matches, descriptions=described, max_characters=longest)
        else:
            text = compact(schema, matches=matches, examples=SAMPLES, max_characters=longest)
        return make_prompt(
            self._settings.profile,
            text,
            question.question,
            question.evidence,
            question.dialect,
            self._settings.prefill,
        )

    def _votes(self, sqls: Sequence[Sequence[str]], databases: Sequence[Database]) -> list[Vote]:
        """Executes every distinct SQL of every question once, and counts."""
        if self._settings.n == 1 or not self._on("voting"):
            return [Vote(0, (1.0,) * len(found)) for found in sqls]
        if self._pool is None:
            self._pool = Pool(1, cache=False)
        todo = [
            (place, sql) for place, found in enumerate(sqls) for sql in dict.fromkeys(found) if sql
        ]
        done: list[dict[str, Execution]] = [{} for _ in sqls]
        executions = self._pool.execute(
            ((databases[place].path, sql) for place, sql in todo), BUDGET
        )
        for (place, sql), execution in zip(todo, executions, strict=True):
            done[place][sql] = execution
        return [vote(found, done[place]) for place, found in enumerate(sqls)]

    def _prediction(
        self,
        prompt: Prompt,
        matches: Sequence[ValueMatch],
        completion: Completion,
        sqls: Sequence[str],
        counted: Vote,
    ) -> Prediction:
        voted = self._settings.n > 1 and self._on("voting")
        trace: dict[str, object] = {
            "profile": self._settings.profile,
            "prompt_sha256": prompt.digest(),
            "values": [[m.table, m.column, m.value, m.score] for m in matches],
            "texts": list(completion.texts),
            "finishes": list(completion.finishes),
            "attempts": completion.attempts,
        }
        if completion.error:
            trace["error"] = completion.error
        return Prediction(
            sql=sqls[counted.winner] if sqls else "",
            candidates=tuple(
                Candidate(sql, share) for sql, share in zip(sqls, counted.shares, strict=True)
            ),
            confidence=counted.shares[counted.winner] if voted and sqls else None,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            seconds=completion.seconds,
            trace=trace,
        )


def _start_model(options: ZeroShotOptions) -> Model:
    if options.backend == "transformers":
        from .local import LocalModel

        return LocalModel(options)
    from .server import ChatServer

    return ChatServer(options)


def _seed(seed: int, id: str) -> int:
    """A question's own seed (31 bits), so that its sampling does not depend on the others."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{id}".encode()).digest()[:4], "big") >> 1
