"""What a statement earns: three levels by execution, and shaping that never crosses them.

    fails    0                      + room · shaping
    runs     running_level          + room · shaping
    right    1                      + room · shaping

`shaping` is the weighted mean of terms between 0 and 1, and `room` is half of the smallest gap
between levels: whatever the weights, failing SQL earns less than running SQL, and that less than
right SQL. Right and running are the scorer's own verdicts (`t2s_bench.scoring`), so training and
evaluation cannot disagree; the scorer changes no SQL, so no LIMIT of its own can make a wrong
answer right. What is refused (a write, a PRAGMA, several statements) earns exactly nothing. Terms
are read from tokens, where comments do not exist. A right result that reads no table, where the
gold reads one, is a memorised constant and counts as merely running; a constant that also names a
table is not seen (several fillings of a database, where a benchmark has them, tell it).
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from time import monotonic

from t2s_bench.errors import BadInput
from t2s_bench.metrics.judge import Judgement
from t2s_bench.metrics.name_tokens import Unreadable, name_tokens
from t2s_bench.ray_scoring import RayScorer
from t2s_bench.scoring import Scorer
from t2s_bench.types import Example, Outcome

_LINKING = ("tables_precision", "tables_recall", "columns_precision", "columns_recall")
_CLAUSES = frozenset(
    {
        *("SELECT", "DISTINCT", "FROM", "JOIN", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "DESC"),
        *("LIMIT", "UNION", "EXCEPT", "INTERSECT", "CASE"),
        *("AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "EXISTS", "IS"),
        *("=", "<", ">", "<=", ">=", "<>", "!="),
        *("count", "sum", "avg", "min", "max"),
    }
)
# A statement up to so many times as long as the gold (in tokens) loses nothing.
_LENGTH_FREE = 1.5
# The gold broke, or the machine did: nobody's fault, no reward.
_UNKNOWN = (Outcome.GOLD_ERROR, Outcome.GOLD_TIMEOUT, Outcome.INFRA)


class Level(IntEnum):
    """What execution said."""

    FAILS = 0
    RUNS = 1
    RIGHT = 2


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How much each term counts in the shaping; any numbers of 0 or more.

    `schema` is the F1 of tables and columns used, `clauses` that of clauses, operators and
    aggregates, `format` a single query without comments, `length` no more tokens than the gold
    (with half as many again free), `efficiency` VM steps of the gold by those of a right answer.
    """

    schema: float = 1.0
    clauses: float = 1.0
    format: float = 0.5
    length: float = 0.5
    efficiency: float = 0.5

    def __post_init__(self) -> None:
        for name, weight in self.items():
            if not (weight >= 0 and math.isfinite(weight)):
                raise BadInput(f"reward_{name} is {weight}: a weight is a finite number from 0 on")

    def items(self) -> list[tuple[str, float]]:
        """Names and weights."""
        return [(field.name, float(getattr(self, field.name))) for field in fields(self)]


@dataclass(frozen=True)
class Reward:
    """What a statement earned, by its level and its terms; `known` is false for a broken gold."""

    value: float
    level: Level
    terms: Mapping[str, float]
    known: bool = True
    error: str = ""


def combine(level: Level, terms: Mapping[str, float], weights: Weights, running: float) -> float:
    """The value; `running` is the level of running SQL, between 0 and 1.

    >>> round(combine(Level.RUNS, {"schema": 1.0}, Weights(), 0.2), 4)
    0.2286
    """
    room = 0.5 * min(running, 1 - running)
    # Divided by the largest first, so that no weights overflow.
    top = max(weight for _, weight in weights.items())
    if top == 0:
        return (0.0, running, 1.0)[level]
    shares = [(name, weight / top) for name, weight in weights.items()]
    mean = sum(w * min(max(terms.get(name, 0.0), 0.0), 1.0) for name, w in shares)
    mean /= sum(w for _, w in shares)
    return (0.0, running, 1.0)[level] + room * mean


