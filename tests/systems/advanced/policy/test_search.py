"""The search finds what greedy misses, is never worse by its own value, and repeats itself."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from systems.advanced.codec.codec import Constraint, Partial
from systems.advanced.evidence import Prober
from systems.advanced.policy.canonical import canonical
from systems.advanced.policy.search import SearchResult, greedy, search
from systems.advanced.policy.settings import SearchSettings
from systems.advanced.policy.value import Weights
from systems.advanced.policy.voting import sample_and_vote
from tests.systems.advanced.policy.known_tree import (
    Choice,
    KnownProber,
    KnownSession,
    deep,
    ends,
    task,
)

from systems.advanced.policy import search as module
from t2s_bench.errors import BadInput

BEST = (1, 1, 1)
BEST_SQL = "SELECT 111 FROM t"


def run(root: Choice, seed: int = 0, **options: object) -> SearchResult:
    chosen = replace(SearchSettings(), **options)  # type: ignore[arg-type]
    return search(KnownSession(root), KnownProber(root), chosen, seed)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> Choice:
    def grow(level: int, share: float) -> Choice:
        value = draw(st.floats(0, 1))
        if level == 0 or (level < depth and draw(st.integers(0, 4)) == 0):
            sql = f"SELECT {draw(st.integers(0, 12))} FROM t"
            return Choice(share, (), value, sql, sql)
        odds = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
        ways = tuple(grow(level - 1, one / sum(odds)) for one in odds)
        return Choice(share, ways, value)

    root = grow(depth, 1.0)
    # One SQL has one result and one value, wherever it ends; some do not run.
    results: dict[str, tuple[float, str | None]] = {}

    def settle(one: Choice) -> Choice:
        if one.choices:
            return replace(one, choices=tuple(settle(way) for way in one.choices))
        if one.sql not in results:
            kind = draw(st.sampled_from(["a", "b", "c", "d", None]))
            results[one.sql] = one.value, kind
        value, result = results[one.sql]
        return replace(one, value=value, result=result)

    return settle(root)


def test_it_finds_the_best_end_that_greedy_misses_and_sampling_seldom_draws() -> None:
    root = deep(BEST)
    session = KnownSession(root)
    first = greedy(session)
    assert first is not None and first.sql == "SELECT 000 FROM t"
    drawn = 0
    for seed in range(20):
        found = run(root, seed)
        assert found.answer is not None and found.answer.sql == BEST_SQL
        session = KnownSession(root)
        vote = sample_and_vote(
            session,
            KnownProber(root),
            1_000,
            seed=seed,
            tokens=found.spent.completion_tokens,
        )
        assert vote.spent.completion_tokens >= found.spent.completion_tokens
        assert vote.answer is not None and vote.answer.sql != BEST_SQL
        drawn += any(one.sql == BEST_SQL for one in vote.candidates)
    assert drawn < 15


def test_a_value_head_that_knows_beginnings_finds_a_deeper_end() -> None:
    def knowing(choice: Choice) -> Choice:
        ways = tuple(knowing(way) for way in choice.choices)
        value = max(way.value for way in ways) if ways else choice.value
        return replace(choice, choices=ways, value=value)

    root = deep((2, 1, 1, 1))
    found = run(knowing(root))
    assert found.answer is not None and found.answer.sql == "SELECT 2111 FROM t"
    blind = run(root)
    assert blind.answer is not None and blind.answer.sql != "SELECT 2111 FROM t"


@settings(max_examples=60, deadline=None)
@given(root=trees(), beam=st.integers(1, 20))
def test_every_statement_of_the_beam_is_a_candidate(root: Choice, beam: int) -> None:
    found = run(root, beam=beam)
    (whole,) = KnownSession(root).extend([Partial()], beam, temperature=0.0, to_end=True)
    known = {canonical(one.sql) for one in found.candidates}
    assert {canonical(one.sql) for one in whole if one.finished} <= known


@pytest.mark.parametrize("best", [(1, 1, 1), (2, 1, 1, 1), (2, 2, 2, 2), (1, 1, 1, 1, 1)])
@pytest.mark.parametrize("shares", [(0.6, 0.3, 0.1), (0.9, 0.07, 0.03), (0.34, 0.33, 0.33)])
def test_at_equal_tokens_it_has_more_candidates_than_sampling(
    best: tuple[int, ...], shares: tuple[float, ...]
) -> None:
    root = deep(best, shares)
    for seed in range(5):
        found = run(root, seed)
        vote = sample_and_vote(
            KnownSession(root),
            KnownProber(root),
            1_000,
            seed=seed,
            tokens=found.spent.completion_tokens,
        )
        assert len(found.candidates) > len(vote.candidates)


def test_it_adds_statements_beyond_the_beam() -> None:
    for best in ((1, 1, 1, 1), (2, 2, 2, 2)):
        assert (
            len(run(deep(best)).candidates)
            > 30
            > 16
            == len(run(deep(best), simulations=17).candidates)
        )


@settings(max_examples=60, deadline=None)
@given(root=trees(), seed=st.integers(0, 9), simulations=st.integers(1, 60))
def test_it_is_never_below_greedy_by_its_own_value(
    root: Choice, seed: int, simulations: int
) -> None:
    found = run(root, seed, simulations=simulations)
    first = greedy(KnownSession(root))
    assert first is not None and found.answer is not None and found.greedy is not None
    assert found.greedy.sql == first.sql
    assert found.greedy in found.candidates
    assert found.answer is found.candidates[0]
    assert found.answer.value >= found.greedy.value
    assert found.simulations <= simulations
    assert len({one.sql for one in found.candidates}) == len(found.candidates)
    assert sum(one.visits for one in found.candidates) <= found.simulations
    if found.greedy.evidence.runs:
        assert found.answer.evidence.runs


@settings(max_examples=60, deadline=None)
@given(root=trees(), seed=st.integers(0, 9), simulations=st.integers(8, 80))
def test_stopping_early_gives_the_answer_of_the_full_budget(
    root: Choice, seed: int, simulations: int
) -> None:
    early = run(root, seed, simulations=simulations)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module._Search, "_decided", lambda self: False)
        full = run(root, seed, simulations=simulations)
    assert full.simulations == simulations and not full.stopped_early
    assert early.stopped_early == (early.simulations < simulations)
    assert early.answer is not None and full.answer is not None
    assert early.answer.sql == full.answer.sql


def test_a_sure_policy_is_stopped_early_and_costs_fewer_calls() -> None:
    root = Choice(
        choices=(
            Choice(0.97, (Choice(1.0, (), 0.9, "SELECT 1", "a"),), 0.9),
            Choice(0.03, (Choice(1.0, (), 0.1, "SELECT 2", "b"),), 0.1),
        )
    )
    found = run(root)
    assert found.answer is not None and found.answer.sql == "SELECT 1"
    assert found.stopped_early and found.simulations < 40


def test_an_exhausted_tree_costs_no_more_calls_however_large_the_budget() -> None:
    root = deep((1,))
    small, large = run(root, simulations=30), run(root, simulations=300)
    assert large.spent.extend_calls == small.spent.extend_calls == 3
    assert large.spent.completion_tokens == small.spent.completion_tokens


@settings(max_examples=60, deadline=None)
@given(root=trees(), seed=st.integers(0, 9), worth=st.floats(0, 0.99))
def test_a_search_that_must_be_worth_it_does_less_and_keeps_its_beam(
    root: Choice, seed: int, worth: float
) -> None:
    found, full = run(root, seed, worth=worth), run(root, seed)
    assert found.simulations <= full.simulations
    assert found.spent.completion_tokens <= full.spent.completion_tokens
    (beam,) = KnownSession(root).extend([Partial()], 16, temperature=0.0, to_end=True)
    known = {canonical(one.sql) for one in found.candidates}
    assert {canonical(one.sql) for one in beam if one.finished} <= known
    assert found.answer is not None and found.greedy is not None
    assert found.answer.value >= found.greedy.value


def test_the_share_that_a_batch_must_find_decides_how_far_a_search_goes() -> None:
    root = deep((1, 1, 1, 1, 1))
    rows = [run(root, simulations=200, worth=worth).spent.rows for worth in (0.9, 0.3, 0.0)]
    assert rows[0] < rows[1] < rows[2]


@pytest.mark.parametrize("shares", [(0.6, 0.3, 0.1), (0.9, 0.07, 0.03), (0.34, 0.33, 0.33)])
def test_fifty_simulations_take_few_calls_of_the_model(shares: tuple[float, ...]) -> None:
    session = KnownSession(deep((2, 2, 2, 2, 2), shares))
    found = search(session, KnownProber(session.root), seed=1)
    assert found.simulations > 25
    assert found.spent.extend_calls == len(session.batches) <= 12
    assert found.spent.value_calls <= 12
    assert max(map(len, session.batches)) <= 8


def test_virtual_loss_spreads_a_batch_over_different_leaves() -> None:
    session = KnownSession(deep((2, 2, 2, 2)))
    search(session, KnownProber(session.root))
    for batch in session.batches:
        assert len({partial.tokens for partial in batch}) == len(batch)
    widest = max(session.batches, key=len)
    assert len({partial.tokens[:2] for partial in widest}) > 2


def test_leaves_that_wait_together_make_fewer_calls_than_one_at_a_time() -> None:
    root = deep((2, 2, 2, 2))
    together, alone = run(root), run(root, leaves=1)
    assert together.spent.extend_calls <= alone.spent.extend_calls / 2


def test_a_single_continuation_is_passed_in_the_same_simulation() -> None:
    end = Choice(1.0, (), 0.9, "SELECT 1", "a")
    root = Choice(choices=(Choice(0.5, (end,)), Choice(0.5, (replace(end, sql="SELECT 2"),))))
    found = run(root, simulations=7)
    assert {one.sql for one in found.candidates} == {"SELECT 1", "SELECT 2"}
    assert found.spent.extend_calls == 3  # greedy, a beam that holds all there is, the root


def test_two_ways_to_one_statement_are_one_candidate() -> None:
    ways = (
        Choice(0.4, (Choice(1.0, (), 0.8, "SELECT a FROM t WHERE x = 1 AND y != 2", "r"),)),
        Choice(0.35, (Choice(1.0, (), 0.8, "select a from t where y <> 2 and x = 1", "r"),)),
        Choice(0.25, (Choice(1.0, (), 0.2, "SELECT b FROM t", "s"),)),
    )
    found = run(Choice(choices=ways))
    assert len(found.candidates) == 2
    assert found.candidates[0].sql == "SELECT a FROM t WHERE x = 1 AND y != 2"
    assert found.candidates[0].evidence.runs


def test_a_statement_that_does_not_run_is_answered_only_where_none_does() -> None:
    broken = Choice(0.9, (), 0.99, "SELECT x", None)
    found = run(Choice(choices=(broken, Choice(0.1, (), 0.01, "SELECT 1", "a"))))
    assert found.answer is not None and found.answer.sql == "SELECT 1"
    alone = run(Choice(choices=(broken,)))
    assert alone.answer is not None and alone.answer.sql == "SELECT x"
    assert alone.answer.value == 0


def test_agreeing_candidates_win_over_a_lone_one_of_like_value() -> None:
    agreeing = [Choice(0.2, (), 0.5, f"SELECT {n}", "same") for n in range(3)]
    lone = Choice(0.4, (), 0.5, "SELECT 9", "other")
    found = run(Choice(choices=(lone, *agreeing)))
    assert found.greedy is not None and found.greedy.sql == "SELECT 9"
    assert found.answer is not None and found.answer.evidence.result == "same"


def test_more_exploration_visits_more_of_the_tree() -> None:
    root = deep(BEST)
    narrow, wide = run(root, exploration=0.0), run(root, exploration=5.0)
    assert len(narrow.candidates) < len(wide.candidates)


def test_temperature_flattens_the_priors() -> None:
    def least(found: SearchResult) -> float:
        nodes = found.trace["nodes"]
        assert isinstance(nodes, list)
        return min(float(node["prior"]) for node in nodes if node["parent"] == 0)

    cold, hot = run(deep(BEST), temperature=0.3), run(deep(BEST), temperature=3.0)
    assert least(cold) < 0.02 < 0.2 < least(hot)
    visited = [len(found.candidates) for found in (cold, hot)]
    assert visited[0] < visited[1]


def test_more_simulations_find_what_fewer_miss() -> None:
    few, many = run(deep(BEST), simulations=6), run(deep(BEST), simulations=50)
    assert few.answer is not None and few.answer.sql != BEST_SQL
    assert many.answer is not None and many.answer.sql == BEST_SQL


def test_one_simulation_is_greedy() -> None:
    found = run(deep(BEST), simulations=1)
    assert [one.sql for one in found.candidates] == ["SELECT 000 FROM t"]
    assert found.spent.extend_calls == 1


class Sampler(KnownSession):
    """A policy without a beam: a server."""

    def _beam(self, start: Partial, n: int, to_end: bool) -> list[Partial]:
        return super()._beam(start, 1, to_end)


def test_where_a_policy_has_no_beam_samples_of_the_seed_take_its_place() -> None:
    root = deep((2, 2, 2))
    drawn = {
        tuple(c.sql for c in search(Sampler(root), KnownProber(root), seed=seed).candidates)
        for seed in range(3)
    }
    assert len(drawn) == 3
    assert min(map(len, drawn)) > 5


def test_a_policy_without_a_statement_gives_no_answer() -> None:
    class Silent(KnownSession):
        def _next(self, partial: object) -> list[object]:  # type: ignore[override]
            return []

    session = Silent(deep(BEST))
    found = search(session, KnownProber(session.root))
    assert found.answer is None and found.candidates == () and found.greedy is None


def test_the_constraint_reaches_every_call() -> None:
    session = KnownSession(deep(BEST))
    held = Constraint(require=frozenset({"DESC"}))
    search(session, KnownProber(session.root), constraint=held)
    assert set(session.constraints) == {held}


def test_the_tree_in_the_trace_is_bounded_json() -> None:
    root = deep((1, 1, 1, 1, 1))
    found = run(root, simulations=400)
    text = json.dumps(found.trace)
    nodes = found.trace["nodes"]
    assert isinstance(nodes, list) and len(nodes) == 100
    assert found.trace["omitted"] > 0  # type: ignore[operator]
    assert len(text) < 100_000
    assert all(-1 <= node["parent"] < place for place, node in enumerate(nodes))
    assert nodes[0]["visits"] == found.simulations
    answers = [node for node in nodes if node.get("candidate") == 0]
    assert answers and found.answer is not None and answers[0]["sql"] == found.answer.sql


def test_a_long_statement_is_cut_in_the_trace() -> None:
    sql = "SELECT '" + "x" * 5_000 + "'"
    found = run(Choice(choices=(Choice(1.0, (), 0.5, sql, "a"),)))
    assert len(json.dumps(found.trace)) < 2_000
    assert found.answer is not None and found.answer.sql == sql


def test_the_same_seed_gives_the_same_bytes_under_any_hash_seed() -> None:
    script = (
        "import json\n"
        "from tests.systems.advanced.policy.known_tree import *\n"
        "from systems.advanced.policy.search import search\n"
        "root = deep((1, 2, 1, 0))\n"
        "found = search(KnownSession(root), KnownProber(root), seed=3)\n"
        "rows = [(c.sql, c.visits, c.value, c.logprob) for c in found.candidates]\n"
        "print(json.dumps([rows, found.trace, found.simulations]))\n"
    )
    root = Path(__file__).parents[4]
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{root}:{root / 'harness'}"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(said) == 1 and len(said.pop()) > 500


def test_it_needs_no_torch() -> None:
    script = (
        "import sys, systems.advanced.policy.search\n"
        "assert not {'torch', 'sqlglot', 'pandas'} & set(sys.modules)\n"
    )
    root = Path(__file__).parents[4]
    env = {**os.environ, "PYTHONPATH": f"{root}:{root / 'harness'}"}
    subprocess.run([sys.executable, "-c", script], cwd=root, env=env, check=True)


def test_real_executions_decide(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(1, "x"), (2, "y")])
    ways = (
        Choice(0.5, (), 0.5, "SELECT c FROM t"),
        Choice(0.3, (), 0.5, "SELECT a FROM t WHERE b = 'z'"),
        Choice(
            0.2,
            (Choice(1.0, (), 0.5, "SELECT a FROM t WHERE b = 'x'"),),
            beginning="SELECT a FROM t",
        ),
    )
    session = KnownSession(Choice(choices=ways), task(path=path))
    with Prober() as prober:
        found = search(session, prober)
    assert found.answer is not None
    assert found.answer.sql == "SELECT a FROM t WHERE b = 'x'"
    assert found.answer.evidence.shown == ((1,),)
    worth = {one.sql: one.value for one in found.candidates}
    assert worth["SELECT c FROM t"] == 0 < worth["SELECT a FROM t WHERE b = 'z'"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"simulations": 0},
        {"beam": 0},
        {"rollouts": 0},
        {"children": 0},
        {"leaves": 0},
        {"exploration": -1},
        {"temperature": 0},
        {"worth": 1},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="give"):
        SearchSettings(**wrong)  # type: ignore[arg-type]


def test_weights_are_a_blend() -> None:
    with pytest.raises(BadInput, match="add up to 1"):
        Weights(0.5, 0.5, 0.5)
    root = deep(BEST)
    blind = run(root, weights=Weights(0.0, 0.9, 0.1))
    assert blind.answer is not None and blind.answer.sql != BEST_SQL
    assert len(ends(root)) == 27
