"""Several candidates a question: pass@k, and the answer that a vote over results would choose.

Two votes: `majority` groups candidates by their sets of rows and takes the largest group (OmniSQL's
evaluate_bird.py); `soft` takes the candidate whose result is most similar to all others (the idea
of Snowflake's "Query and Conquer", arXiv 2503.24364). Failing candidates never vote, and ties go to
the first. Empty results agree with each other for no reason, so they lend no support: one is chosen
only where no candidate has rows. Profile `official` lets them vote in `majority`, as OmniSQL does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from math import comb
from typing import TYPE_CHECKING

from t2s_bench.types import (
    Budget,
    Database,
    Example,
    Execution,
    Outcome,
    Prediction,
    Score,
    Status,
)

if TYPE_CHECKING:
    from t2s_bench.benchmarks.benchmark import Benchmark
    from t2s_bench.execution.session import Session
    from t2s_bench.scoring import Scorer

_VOTE = "t2s_bench.metrics.candidates:vote"
# Rows of all candidates of one question together, in bytes as budgets count them; a candidate with
# more than its part does not vote.
VOTE_BYTES = 200_000_000
# A candidate that was not the answer may take this many steps, seconds where an answer has minutes:
# one endless join among some thousand candidates must not hold up a run. Where the gold itself
# takes more than a tenth of that, candidates have the whole budget.
CANDIDATE_STEPS = 100_000_000
_DEAR = CANDIDATE_STEPS // 10
# What is known to fail need not run once more to fail in the vote.
_FAILED = frozenset((Outcome.NO_SQL, Outcome.PRED_ERROR, Outcome.PRED_TIMEOUT, Outcome.REFUSED))


def pass_at_k(candidates: int, correct: int, k: int) -> float:
    """The chance that k of the candidates, drawn without replacement, hold a right one.

    Unbiased; with k candidates or fewer it is whether any is right. Source: M. Chen et al., arXiv
    2107.03374.

    >>> pass_at_k(4, 1, 2), pass_at_k(4, 0, 2), pass_at_k(2, 1, 8)
    (0.5, 0.0, 1.0)
    """
    k = min(k, candidates)
    return 1 - comb(candidates - correct, k) / comb(candidates, k) if correct else 0.0


def any_of_first(correct: Sequence[bool], k: int) -> bool:
    """Whether one of the first k is right.

    >>> any_of_first([False, True], 1), any_of_first([False, True], 2)
    (False, True)
    """
    return any(correct[:k])


def majority(executions: Sequence[Execution], *, empty_votes: bool = False) -> int | None:
    """The first candidate of the largest group with equal sets of rows; None where all failed.

    >>> from t2s_bench.types import Execution, Status
    >>> one, two = (Execution(Status.OK, rows=[(value,)]) for value in (1, 2))
    >>> majority([one, two, two]), majority([one, two])
    (1, 0)
    """
    groups: dict[frozenset[object], list[int]] = {}
    for place, execution in enumerate(executions):
        if execution.ok:
            groups.setdefault(frozenset(execution.rows), []).append(place)
    if not groups:
        return None
    largest = max(groups, key=lambda rows: (bool(rows) or empty_votes, len(groups[rows])))
    return groups[largest][0]


def soft(executions: Sequence[Execution]) -> int | None:
    """The first candidate with the largest sum of similarities to all; None where all failed."""
    columns = {
        place: [Counter(column) for column in zip(*execution.rows, strict=True)]
        for place, execution in enumerate(executions)
        if execution.ok
    }
    if not columns:
        return None
    sums = {
        place: sum(similarity(mine, other) for other in columns.values())
        for place, mine in columns.items()
    }
    # Sums that are equal but for the last digits are ties.
    return max(sums, key=lambda place: round(sums[place], 9))


def similarity(first: Sequence[Counter[object]], second: Sequence[Counter[object]]) -> float:
    """Soft agreement of two results, given as the counts of values in each column.

    Twice the cells that agree within columns of the same place, by all cells of both: 1 for equal
    columns, 0 for an empty result with anything. Row order and names of columns do not count.

    >>> similarity([Counter([1, 2])], [Counter([2, 3])]), similarity([], [])
    (0.5, 0.0)
    """
    cells = sum(counts.total() for counts in (*first, *second))
    if not cells:
        return 0.0
    agreeing = sum(
        sum(min(count, theirs[value]) for value, count in mine.items())
        for mine, theirs in zip(first, second, strict=False)
    )
    return 2 * agreeing / cells


@dataclass(frozen=True)
class VoteTask:
    """The candidates of one question, empty where one fails, and after how many of them to vote."""

    sqls: tuple[str, ...]
    database: Database
    ks: tuple[int, ...]
    budget: Budget
    empty_votes: bool


@dataclass(frozen=True)
class Votes:
    """The chosen candidate's place for each k of the task; None where none could be chosen."""

    majority: tuple[int | None, ...]
    soft: tuple[int | None, ...]


