"""The small model as search, agents and clarifier see it: `Policy` and `Session` of the codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np
import torch

from ..codec.codec import Constraint, Cost, Partial
from ..codec.pointer.decode import Malformed, decode
from ..codec.pointer.encode import Inexpressible, encode
from ..codec.pointer.grammar import State, boundary, executable_prefix
from ..codec.pointer.vocabulary import BEGIN, END
from ..schema_graph.graph import Kind, SchemaGraph
from ..schema_graph.lexical import lexical_linking
from ..task import Evidence, Linking, Task
from .constraints import adjustment
from .critic import marks
from .generation import Row, Writer
from .inputs import Batch, make_batch, make_inputs
from .judging import Judging
from .model import SmallModel, SmallWriter
from .names import item_name
from .stepping import StepWeights, Voice

# The logit of a statement that does not run, or that nothing can be said of: surely wrong.
BROKEN = -12.0
# Schema items this irrelevant, or this relevant, are worth a critique.
SURELY_NOT, SURELY = 0.02, 0.9


class SmallPolicy:
    """The small model with the pointer codec.

    With `typed` False the edges of the graph count as none and the relevance is the lexical
    linker's, also where the weights were trained with them: an ablation at inference only.
    `fixed` says that the weights will not change: what a step needs of them is made once.
    """

    def __init__(self, model: SmallModel, typed: bool = True, fixed: bool = False) -> None:
        self.model = model.eval()
        decoders = [writer.decoder for writer in model.writers]
        self._weights = StepWeights(decoders) if fixed else None
        self.typed = typed and model.config.typed
        self._linked: SmallSession | None = None

    def open(self, task: Task, linking: Linking | None = None) -> SmallSession:
        """Encodes a task. A model without typed attention takes the linking's relevance."""
        linked, self._linked = self._linked, None
        if linked is not None and linked.task is task:
            return linked
        return SmallSession(self.model, task, linking, self.typed, self._weights)

    def link(self, task: Task) -> Linking:
        """The schema role's relevance; the lexical linker's where attention is not typed.

        What was encoded for it serves the next `open`, if that is of the same task.
        """
        if not self.typed:
            return lexical_linking(task)
        self._linked = SmallSession(self.model, task, weights=self._weights)
        return self._linked.linking()


