"""How tables hang together without ON: by keys, by a chain of keys, by names, else not at all."""

from __future__ import annotations

from itertools import pairwise

from systems.advanced.codec.pointer.joins import connect, equalities, foreign_keys
from systems.advanced.codec.pointer.statement import Source
from tests.systems.advanced.codec.pointer.graphs import SCHOOL

from t2s_bench.databases.schema import Column, ForeignKey, Schema, Table

STUDENT, COURSE, ENROLMENT, ORDER = range(4)
KEYS = foreign_keys(SCHOOL)


def test_tables_are_joined_by_their_foreign_key_in_either_order() -> None:
    for first, second in ((STUDENT, ENROLMENT), (ENROLMENT, STUDENT)):
        _, joined = connect([Source(first), Source(second)], KEYS)
        assert joined.instance == (second, 0)
        (edge,) = joined.edges
        assert edge[0][0] == second  # its own column first
        assert set(edge) == {(STUDENT, 0, 0), (ENROLMENT, 0, 0)}


def test_tables_apart_are_joined_over_the_one_between() -> None:
    plan = connect([Source(STUDENT), Source(COURSE)], KEYS)
    assert [joined.instance[0] for joined in plan] == [STUDENT, ENROLMENT, COURSE]


def test_tables_far_apart_are_joined_over_up_to_four_between() -> None:
    names = "abcdefg"
    row = Schema(
        tuple(Table(name, (Column("id"), Column("next"))) for name in names),
        tuple(ForeignKey(a, ("next",), b, ("id",)) for a, b in pairwise(names)),
    )
    keys = foreign_keys(row)
    plan = connect([Source(0), Source(5)], keys)
    assert [joined.instance[0] for joined in plan] == [0, 1, 2, 3, 4, 5]
    assert all(joined.edges for joined in plan[1:])
    assert connect([Source(0), Source(6)], keys)[1].edges == (((6, 0, 0), (0, 0, 0)),)  # namesakes


def test_tables_without_a_key_are_joined_by_columns_of_one_name() -> None:
    _, joined = connect([Source(ENROLMENT), Source(ORDER)], KEYS)
    assert joined.edges == (((ORDER, 0, 2), (ENROLMENT, 0, 0)),)


def test_a_table_that_is_crossed_is_not_joined() -> None:
    _, joined = connect([Source(STUDENT), Source(ENROLMENT, kind="CROSS")], KEYS)
    assert joined.edges == ()


def test_a_left_join_keeps_the_order_and_adds_no_table() -> None:
    plan = connect([Source(COURSE), Source(STUDENT, kind="LEFT"), Source(ENROLMENT)], KEYS)
    assert [joined.instance[0] for joined in plan] == [COURSE, STUDENT, ENROLMENT]
    assert [joined.kind for joined in plan] == ["", "LEFT", ""]


def test_the_same_joins_in_other_words_make_the_same_columns_equal() -> None:
    a, b, c = ((table, 0, 0) for table in range(3))
    assert equalities([(a, b), (b, c)]) == equalities([(c, a), (b, a)])
    assert equalities([(a, b)]) != equalities([(a, c)])
