"""Spelling, statistics, values and plain voting, each on its own."""

from __future__ import annotations

from math import log

import pytest
from systems.advanced.codec.codec import Partial
from systems.advanced.policy.actions import priors
from systems.advanced.policy.canonical import canonical
from systems.advanced.policy.tree import Tree
from systems.advanced.policy.value import (
    ALL_NULL,
    BEGINNING_FAILS,
    EMPTY,
    MISSING_LITERAL,
    Agreement,
    Weights,
    execution_score,
    missing_literals,
)
from systems.advanced.policy.voting import sample_and_vote
from systems.advanced.schema_graph.graph import Item, Kind
from systems.advanced.task import Evidence
from tests.systems.advanced.policy.known_tree import (
    Choice,
    KnownProber,
    KnownSession,
    deep,
    task,
)

from t2s_bench.errors import BadInput


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT  a\nFROM t ;", "select A from T"),
        ("SELECT a FROM t WHERE x != 1", "SELECT a FROM t WHERE x <> 1"),
        ("SELECT a AS n FROM t ORDER BY a ASC", "SELECT a n FROM t ORDER BY a"),
        ("SELECT a FROM t INNER JOIN u ON t.i = u.i", "SELECT a FROM t JOIN u ON t.i=u.i"),
        ("SELECT a FROM t WHERE x=1 AND y=2 LIMIT 1", "SELECT a FROM t WHERE y=2 AND x=1 LIMIT 1"),
        (
            "SELECT a FROM t WHERE y IN (SELECT b FROM u WHERE p=1 AND o=2) AND x=1",
            "SELECT a FROM t WHERE x=1 AND y IN (SELECT b FROM u WHERE o=2 AND p=1)",
        ),
    ],
)
def test_one_spelling_for_one_statement(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t WHERE x = 'A'", "SELECT a FROM t WHERE x = 'a'"),
        ("SELECT a FROM t WHERE x = 'a  b'", "SELECT a FROM t WHERE x = 'a b'"),
        ("SELECT a FROM t ORDER BY a DESC", "SELECT a FROM t ORDER BY a ASC"),
        ("SELECT a FROM t WHERE x=1 OR y=2 AND z=3", "SELECT a FROM t WHERE z=3 AND x=1 OR y=2"),
        ("SELECT a FROM t WHERE x BETWEEN 1 AND 2", "SELECT a FROM t WHERE x BETWEEN 2 AND 1"),
        ("SELECT a FROM t LEFT JOIN u ON 1", "SELECT a FROM t JOIN u ON 1"),
        ("SELECT a, b FROM t", "SELECT b, a FROM t"),
        ("SELECT 'it''s'", "SELECT 'it' 's'"),
        ("SELECT 1.5", "SELECT 15"),
    ],
)
def test_different_statements_stay_apart(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_priors_are_the_tempered_policy_among_the_children() -> None:
    parent = Partial((1,), "", -2.0)
    children = [Partial((1, 2), "", -2.5), Partial((1, 3), "", -4.0)]
    sharp, flat = priors(parent, children, 0.5), priors(parent, children, 2.0)
    assert sum(sharp) == pytest.approx(sum(flat)) == pytest.approx(1)
    assert sharp[0] / sharp[1] == pytest.approx(2.718281828**3)
    assert flat[0] / flat[1] == pytest.approx(2.718281828**0.75)
    assert priors(parent, [], 1.0) == []


def test_virtual_loss_turns_the_next_selection_away_and_leaves_no_trace() -> None:
    tree = Tree()
    tree.expand(tree.root, [Partial((n,), "", -1.0 - n / 10) for n in range(3)], 1.0)
    free = [tree.select(1.0).leaf.partial.tokens for _ in range(3)]
    assert free == [(0,)] * 3
    held = []
    for _ in range(3):
        path = tree.select(1.0)
        path.hold()
        held.append(path)
    assert {path.leaf.partial.tokens for path in held} == {(0,), (1,), (2,)}
    for path in held:
        path.release()
    assert tree.select(1.0).leaf.partial.tokens == (0,)


def test_a_node_that_disappoints_is_left() -> None:
    tree = Tree()
    tree.expand(tree.root, [Partial((0,), "", -0.7), Partial((1,), "", -0.8)], 1.0)
    for edge in tree.root.edges or ():
        edge.node.head = 0.5
    tree.refresh(lambda node: node.head or 0.0)
    path = tree.select(1.0)
    assert path.leaf.partial.tokens == (0,)
    path.back_up(0.0)
    path.leaf.head = 0.0
    tree.refresh(lambda node: node.head or 0.0)
    assert tree.select(1.0).leaf.partial.tokens == (1,)


def test_what_is_left_of_a_node_is_what_no_written_statement_accounts_for() -> None:
    tree = Tree()
    tree.expand(tree.root, [Partial((n,), "", log(share)) for n, share in enumerate((0.6, 0.4))], 1)
    one, other = (edge.node for edge in tree.root.edges or ())
    tree.add_rollout(Partial((0, 0), "SELECT 1", log(0.45), True))
    tree.add_rollout(Partial((0, 1), "SELECT 2", log(0.15), True))
    tree.add_rollout(Partial((1, 0), "SELECT 3", log(0.1), True))
    tree.refresh(lambda node: 0.5)
    assert one.left == pytest.approx(0.0, abs=1e-6)
    assert other.left == pytest.approx(0.75)
    assert tree.unaccounted(other) == pytest.approx(log(0.3))
    assert tree.unaccounted(one) < -15
    # Both look alike and one is likelier, but nothing is left to find there.
    assert tree.select(1.0).leaf is other


def test_a_rollout_stays_within_reach_where_no_child_leads_to_it() -> None:
    tree = Tree()
    rollout = tree.add_rollout(Partial((5, 1), "SELECT 1", -3.0, True))
    tree.expand(tree.root, [Partial((0,), "", -0.1)], 1.0)
    assert rollout in [edge.node for edge in tree.root.edges or ()]
    on_the_way = Tree()
    on_the_way.add_rollout(Partial((5, 1), "SELECT 1", -3.0, True))
    on_the_way.expand(on_the_way.root, [Partial((5,), "", -0.1)], 1.0)
    edges = on_the_way.root.edges or []
    assert [edge.node.partial.tokens for edge in edges] == [(5,)]


def test_equal_statements_of_two_paths_are_one_node() -> None:
    tree = Tree()
    one = tree.node(Partial((0, 1), "SELECT a FROM t", -2.0, True))
    assert tree.node(Partial((1, 1), "select a from t", -1.0, True)) is one
    assert one.partial.logprob == -1.0
    two = [
        Partial((0,), "SELECT a FROM t", -1.0, True),
        Partial((1,), "SELECT A FROM t", -1.0, True),
    ]
    tree.expand(tree.root, two, 1.0)
    assert [edge.prior for edge in tree.root.edges or ()] == [pytest.approx(1.0)]


def test_execution_tells_a_full_result_from_an_empty_and_a_failed_one() -> None:
    none, full = task(), Evidence("SELECT 1", "r", 1, 1)
    assert execution_score(none, full, True) == 1
    assert execution_score(none, Evidence("SELECT 1", "e", 0, 1), True) == EMPTY
    assert execution_score(none, Evidence("SELECT 1", "n", 2, 1, all_null=True), True) == ALL_NULL
    assert execution_score(none, Evidence("SELECT x", None), True) == 0
    assert execution_score(none, Evidence("SELECT x", None), False) == BEGINNING_FAILS
    assert execution_score(none, Evidence("", None), False) is None


def test_a_literal_that_no_cell_has_speaks_against_a_statement() -> None:
    items = [
        Item(Kind.VALUE, "'France'", ("france",), sources=((0, 1),)),
        Item(Kind.VALUE, "'Nowhere'", ("nowhere",)),
        Item(Kind.VALUE, "150", ("150",)),
    ]
    asked = task(items)
    assert missing_literals(asked, "SELECT a FROM t WHERE b = 'France' AND c > 150") == 0
    sql = "SELECT a FROM t WHERE b = 'Nowhere' OR b = 'Unknown to the graph'"
    assert missing_literals(asked, sql) == 1
    assert execution_score(asked, Evidence(sql, "r", 1, 1), True) == MISSING_LITERAL


def test_values_are_blended_with_the_stated_weights() -> None:
    weights = Weights(0.6, 0.3, 0.1)
    assert weights.fixed(0.5, 1.0) == pytest.approx(0.6)
    assert weights.fixed(0.5, 0.0) == pytest.approx(0.3)
    assert weights.fixed(0.5, None) == pytest.approx(0.45)


def test_agreement_is_the_share_of_probability_that_a_result_has() -> None:
    agreement, one = Agreement(), Evidence("a", "r", 1, 1)
    agreement.add(one, -1_000.0)
    assert agreement.share(one) == 1
    agreement.add(Evidence("b", "other", 1, 1), -1_000.0)
    assert agreement.share(one) == pytest.approx(1 / 2)
    agreement.add(Evidence("c", "r", 1, 1), -1_000.0)
    assert agreement.share(one) == pytest.approx(2 / 3)
    agreement.add(Evidence("d", None), 0.0)
    assert agreement.share(one) == pytest.approx(2 / 3)
    assert agreement.share(Evidence("d", None)) == 0
    assert agreement.possible_share(-1_000.0) == pytest.approx(1 / 3)
    assert agreement.possible_share(-2.0) == 1
    assert Agreement().share(one) == 0


def test_plain_voting_counts_repeats_and_repeats_itself() -> None:
    root = Choice(
        choices=(
            Choice(0.5, (), 0.0, "SELECT 1", "one"),
            Choice(0.3, (), 0.9, "SELECT 2", "two"),
            Choice(0.2, (), 0.0, "SELECT 1 + 0", "one"),
        )
    )
    votes = [sample_and_vote(KnownSession(root), KnownProber(root), 40, seed=2) for _ in range(2)]
    assert votes[0] == votes[1]
    assert sum(one.visits for one in votes[0].candidates) == votes[0].draws == 40
    assert votes[0].answer is not None and votes[0].answer.sql == "SELECT 1"
    assert [one.visits for one in votes[0].candidates][0] > 10
    assert votes[0].spent.extend_calls == 40 and votes[0].spent.value_calls == 0


def test_voting_stops_at_its_tokens() -> None:
    root = deep((1, 1, 1))
    vote = sample_and_vote(KnownSession(root), KnownProber(root), 100, tokens=30)
    assert vote.draws == 10 and vote.spent.completion_tokens == 30


def test_an_impossible_vote_is_refused() -> None:
    root = deep((1,))
    with pytest.raises(BadInput, match="at least 1 sample"):
        sample_and_vote(KnownSession(root), KnownProber(root), 0)