class SmallSession:
    """One task on the small model."""

    def __init__(
        self,
        model: SmallModel,
        task: Task,
        linking: Linking | None = None,
        typed: bool = True,
        weights: StepWeights | None = None,
    ) -> None:
        self._model = model
        self._task = task
        self._graph = task.graph
        self._batches = [task_batch(writer, task, linking, typed) for writer in model.writers]
        voices, relevances = [], []
        for writer, batch in zip(model.writers, self._batches, strict=True):
            with torch.inference_mode():
                items, relevance = writer.encoder(batch)
                if not typed:
                    relevance = batch.relevance
                memory = writer.decoder.memory(items, batch.mask, relevance)
            voices.append(Voice(writer.decoder, memory))
            relevances.append(relevance[0])
        # (n,): log-odds that an item is used, the writers' mean.
        self._relevance = torch.stack(relevances).mean(0)
        self._writer = Writer(voices, BEGIN, model.config.longest_sql - 1, weights)
        self._start = State.start(task.graph)
        self._known: dict[str, tuple[tuple[int, ...], float]] = {}
        self._scored = 0
        self._judging: Judging | None = None

    @property
    def task(self) -> Task:
        """What is answered."""
        return self._task

    @property
    def cost(self) -> Cost:
        """Items read, tokens written and scored, once for each writer that does."""
        read = self._judging.tokens if self._judging is not None else 0
        items = len(self._graph.items) * len(self._batches)
        return Cost(items, self._writer.tokens + self._scored + read)

    def linking(self) -> Linking:
        """The relevance of tables and columns; 0 for columns that the graph left out."""
        odds = torch.sigmoid(self._relevance).tolist()
        columns = self._graph.column_items
        return Linking(
            tuple(odds[item] for item in self._graph.table_items),
            tuple(
                tuple(
                    odds[columns[place, n]] if (place, n) in columns else 0.0
                    for n in range(len(table.columns))
                )
                for place, table in enumerate(self._task.schema.tables)
            ),
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
        """See `codec.Session`."""
        open_ones = [place for place, partial in enumerate(partials) if not partial.finished]
        found: list[list[Partial]] = [[] for _ in partials]
        if not open_ones or n < 1:
            return found
        starts = [
            Row(
                partials[place].tokens,
                self._state(partials[place].tokens),
                partials[place].logprob,
                number,
                number,
                greedy=constraint is None and not partials[place].tokens,
            )
            for number, place in enumerate(open_ones)
        ]

        def stop(row: Row) -> bool:
            return row.tokens[-1] == END or (not to_end and boundary(row.tokens))

        adjust = None
        if constraint is not None:
            adjust = adjustment(constraint, self._task)
        if temperature > 0:
            written = self._writer.sample(starts, n, stop, adjust, temperature, seed)
        else:
            written = self._writer.beam(starts, n, stop, adjust)
        for place, rows in zip(open_ones, written, strict=True):
            seen: dict[tuple[int, ...], Partial] = {}
            for row in rows:
                partial = self._partial(row)
                if partial is not None:
                    seen.setdefault(partial.tokens, partial)
            found[place] = list(seen.values())
        return found

    def logprobs(self, sqls: Sequence[str]) -> list[float]:
        """See `codec.Session`; those of its own statements are remembered."""
        missing = [sql for sql in dict.fromkeys(sqls) if sql not in self._known]
        tokens = {sql: self._encoded(sql) for sql in missing}
        for sql, written in tokens.items():
            if written is not None:
                self._known[sql] = (written, self._logprob(written))
        return [self._known[sql][1] if sql in self._known else -inf for sql in sqls]

    def values(self, partials: Sequence[Partial]) -> list[float]:
        """See `codec.Session`."""
        if not partials:
            return []
        return self._critics().values([partial.tokens for partial in partials])

    def judge(self, evidence: Sequence[Evidence]) -> list[float]:
        """See `codec.Session`; what does not run, or is beyond the codec's SQL, gets `BROKEN`."""
        logprobs = self.logprobs([one.sql for one in evidence])
        judged = [
            place for place, one in enumerate(evidence) if one.runs and logprobs[place] > -inf
        ]
        logits = [BROKEN] * len(evidence)
        if not judged:
            return logits
        best = max(logprobs[place] for place in judged)
        statements = [self._known[evidence[place].sql][0] for place in judged]
        told = [
            marks(evidence[place], logprobs[place], best, tokens, self._graph)
            for place, tokens in zip(judged, statements, strict=True)
        ]
        found = self._critics().verdicts(statements, told)
        for place, logit in zip(judged, found, strict=True):
            logits[place] = logit
        return logits

    def critique(self, evidence: Evidence) -> Constraint | None:
        """Used schema items that are surely irrelevant, and relevant ones that are not used."""
        written = self._encoded(evidence.sql)
        if written is None:
            return None
        first = self._model.config.vocabulary
        used = {token - first for token in written if token >= first}
        odds = torch.sigmoid(self._relevance).tolist()
        forbid, require = set(), set()
        for number, item in enumerate(self._graph.items):
            if item.kind is not Kind.COLUMN:
                continue
            if number in used and odds[number] < SURELY_NOT:
                forbid.add(item_name(self._task.schema, self._graph, number))
            if number not in used and odds[number] > SURELY:
                require.add(item_name(self._task.schema, self._graph, number))
        if not forbid and not require:
            return None
        said = [f"without {name}" for name in sorted(forbid)]
        said += [f"with {name}" for name in sorted(require)]
        return Constraint(frozenset(require), frozenset(forbid), ", ".join(said))

    def _critics(self) -> Judging:
        """The task as the critic has encoded it, with what it has read."""
        if self._judging is None:
            self._judging = Judging(self._model.critic, self._batches[0])
        return self._judging

    def _state(self, tokens: Sequence[int]) -> State:
        state = self._start
        for token in tokens:
            state = state.advance(token)
        return state

    def _partial(self, row: Row) -> Partial | None:
        """The row as a partial statement, or None where it is no statement after all."""
        if row.tokens[-1] != END:
            sql = executable_prefix(row.tokens, self._task.schema, self._graph)
            return Partial(row.tokens, sql, row.logprob, False, row.greedy)
        try:
            sql = decode(row.tokens, self._task.schema, self._graph)
        except Malformed:
            return None
        known = self._known.get(sql)
        if known is None or known[1] < row.logprob:
            self._known[sql] = (row.tokens, row.logprob)
        return Partial(row.tokens, sql, row.logprob, True, row.greedy)

    def _encoded(self, sql: str) -> tuple[int, ...] | None:
        if sql in self._known:
            return self._known[sql][0]
        try:
            written = encode(sql, self._task.schema, self._graph)
        except Inexpressible:
            return None
        return written if len(written) < self._model.config.longest_sql - 1 else None

    def _logprob(self, tokens: tuple[int, ...]) -> float:
        logits = self._writer.logits([tokens])
        self._scored += len(tokens) * len(self._batches)
        scores = logits[0].cpu().numpy()
        state, total = self._start, 0.0
        for place, token in enumerate(tokens):
            allowed = state.allowed()
            if not allowed[token]:
                return -inf
            row = scores[place][allowed]
            top = row.max()
            total += float(scores[place, token] - top - np.log(np.exp(row - top).sum()))
            state = state.advance(token)
        return total


def task_batch(
    writer: SmallWriter, task: Task, linking: Linking | None = None, typed: bool = True
) -> Batch:
    """A batch of one task; the linking counts where attention is not typed.

    With `typed` False the edges have no type, also for a writer that would know them.
    """
    knows = writer.config.typed
    relevance = None
    if not (knows and typed):
        relevance = item_log_odds(task.graph, linking or lexical_linking(task))
    inputs = make_inputs(task.graph, writer.words, relevance, writer.config.longest_question)
    batch = make_batch([inputs], writer.words).to(next(writer.parameters()).device)
    if knows and not typed:
        batch = replace(batch, relations=torch.zeros_like(batch.relations))
    return batch


def item_log_odds(graph: SchemaGraph, linking: Linking) -> list[float]:
    """A linking as log-odds for each item of the graph; 0 for words and values."""
    odds = []
    for item in graph.items:
        if item.kind is Kind.TABLE:
            share = linking.tables[item.table]
        elif item.kind is Kind.COLUMN:
            share = linking.columns[item.table][item.column]
        else:
            odds.append(0.0)
            continue
        share = min(max(share, 0.003), 0.997)
        odds.append(float(np.log(share / (1 - share))))
    return odds