class Rewarder:
    """Rewards statements in batches through the scorer's workers; remembers what it has seen.

    `seconds` is the time spent waiting for executions, `asked` and `run` count statements, for the
    shares in the log.
    """

    def __init__(
        self,
        scorer: Scorer | RayScorer,
        weights: Weights | None = None,
        *,
        running: float = 0.1,
        kept: int = 200_000,
    ) -> None:
        if not 0 < running < 1:
            raise BadInput(f"reward_running is {running}: it must lie between 0 and 1")
        self._scorer = scorer
        self._weights = weights or Weights()
        self._running = running
        self._kept = kept
        self._known: OrderedDict[object, Reward] = OrderedDict()
        self.seconds = 0.0
        self.asked = self.run = 0

    @staticmethod
    def metrics(metric: str) -> tuple[str, ...]:
        """What the scorer must be made with; `metric` decides what is right."""
        return tuple(dict.fromkeys((metric, "steps", *_LINKING)))

    def __call__(self, items: Sequence[tuple[Example, str]]) -> list[Reward]:
        """The rewards in order. Every example needs its database."""
        begun = monotonic()
        keys = [(_place(example), example.golds, sql) for example, sql in items]
        todo = {key: item for key, item in zip(keys, items, strict=True) if key not in self._known}
        listed = list(todo.items())
        triples = [(example, example.database, sql) for _, (example, sql) in listed]
        for number, judgement in self._scorer.judge_all(triples):  # type: ignore[arg-type]
            key, (example, sql) = listed[number]
            self._known[key] = self._reward(example, sql, judgement)
        self.asked += len(items)
        self.run += len(listed)
        found = [self._known[key] for key in keys]
        while len(self._known) > self._kept:
            self._known.popitem(last=False)
        self.seconds += monotonic() - begun
        return found

    def _reward(self, example: Example, sql: str, judgement: Judgement) -> Reward:
        score = judgement.score
        if score.outcome in _UNKNOWN:
            return Reward(0.0, Level.FAILS, {}, known=False, error=score.error)
        if score.outcome in (Outcome.REFUSED, Outcome.NO_SQL) or _statements(sql) != 1:
            return Reward(0.0, Level.FAILS, {"execution": 0.0, "runs": 0.0}, error=score.error)
        level = {Outcome.MATCH: Level.RIGHT, Outcome.MISMATCH: Level.RUNS}.get(
            score.outcome, Level.FAILS
        )
        if level is Level.RIGHT and _reads(example.golds[0]) and not _reads(sql):
            level = Level.RUNS
        values = {name: value or 0.0 for name, value in score.metrics.items()}
        gold = _tokens(example.golds[0])
        tokens = _tokens(sql)
        terms = {
            "execution": float(level is Level.RIGHT),
            "runs": float(level is not Level.FAILS),
            "schema": (_f1(values, "tables") + _f1(values, "columns")) / 2,
            "clauses": overlap(_clauses(tokens), _clauses(gold)),
            "format": float(_is_plain(sql)),
            "length": min(1.0, _LENGTH_FREE * len(gold) / len(tokens)) if tokens else 0.0,
            "efficiency": values["steps"] if level is Level.RIGHT else 0.0,
        }
        value = combine(level, terms, self._weights, self._running)
        return Reward(value, level, terms, error=score.error)


def mean_terms(rewards: Iterable[Reward]) -> dict[str, float]:
    """The mean of each term and of the value, for the log; of the known ones."""
    known = [reward for reward in rewards if reward.known]
    if not known:
        return {}
    names = dict.fromkeys(name for reward in known for name in reward.terms)
    means = {
        f"reward_{name}": sum(reward.terms.get(name, 0.0) for reward in known) / len(known)
        for name in names
    }
    return {"reward": sum(reward.value for reward in known) / len(known), **means}


def overlap(one: Counter[str], other: Counter[str]) -> float:
    """F1 of two bags.

    >>> overlap(Counter("aab"), Counter("ab"))
    0.8
    """
    both = (one & other).total() if hasattr(one, "total") else sum((one & other).values())
    size = sum(one.values()) + sum(other.values())
    return 2 * both / size if size else 1.0


def _f1(values: Mapping[str, float], kind: str) -> float:
    precision, recall = values[f"{kind}_precision"], values[f"{kind}_recall"]
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _clauses(tokens: Sequence[tuple[str, str]]) -> Counter[str]:
    """Clauses, operators and called aggregates."""
    called = [
        text
        for (kind, text), (after, _) in zip(tokens, tokens[1:], strict=False)
        if kind == "name" and after == "("
    ]
    found = [kind for kind, _ in tokens] + called
    return Counter(word for word in found if word in _CLAUSES)


def _tokens(sql: str) -> list[tuple[str, str]]:
    """Kinds and texts without comments; none where quotes stay open."""
    try:
        kinds, texts = name_tokens(sql)
    except Unreadable:
        return []
    return [(kind, text) for kind, text in zip(kinds, texts, strict=True) if kind]


def _statements(sql: str) -> int:
    """How many statements stand between the semicolons; 0 where nothing can be read."""
    count, open_ = 0, False
    for kind, _ in _tokens(sql):
        open_, count = (False, count) if kind == ";" else (True, count + (not open_))
    return count


def _reads(sql: str) -> bool:
    """Whether anything is read from a table."""
    return any(kind == "FROM" for kind, _ in _tokens(sql))


def _is_plain(sql: str) -> bool:
    """One query and nothing else: no comment, no semicolon but a last one."""
    tokens = _tokens(sql)
    if not tokens or tokens[0][0] not in ("SELECT", "WITH"):
        return False
    if "--" not in sql and "/*" not in sql:
        return True
    from sqlglot import tokenize

    return not any(token.comments for token in tokenize(sql, read="sqlite"))


def _place(example: Example) -> object:
    if example.database is None:
        raise BadInput(f"example '{example.id}' has no database to run on")
    return example.database.suite_digest, example.database.url