def vote(session: Session, task: VoteTask) -> Votes:
    """Runs the candidates, each text once, and votes; called in a worker."""
    budget = replace(task.budget, bytes=min(task.budget.bytes, VOTE_BYTES // len(task.sqls)))
    path = task.database.url or task.database.path
    known = {
        sql: session.execute(path, sql, budget) for sql in dict.fromkeys(task.sqls) if sql.strip()
    }
    nothing = Execution(Status.ERROR, error="no SQL")
    executions = [known.get(sql, nothing) for sql in task.sqls]
    session.watch(task.budget.seconds, "compare")
    return Votes(
        tuple(majority(executions[:k], empty_votes=task.empty_votes) for k in task.ks),
        tuple(soft(executions[:k]) for k in task.ks),
    )


@dataclass(frozen=True)
class CandidateScores:
    """Means over questions, as fractions, for one k; a question with fewer than k uses all it has.

    `pass_at_k` is the unbiased estimate, `any_of_first` looks at the first k as they come, and
    `majority` and `soft` are whether the answer chosen among the first k is right.
    """

    k: int
    questions: int
    pass_at_k: float
    any_of_first: float
    majority: float
    soft: float


def doubling(most: int) -> tuple[int, ...]:
    """1, 2, 4, … up to `most`.

    >>> doubling(9)
    (1, 2, 4, 8)
    """
    return tuple(2**power for power in range(max(1, most).bit_length()))


def judge_candidates(
    benchmark: Benchmark,
    predictions: Mapping[str, Prediction],
    scorer: Scorer,
    scores: Mapping[str, Score],
    gold_steps: Mapping[str, int],
    ks: Sequence[int] | None = None,
) -> list[CandidateScores]:
    """Scores all candidates by the scorer's first metric and votes over their results.

    Each k of `ks` gives one entry; by default they double up to the most candidates of a question.
    Candidates keep the order in which the system gave them, and a prediction without any counts
    with its SQL alone. The answers themselves keep the verdicts of `scores`; the other distinct
    candidates may take CANDIDATE_STEPS each, unless `gold_steps` says that the gold is a dear one
    (both by question), and those that end run once more to vote. Where a vote had to be ended from
    outside, its question counts as wrong.
    """
    asked = [example for example in benchmark.examples if example.id in predictions]
    listed = [_sqls(predictions[example.id]) for example in asked]
    if ks is None:
        ks = doubling(max(map(len, listed), default=1))
    if not asked:
        return []
    databases = [benchmark.databases[example.question.database] for example in asked]
    known = {
        (place, predictions[example.id].sql): scores[example.id].outcome
        for place, example in enumerate(asked)
    }
    dear = {n for n, example in enumerate(asked) if gold_steps.get(example.id, 0) > _DEAR}
    outcomes = _outcomes(asked, databases, listed, scorer, known, dear)
    right = [[outcome is Outcome.MATCH for outcome in found] for found in outcomes]
    tasks = [
        VoteTask(
            tuple(
                "" if outcome in _FAILED else sql for sql, outcome in zip(sqls, found, strict=True)
            ),
            database,
            tuple(ks),
            scorer.budget,
            scorer.profile == "official",
        )
        for sqls, found, database in zip(listed, outcomes, databases, strict=True)
    ]
    voted: dict[int, Votes] = {}
    for place, found in scorer.map(_VOTE, tasks):
        if isinstance(found, Votes):
            voted[place] = found
    nobody = Votes((None,) * len(ks), (None,) * len(ks))
    means = []
    for number, k in enumerate(ks):
        chosen = [voted.get(place, nobody) for place in range(len(asked))]
        means.append(
            CandidateScores(
                k,
                len(asked),
                _mean([pass_at_k(len(verdicts), sum(verdicts), k) for verdicts in right]),
                _mean([any_of_first(verdicts, k) for verdicts in right]),
                _mean(list(map(_is_right, right, (votes.majority[number] for votes in chosen)))),
                _mean(list(map(_is_right, right, (votes.soft[number] for votes in chosen)))),
            )
        )
    return means


def _sqls(prediction: Prediction) -> tuple[str, ...]:
    return tuple(candidate.sql for candidate in prediction.candidates) or (prediction.sql,)


def _outcomes(
    examples: Sequence[Example],
    databases: Sequence[Database],
    listed: Sequence[Sequence[str]],
    scorer: Scorer,
    known: dict[tuple[int, str], Outcome],
    dear: Set[int],
) -> list[list[Outcome]]:
    """What each candidate of each question comes to; adds to `known`, by place and SQL."""
    places = [
        (place, sql)
        for place, sqls in enumerate(listed)
        for sql in dict.fromkeys(sqls)
        if (place, sql) not in known
    ]
    few = replace(scorer.budget, steps=min(scorer.budget.steps, CANDIDATE_STEPS))
    for budget, chosen in (
        (few, [one for one in places if one[0] not in dear]),
        (scorer.budget, [one for one in places if one[0] in dear]),
    ):
        items = [(examples[place], databases[place], sql) for place, sql in chosen]
        for number, judgement in scorer.judge_all(items, budget=budget):
            known[chosen[number]] = judgement.score.outcome
    return [[known[place, sql] for sql in sqls] for place, sqls in enumerate(listed)]


def _is_right(verdicts: Sequence[bool], chosen: int | None) -> bool:
    return chosen is not None and verdicts[chosen]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
